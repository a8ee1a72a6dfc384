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
#include "gateway/store/quarantine.hpp"
#include "gateway/store/readings.hpp"
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
};

/// How far the frames of the spool are in the tables.
struct SpoolPosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

/// Makes the calendar of a zone and a start of day (minutes after midnight).
using MakeCalendar = std::function<Result<Calendar>(const std::string& timezone, int day_start_minute)>;

/// The one writer of the store's database. Everything between begin() and commit() becomes durable
/// together: readings, roll-ups, counter states, liveness, quarantine, change numbers, spool position.
/// SqliteError may leave any call; the caller then calls rollback(), which also restores what is cached
/// in memory. Used by one thread.
class Store {
 public:
  /// Opens or creates `dir`/lintel.db, migrates it and takes the writer's lock on it. A corrupt file is
  /// set aside under another name and a new one begun; `notice` then says so.
  /// The calendar is made for the zone in force: HQ's, once it has told one, else the identity's.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& dir, const Identity& identity,
                                             const MakeCalendar& calendar, UtcMs now);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void begin();
  /// Writes roll-ups and the position, and makes all of it durable.
  void commit(SpoolPosition position, std::string_view recent_packets, UtcMs now);
  void rollback();
  [[nodiscard]] bool in_batch() const { return in_batch_; }

  Readings& readings() { return *readings_; }
  Sensors& sensors() { return *sensors_; }
  Quarantine& quarantine() { return *quarantine_; }
  Database& db() { return db_; }
  /// The store's days, as the roll-ups go by them.
  [[nodiscard]] const Calendar& calendar() const { return rollups_->calendar(); }

  [[nodiscard]] SpoolPosition position() const { return position_; }
  [[nodiscard]] std::string recent_packets();
  [[nodiscard]] std::int64_t last_change() const { return numbers_.next() - 1; }
  [[nodiscard]] const std::string& store_id() const { return store_id_; }
  [[nodiscard]] const std::string& timezone() const { return timezone_; }
  [[nodiscard]] const std::string& notice() const { return notice_; }

 private:
  Store(Database db, int lock) : db_(std::move(db)), lock_(lock) {}
  void establish(const Identity& identity, UtcMs now);
  void prepare(Calendar calendar);
  void load_state();

  Database db_;
  int lock_;
  std::string store_id_;
  std::string timezone_;
  int day_start_minute_ = 0;
  std::string notice_;
  ChangeNumbers numbers_;
  SpoolPosition position_;
  bool in_batch_ = false;
  std::unique_ptr<Rollups> rollups_;
  std::unique_ptr<Readings> readings_;
  std::unique_ptr<Sensors> sensors_;
  std::unique_ptr<Quarantine> quarantine_;
  Statement begin_, commit_, rollback_, save_;
};

/// Where the database of a state directory lies.
std::filesystem::path database_path(const std::filesystem::path& state_dir);

}  // namespace lintel::store
