#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/health/verdict.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// What devices said of themselves last, by sensor. Kept in `device_states`, so that a battery that was low
/// is so after a restart; written only when it changes. Writer thread; SqliteError leaves load() and flush().
class Devices {
 public:
  /// Low from this share on, and no more before that one: a battery recovers a little when it is warm.
  static constexpr int kBatteryLow = 15;
  static constexpr int kBatteryWell = 25;
  /// A fault that is stated once and neither again nor taken back is forgotten after this time.
  static constexpr Millis kFaultHolds = std::chrono::hours{6};

  /// Takes over a report. `at` is when it came, on the clock of the running boot; when it is taken, if it
  /// came in another one.
  void note(std::int64_t sensor, const bridge::DeviceReport& report, BootTime at, UtcMs wall);
  /// The device says that what it counts is wrong.
  void defective(std::int64_t sensor, BootTime at, UtcMs wall);
  /// The same for judge(); faults that were stated too long ago are left out.
  [[nodiscard]] DeviceFacts facts(std::int64_t sensor, BootTime now) const;

  /// Writes what has changed, inside the caller's transaction.
  void flush(store::Database& db);
  /// Reads the table; wills and faults in it count as if they had come at `now`, on the clock of the running
  /// boot: a device that is back by then has some time to say so.
  void load(store::Database& db, BootTime now);

 private:
  struct State {
    DeviceFacts facts;
    std::optional<int> battery_mv, signal_dbm, margin_db;
    std::optional<bool> tampered;
    BootTime faults_at{};
    std::string firmware;
    UtcMs updated{};
    bool dirty = false;
  };
  static void take_radio(State& state, const bridge::DeviceReport& report);
  static void take_battery(State& state, const bridge::DeviceReport& report);
  static void take_faults(State& state, std::vector<std::string> faults, BootTime at);

  std::map<std::int64_t, State> states_;
};

}  // namespace lintel::health
