#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/corrections.hpp"
#include "gateway/store/moves.hpp"
#include "gateway/store/quarantine.hpp"
#include "gateway/store/readings.hpp"
#include "gateway/store/recompute.hpp"
#include "gateway/store/rollups.hpp"
#include "gateway/store/sensors.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Who this store is, from configuration. Empty ids are minted and kept.
struct Identity {
  std::string store_id;  ///< uuid
  std::string store_name;
  std::string timezone;
  int day_start_minute = 0;
  std::string gateway_name;
  std::string version;
  std::string calendar_from =
      {};  ///< from when zone and start of day hold: a day, "always", or empty: from now
  std::string opening_hours = {};  ///< a JSON object; empty: nobody says
  std::string tzdata = {};         ///< version of the tzdata that days are reckoned by
};

/// How far the frames of the spool are in the tables.
struct SpoolPosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

/// What only somebody who knows zones can say. Calendars are JSON as in stores.calendar.
struct CalendarRules {
  std::function<Result<Calendar>(const std::string& calendar)> make;
  /// The store's calendar once configuration says another zone or start of day. `counted`: it has days that
  /// are to stay as they are. The one held is "[]" at first.
  std::function<Result<std::string>(const std::string& held, const Identity& identity, bool counted,
                                    UtcMs now)>
      configure;
};

/// Makes the calendar of a zone and a start of day (minutes after midnight).
using MakeCalendar = std::function<Result<Calendar>(const std::string& timezone, int day_start_minute)>;
/// Rules of a store whose calendar is by zone and start of day as they are, since ever.
CalendarRules unchanging(MakeCalendar make);

/// The one writer of the store's database. Everything between begin() and commit() becomes durable
/// together: readings, roll-ups, counter states, liveness, quarantine, change numbers, spool position.
/// SqliteError may leave any call; the caller then calls rollback(), which also restores what is cached
/// in memory. Used by one thread.
class Store {
 public:
  /// Opens or creates `dir`/lintel.db, migrates it and takes the writer's lock on it. A damaged file,
  /// also one that mark_damaged() has noted, is set aside, and what can be read of it brought into a new one
  /// (salvage.hpp); `notice` then says so. Where nothing has to be written nothing is, so a full disk is no
  /// hindrance. Name, calendar and opening hours are HQ's, once it has told them, else the identity's. Days
  /// that the calendar or new tzdata moves wait to be counted anew.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& dir, const Identity& identity,
                                             const CalendarRules& rules, UtcMs now);
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& dir, const Identity& identity,
                                             const MakeCalendar& calendar, UtcMs now) {
    return open(dir, identity, unchanging(calendar), now);
  }
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void begin();
  /// Writes roll-ups and the position, and makes all of it durable.
  void commit(SpoolPosition position, std::string_view recent_packets, UtcMs now);
  void rollback();
  [[nodiscard]] bool in_batch() const { return in_batch_; }

  /// The table `stores` has changed: from here on days are by its calendar, and those that it moves wait to
  /// be counted anew. Inside a batch. Returns how many wait or cannot be; fails, and leaves the calendar in
  /// force, when a zone is unknown here.
  Result<Recompute::Found> follow_calendar(UtcMs now);
  /// Whether days wait, and counting the next one anew, inside a batch.
  [[nodiscard]] bool recomputing() const { return recompute_->due(); }
  void recompute_next(UtcMs now) { recompute_->step(now); }

  Readings& readings() { return *readings_; }
  Moves& moves() { return *moves_; }
  Rollups& rollups() { return *rollups_; }
  Sensors& sensors() { return *sensors_; }
  Corrections& corrections() { return *corrections_; }
  Quarantine& quarantine() { return *quarantine_; }
  Database& db() { return db_; }
  /// The store's days, as the roll-ups go by them.
  [[nodiscard]] const Calendar& calendar() const { return rollups_->calendar(); }

  [[nodiscard]] SpoolPosition position() const { return position_; }
  [[nodiscard]] std::string recent_packets();
  [[nodiscard]] std::int64_t last_change() const { return numbers_.next() - 1; }
  [[nodiscard]] const std::string& store_id() const { return store_id_; }
  /// The zone as it is now.
  [[nodiscard]] const std::string& timezone() const { return timezone_; }
  [[nodiscard]] const std::string& notice() const { return notice_; }

 private:
  explicit Store(Database db) : db_(std::move(db)) {}
  static Result<std::unique_ptr<Store>> use(const std::filesystem::path& file, const Identity& identity,
                                            const CalendarRules& rules, UtcMs now);
  Result<void> establish(const Identity& identity, const CalendarRules& rules, UtcMs now);
  void create(const Identity& identity, UtcMs now);
  Result<void> configure(const Identity& identity, const CalendarRules& rules, UtcMs now);
  void read_own();
  void prepare(Calendar calendar, UtcMs now);
  void load_state();

  Database db_;
  int lock_ = -1;
  std::string store_id_;
  std::string timezone_;
  std::string calendar_;  ///< as in the table, and as rollups_ has it
  CalendarRules rules_;
  std::string notice_;
  ChangeNumbers numbers_;
  SpoolPosition position_;
  bool in_batch_ = false;
  std::unique_ptr<Rollups> rollups_;
  std::unique_ptr<LeftKeys> left_keys_;
  std::unique_ptr<Recompute> recompute_;
  std::unique_ptr<Readings> readings_;
  std::unique_ptr<Corrections> corrections_;
  std::unique_ptr<Moves> moves_;
  std::unique_ptr<Sensors> sensors_;
  std::unique_ptr<Quarantine> quarantine_;
  Statement begin_, commit_, rollback_, save_;
};

/// Where the database of a state directory lies.
std::filesystem::path database_path(const std::filesystem::path& state_dir);

}  // namespace lintel::store
