#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/carried_counters.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/acceptances.hpp"
#include "gateway/sync/alerts.hpp"
#include "gateway/sync/checksums.hpp"
#include "gateway/sync/regions.hpp"

namespace lintel::sync {

/// A reading that HQ's own validation refused.
struct Rejected {
  std::int64_t change_no = 0;
  std::string code;
  std::string message;

  friend bool operator==(const Rejected&, const Rejected&) = default;
};

/// HQ's compact id of a sensor.
struct SensorId {
  std::string public_id;
  std::int64_t hq_id = 0;

  friend bool operator==(const SensorId&, const SensorId&) = default;
};

struct SensorConfiguration {
  std::string public_id;
  std::string serial;  ///< HQ may have made the sensor beforehand, under an id of its own
  std::optional<std::string> name;
  std::optional<std::string> lifecycle;
  std::optional<std::string> model;
  std::optional<std::string> settings;  ///< a JSON object as text, checked
};

/// What HQ configures of this store.
struct Configuration {
  std::int64_t version = 0;
  std::optional<std::string> store_name;
  std::optional<std::string> timezone;
  std::optional<int> day_start_minute;
  std::optional<std::string> calendar;       ///< as in stores.calendar, checked; its zones are known here
  std::optional<std::string> opening_hours;  ///< JSON, checked; "null": nobody says when the store is open
  std::optional<std::string> updates;        ///< JSON, checked; "null": HQ does not say which version to run
  std::vector<SensorConfiguration> sensors;
  std::optional<std::vector<RegionConfiguration>> regions;  ///< absent: HQ does not speak of them
};

/// What the sync thread has learnt from one attempt and the writer is to keep.
struct Confirmation {
  std::string epoch;  ///< of the database the request was made from; another one ignores this
  UtcMs attempted_at{};

  std::string error;  ///< empty: HQ has answered with the contract; else nothing below is set but failures
  int failures = 0;   ///< attempts in a row without a confirmation

  std::int64_t watermark = 0;
  std::string history;
  bool new_history = false;  ///< HQ is not the one of before: its compact ids mean nothing any more
  std::vector<SensorId> sensors;
  std::vector<std::int64_t> unknown_sensors;  ///< local ids whose compact id HQ did not know
  std::vector<Rejected> rejected;
  std::optional<Configuration> configuration;
  std::optional<std::int64_t>
      coverage_told;             ///< HQ has taken what it was told of coverage up to this revision
  std::string coverage_refused;  ///< what it left out of that, and why; empty: nothing
  std::optional<std::int64_t> given_up_told;     ///< HQ knows what was given up to this revision
  std::optional<AcceptanceVerdict> acceptances;  ///< of the walk tests it was told
  std::optional<AlertVerdict> alerts;            ///< of the alerts it was told
  std::optional<std::string> schema;             ///< by which rules HQ judges readings, if they are new to us
  UtcMs server_time{};
  std::optional<std::vector<store::CarriedCounter>> carried;  ///< totals of the card before, as HQ was asked
  std::vector<DayVerdict> verdicts;                           ///< of the days that were compared
};

/// What the writer has to do once a confirmation is applied.
struct FollowUp {
  std::vector<Resend> resend;  ///< readings that HQ is to be sent again (store::Readings::owe_again)
  bool retry_refused = false;  ///< HQ judges by other rules now (store::Readings::owe_set_aside)
};

/// Writes a confirmation into the local database: sync_state, hq_id of sensors, set_aside, configuration,
/// days that were compared, totals to go on from (carried_counters). For the writer thread, inside its
/// transaction; may be repeated. Throws store::SqliteError.
FollowUp apply(store::Database& writer, const Confirmation& confirmation, UtcMs now);

}  // namespace lintel::sync
