#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/health/watch.hpp"
#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// A store from minute to minute, on a clock of its own: what happens goes in, what health makes of it comes
/// out. The database, the watch and its alerts are real. A script has one event a line:
///
///     zone Europe/Berlin | from 2026-10-24 | open 09:00-20:00 | closed 2026-07-02      before all else
///     region A B                 a closed set of these doors; region all: the store
///     sensor A every 1m          a sensor that states its interval; without: it has none. "on LINK": not
///     broker history A -40d -2d in 300 out 200    what it counted a day, spread over the hours 9 to 20; in
///     the morning
///                                people come, in the evening they leave; "reversed": the other way round;
///                                "to 200 300": it drifts
///     covered A -40d -2d         from when to when it was known to count
///     replaced A -2d             another device counts behind that door since then
///     10:00 A reports            from now on, at its interval (A silent ends that; A once: one message)
///     10:00 A counts 30 20       people an hour, in and out, while the store is open; A counts nobody
///     10:00 A will | A back | A battery 12 | A tampered | A untouched | A fault lens covered | A rejects 4
///     10:00 A off | A on         switched off in the configuration, and on
///     10:00 link broker down     and up; poll LINK fails N; poll LINK answers; bus LINK misses UNIT; bus
///     LINK answers 10:00 restart | reboot 10m the process, or the machine, which needs so long 10:00 clock
///     +3h            the wall clock steps; clock unknown, clock known 10:00 ack sensor_offline:A Ann 2d
///     12:00 end               on the second day; days and times are those of the store's wall at the start
///
/// The log has a line for each change of a status and of an alert, in the time of the script:
///
///     10:31 A offline
///     10:36 + sensor_offline:A warning       opened (^ got worse, ! acknowledged, - resolved)
class Timeline {
 public:
  explicit Timeline(std::string_view script);
  ~Timeline();

  [[nodiscard]] const std::string& log() const { return log_; }
  /// The cause of a sensor's status at the end.
  [[nodiscard]] std::string cause(const std::string& sensor) const;
  store::Database& db() { return store_->db(); }

 private:
  struct Sensor {
    std::string serial, link = "broker";
    Millis interval{0};
    bool reporting = false;
    std::optional<Millis> last{};
    double in = 0, out = 0, owed_in = 0, owed_out = 0;
  };
  struct Event {
    Millis at{};
    std::string text;
  };

  void prepare(const std::string& line);
  void open_store();
  void start();
  void run();
  void minute();
  void happen(std::string text);
  void happen_to(Sensor& sensor, const std::string& what, std::string rest);
  void count(Sensor& sensor);
  void add_hour(const Sensor& sensor, UtcMs hour, std::int64_t in, std::int64_t out);
  void history(std::string rest);
  void hear(const Sensor& sensor);
  void report(const Sensor& sensor, const bridge::DeviceReport& report);
  void write_down();
  void say(const std::string& text);

  [[nodiscard]] std::int64_t id_of(const Sensor& sensor);
  [[nodiscard]] UtcMs real() const { return begin_ + now_; }
  [[nodiscard]] UtcMs wall() const { return real() + step_; }
  [[nodiscard]] BootTime boot_clock() const;
  template <typename F>
  void batch(F&& work);

  TempDir dir_;
  std::string zone_ = "UTC", hours_, from_ = "2026-07-01";
  bool all_doors_ = false;
  std::vector<std::string> region_;
  std::vector<Event> events_;
  std::vector<std::string> histories_;
  std::map<std::string, Sensor> sensors_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<health::Watch> watch_;
  health::Devices devices_;
  std::map<std::string, health::LinkState, std::less<>> links_;
  UtcMs begin_{};      ///< of the script: midnight by the store's wall
  Millis now_{0};      ///< since then
  Millis step_{0};     ///< what the wall clock is off by
  Millis booted_{0};   ///< when this boot began, in script time; before it: negative
  Millis up_from_{0};  ///< the process runs again from here on
  bool time_known_ = true;
  std::uint32_t chance_ = 0;
  BootId boot_{1};
  std::map<std::string, std::string> states_, alerts_;
  std::string log_;
};

/// A script and the log it has to give, both as raw strings that begin with an empty line.
struct Told {
  const char* name;
  const char* script;
  const char* log;
};

/// Fails for each that gives another log.
void check_timelines(std::span<const Told> timelines);

}  // namespace lintel::test
