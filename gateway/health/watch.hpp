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
#include "gateway/health/alerts.hpp"
#include "gateway/health/device.hpp"
#include "gateway/health/history.hpp"
#include "gateway/health/hours.hpp"
#include "gateway/health/learned.hpp"
#include "gateway/health/verdict.hpp"
#include "gateway/store/sensors.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

struct LinkState {
  bool up = true;
  std::string trouble;
  /// Devices that it asked and that do not answer, by name on this link; and why.
  std::map<std::string, std::string, std::less<>> silent{};
  bool is_device = false;  ///< it asks one device, and is up while that answers
  int failed_cycles = 0;   ///< of such a link: rounds in a row
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
  bool time_known = true;                               ///< whether `wall` is more than a guess
  const Devices* devices = nullptr;                     ///< what they say of themselves; null: nothing
};

/// Judges all sensors, keeps sensor_metadata.status and offline_since up to date, their history, and their
/// alerts. Owned by the writer thread, apart from verdicts().
class Watch {
 public:
  struct Sensor {
    Verdict verdict;
    int rejects = 0;                 ///< of the last hour
    std::optional<UtcMs> last_data;  ///< absent: nothing in this boot
  };

  /// `stated` are the intervals from configuration, by serial.
  Watch(Rules rules, std::map<std::string, Millis, std::less<>> stated);

  /// Other intervals than those of the constructor hold from now on, and the store's hours are read anew. On
  /// the thread of refresh().
  void expect(std::map<std::string, Millis, std::less<>> stated);

  /// Cheap enough for every second: it reads one small table and the quarantine's new rows, and writes
  /// only what has changed. SqliteError leaves it; the next call then does it again.
  void refresh(store::Database& writer_db, const store::Sensors& sensors, const Surroundings& surroundings);
  /// What was written may have been undone. On the thread of refresh().
  void rolled_back();

  /// The latest verdicts by sensor id. A copy; any thread.
  [[nodiscard]] std::map<std::int64_t, Sensor> verdicts() const;

 private:
  struct Reject {
    BootTime at;
    std::string link, decoder, topic, reason;
  };
  struct Row {
    std::int64_t id = 0;
    std::string serial, model, link, status, clock_fault, name;
    bool enabled = true;
    std::optional<BootTime> last_data;
    bool heard_before = false;
    Millis learned_interval{0};
  };
  struct Link {
    bool up = true;
    BootTime changed{};
  };
  /// Silences of a sensor that were too long for it, and over.
  struct Gaps {
    std::optional<BootTime> last_data{};
    std::deque<BootTime> ended{};
  };
  using Bounds = std::pair<UtcMs, UtcMs>;

  [[nodiscard]] static std::vector<Row> read_rows(store::Database& db, const BootId& boot);
  static void add_live(std::vector<Row>& rows, const store::Sensors& sensors);
  void read_rejects(store::Database& db, const Surroundings& surroundings);
  void add_rejects(SensorFacts& facts, const Row& row, bool alone) const;
  void follow_links(const Surroundings& surroundings);
  [[nodiscard]] int count_gaps(const Row& row, const SensorFacts& facts, const Surroundings& surroundings);
  [[nodiscard]] SensorFacts facts_of(const Row& row, bool alone, const Surroundings& surroundings);
  [[nodiscard]] LinkFacts link_of(const Row& row, const Surroundings& surroundings) const;
  void learn(store::Database& db, const std::vector<Row>& rows, const Surroundings& surroundings);
  [[nodiscard]] std::optional<Bounds> told(const Row& row, const Surroundings& surroundings) const;
  void add_conditions(const Row& row, const Verdict& verdict, const Surroundings& surroundings,
                      Judgement& judgement) const;
  void add_links(const std::vector<Row>& rows, const Surroundings& surroundings, Judgement& judgement) const;
  void write(store::Database& db, const std::vector<Row>& rows,
             const std::map<std::int64_t, Sensor>& verdicts, const Surroundings& surroundings);

  const Rules rules_;
  std::map<std::string, Millis, std::less<>> stated_;
  std::deque<Reject> rejects_;  // of this boot's last hour
  std::int64_t last_reject_ = 0;
  std::map<std::string, Link, std::less<>> links_;
  std::map<std::int64_t, Gaps> gaps_;
  std::optional<Hours> hours_;  // none: to be read
  Learned learned_;
  History history_;
  Alerts alerts_{sensor_kinds()};
  std::optional<BootTime> tidied_;

  mutable std::mutex mutex_;
  std::map<std::int64_t, Sensor> verdicts_;  // guarded by mutex_
};

}  // namespace lintel::health
