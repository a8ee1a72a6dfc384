#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/verdict.hpp"
#include "gateway/store/sensors.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

struct LinkState {
  bool up = true;
  std::string trouble;
  /// Devices that it asked and that do not answer, by name on this link; and why.
  std::map<std::string, std::string, std::less<>> silent{};
};

/// Why a device does not answer its link; empty: it does, or is not asked. A device on a bus is its link and
/// its name there, "link:bus/slave 90".
std::string no_answer(std::string_view serial, const LinkState& link);

/// What the watch cannot read from the database.
struct Surroundings {
  BootId boot{};
  BootTime now{};  ///< clock of that boot
  UtcMs wall{};
  std::map<std::string, LinkState, std::less<>> links;  ///< a link that is not listed counts as up
};

/// Judges all sensors and keeps sensor_metadata.status and offline_since up to date. Owned by the writer
/// thread, apart from verdicts().
class Watch {
 public:
  struct Sensor {
    Verdict verdict;
    int rejects = 0;                 ///< of the last hour
    std::optional<UtcMs> last_data;  ///< absent: nothing in this boot
  };

  /// `stated` are the intervals from configuration, by serial.
  Watch(Rules rules, std::map<std::string, Millis, std::less<>> stated);

  /// Other intervals than those of the constructor hold from now on. On the thread of refresh().
  void expect(std::map<std::string, Millis, std::less<>> stated) { stated_ = std::move(stated); }

  /// Cheap enough for every second: it reads one small table and the quarantine's new rows, and writes
  /// only the rows whose status has changed. SqliteError leaves it; the next call then does it again.
  void refresh(store::Database& writer_db, const store::Sensors& sensors, const Surroundings& surroundings);

  /// The latest verdicts by sensor id. A copy; any thread.
  [[nodiscard]] std::map<std::int64_t, Sensor> verdicts() const;

 private:
  struct Reject {
    BootTime at;
    std::string link, decoder, topic, reason;
  };
  struct Row {
    std::int64_t id = 0;
    std::string serial, model, link, status, clock_fault;
    bool enabled = true;
    std::optional<BootTime> last_data;
    bool heard_before = false;
    Millis learned_interval{0};
  };

  [[nodiscard]] static std::vector<Row> read_rows(store::Database& db, const BootId& boot);
  static void add_live(std::vector<Row>& rows, const store::Sensors& sensors);
  void read_rejects(store::Database& db, const Surroundings& surroundings);
  void add_rejects(SensorFacts& facts, const Row& row, bool alone) const;
  [[nodiscard]] SensorFacts facts_of(const Row& row, bool alone, const Surroundings& surroundings) const;

  const Rules rules_;
  std::map<std::string, Millis, std::less<>> stated_;
  std::deque<Reject> rejects_;  // of this boot's last hour
  std::int64_t last_reject_ = 0;

  mutable std::mutex mutex_;
  std::map<std::int64_t, Sensor> verdicts_;  // guarded by mutex_
};

}  // namespace lintel::health
