#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/acceptances.hpp"
#include "gateway/sync/alerts.hpp"
#include "gateway/sync/checksums.hpp"
#include "gateway/sync/contract.hpp"
#include "gateway/sync/counters.hpp"
#include "gateway/sync/coverage.hpp"
#include "gateway/sync/given_up.hpp"
#include "gateway/sync/series.hpp"

namespace lintel::sync {

/// The largest body that is sent: below the 1 MB at which proxies begin to refuse.
inline constexpr std::size_t kBodyLimit = 900'000;

/// What a sensor is doing, as the request's `liveness` states it.
struct Liveness {
  std::int64_t sensor = 0;  ///< local id
  std::string status;
  std::optional<std::int64_t> last;
  std::optional<std::int64_t> since;

  friend bool operator==(const Liveness&, const Liveness&) = default;
};

struct Health {
  std::int64_t backlog = 0;
  std::uint64_t disk_free = 0;  ///< bytes
  std::string regions = {};     ///< JSON of RegionReader; empty: none
};

/// What one request is to carry.
struct BatchOrder {
  std::int64_t after = 0;
  std::size_t changes = 500;  ///< at most; 0 makes a request without changes
  bool live = false;          ///< the newest changes, ahead of what is owed before `after`
  std::size_t bytes = kBodyLimit;
  UtcMs now{};
  std::chrono::steady_clock::time_point instant{};  ///< the same on the clock that nobody sets
  Versions speaks = kContract;                      ///< what this gateway understands
  std::int64_t spoken = 1;                          ///< what HQ is known to understand as well
  std::int64_t config_version = 0;
  std::string_view version = {};                     ///< of the program; empty: HQ knows
  std::optional<std::string> schema = std::nullopt;  ///< by which rules HQ judges, as far as is known here
  std::vector<Liveness> liveness = {};
  OwedCoverage coverage = {};
  OwedAlerts alerts = {};
  OwedAcceptances acceptances = {};
  OwedGivenUp given_up = {};
  std::optional<Health> health = std::nullopt;
  bool compare = false;  ///< a day that is over, if nothing more is owed and there is room for it
  std::optional<std::chrono::milliseconds> counters_every =
      std::nullopt;            ///< if nothing more is owed: totals
  bool want_counters = false;  ///< ask for those of the card before
};

/// A request ready to be sent, and what is needed to understand its answer.
struct Batch {
  struct Named {
    std::int64_t sensor;  ///< local id
    std::string public_id;
  };
  std::string epoch;
  std::int64_t after = 0;
  std::int64_t to = 0;                   ///< every change of (after, to] that exists is in the body
  std::int64_t last_change = 0;          ///< the highest number given out when the batch was built
  std::size_t changes = 0;               ///< readings and journal entries in it
  std::vector<Series> series;            ///< as HQ counts those in the body: positions for `rejected`
  std::vector<Named> by_uuid;            ///< sensors the body names by public id
  std::optional<DayChecksums> compared;  ///< the day in it
  std::vector<StatedCounter> counters;   ///< the totals in it
  bool asks = false;                     ///< for totals
  std::string body;

  [[nodiscard]] bool more() const { return to < last_change; }
};

/// Turns the changes after a number into a request body (schema/SYNC.md). Reads in one short read
/// transaction on a connection of its own; memory depends on the order, not on the backlog. Used by one
/// thread. Throws store::SqliteError, also when a reading names a sensor that does not exist.
class BatchBuilder {
 public:
  explicit BatchBuilder(store::Database& reader);

  [[nodiscard]] Batch build(const BatchOrder& order);
  /// What HQ has been told of totals.
  CounterReader& counters() { return counters_; }

 private:
  struct KnownSensor {
    std::string id;  ///< as JSON: the compact id, or the public id in quotes
    std::string public_id;
    std::string declaration;  ///< as JSON, for a sensor that is declared
    bool declared = false;
    std::vector<std::size_t> series;  ///< positions in Batch::series
  };
  /// One table's changes in order of their numbers.
  struct Cursor {
    store::Statement rows;
    std::int64_t number = 0;
    void open(std::int64_t after, std::int64_t last);
    void advance();
  };

  void collect(const BatchOrder& order, Batch& batch);
  bool take_reading(Cursor& cursor, bool region, const BatchOrder& order, Batch& batch);
  bool take_journal(const BatchOrder& order, Batch& batch);
  void compare(const BatchOrder& order, Batch& batch);
  void state_counters(const BatchOrder& order, Batch& batch);
  bool fits(std::size_t cost, const BatchOrder& order, const Batch& batch) const;
  void move_of(Series& series, std::int64_t change_no);
  KnownSensor& sensor(std::int64_t id);
  void name(std::int64_t sensor);
  KnownSensor* find_sensor(std::int64_t id);  ///< null: there is none
  void declare(KnownSensor& sensor);
  Series& series_of(KnownSensor& known, std::int64_t sensor, bool region, std::string_view name,
                    Batch& batch);
  void write(const BatchOrder& order, Batch& batch);
  void write_head(const BatchOrder& order, Batch& batch);
  void write_series(const BatchOrder& order, Batch& batch);
  void write_sensors(const BatchOrder& order, Batch& batch);
  void write_liveness(const BatchOrder& order, std::string& out);
  void close();

  store::Database& reader_;
  store::Statement state_, sensor_;
  ChecksumReader checksums_;
  CounterReader counters_;
  Cursor lines_, regions_, journal_, moves_;
  std::unordered_map<std::int64_t, KnownSensor> sensors_;  ///< of the batch being built
  std::size_t bytes_ = 0;                                  ///< upper estimate of the body so far
};

}  // namespace lintel::sync
