#include "gateway/store/store.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/identity.hpp"
#include "gateway/store/owner.hpp"
#include "gateway/store/salvage.hpp"

namespace lintel::store {

namespace fs = std::filesystem;

namespace {

Result<int> take_lock(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot create the state directory {}: {}", dir.string(), error.message()));
  }
  const fs::path file = dir / "writer.lock";
  const int fd = open_for_owner(file);
  if (fd < 0) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("cannot write in the state directory {}: {}; check its owner, or set [gateway] state_dir",
                    dir.string(), std::generic_category().message(errno)));
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(
        ErrorKind::misconfigured,
        fmt::format("another lintel is writing in {}: stop it first, or give this one its own state_dir",
                    dir.string()));
  }
  return fd;
}

/// A file whose pages contradict themselves is found before it is built upon.
Result<Database> open_sound(const fs::path& file) {
  if (const int fd = open_for_owner(file); fd >= 0) ::close(fd);  // what is wrong SQLite says better
  auto db = Database::open(file, OpenMode::writer);
  if (!db) return db;
  if (auto migrated = migrate(*db); !migrated) return tl::unexpected(migrated.error());
  return db;
}

}  // namespace

fs::path database_path(const fs::path& state_dir) {
  return state_dir / "lintel.db";
}

Result<std::unique_ptr<Store>> Store::open(const fs::path& dir, const Identity& identity,
                                           const CalendarRules& rules, UtcMs now) {
  auto lock = take_lock(dir);
  if (!lock) return tl::unexpected(lock.error());
  const auto file = database_path(dir);
  finish_salvage(file);
  Result<std::unique_ptr<Store>> store = nullptr;
  if (auto damage = damage_of(file)) {
    store = fail(ErrorKind::corrupt, std::move(*damage));
  } else {
    store = use(file, identity, rules, now);
  }
  std::string notice;
  if (!store && store.error().kind == ErrorKind::corrupt) {
    const auto saved = salvage(file, now);
    if (saved) {
      notice = fmt::format("the database is damaged ({}); it was kept as {}: {}", store.error().message,
                           saved->aside.string(), saved->text());
      store = use(file, identity, rules, now);
    } else {
      store = tl::unexpected(saved.error());
    }
  }
  if (!store) {
    ::close(*lock);
    return store;
  }
  (*store)->lock_ = *lock;
  if (!notice.empty()) (*store)->notice_ = std::move(notice);
  return store;
}

Result<std::unique_ptr<Store>> Store::use(const fs::path& file, const Identity& identity,
                                          const CalendarRules& rules, UtcMs now) {
  auto db = open_sound(file);
  if (!db) return tl::unexpected(db.error());
  std::unique_ptr<Store> store(new Store(std::move(*db)));
  try {
    if (auto done = store->establish(identity, rules, now); !done) return tl::unexpected(done.error());
    auto made = rules.make(store->calendar_);
    if (!made) {  // a zone of HQ's that this machine's tzdata has no longer: better the file's than no counts
      const auto usual = rules.configure("[]", identity, false, now);
      auto instead = usual ? rules.make(*usual) : Result<Calendar>(tl::unexpected(usual.error()));
      if (!instead) return tl::unexpected(made.error());
      store->notice_ = fmt::format("{}: until it can be used, days are those of {}", made.error().message,
                                   identity.timezone);
      store->timezone_ = identity.timezone;
      made = std::move(instead);
    }
    store->rules_ = rules;
    store->prepare(std::move(*made), now);
  } catch (const SqliteError& error) {
    return fail(error.damage() ? ErrorKind::corrupt : ErrorKind::transient,
                fmt::format("cannot use the database {}: {}", file.string(), error.message));
  }
  return store;
}

Store::~Store() {
  if (lock_ >= 0) ::close(lock_);
}

/// What is not there yet: everything, or what could not be read of a damaged file.
void Store::create(const Identity& identity, UtcMs now) {
  const auto ms = count_ms(now);
  db_.prepare(
         "insert or ignore into writer_state (id, epoch, next_change_no) select 1, ?, 1 + coalesce(max(n), "
         "0) from ("
         "select max(change_no) as n from people_counting_raw union all "
         "select max(change_no) from regional_counting_raw union all select max(change_no) from journal)")
      .bind(random_uuid())
      .run();
  db_.prepare("insert or ignore into sync_state (id) values (1)").run();
  db_.prepare(
         "insert or ignore into organizations (id, organization_id, public_id, name, created_at, updated_at) "
         "values (1, 1, ?, 'organization', ?, ?)")
      .bind(random_uuid(), ms, ms)
      .run();
  db_.prepare(
         "insert or ignore into stores (id, organization_id, node_id, public_id, name, created_at, "
         "updated_at) "
         "values (1, 1, 1, ?, ?, ?, ?)")
      .bind(identity.store_id.empty() ? random_uuid() : identity.store_id, identity.store_name, ms, ms)
      .run();
  db_.prepare(
         "insert or ignore into gateways (id, organization_id, store_id, public_id, name, created_at, "
         "updated_at) "
         "values (1, 1, 1, ?, ?, ?, ?)")
      .bind(random_uuid(), identity.gateway_name, ms, ms)
      .run();
}

/// What HQ has told is HQ's; until then the configuration file's words hold.
Result<void> Store::configure(const Identity& identity, const CalendarRules& rules, UtcMs now) {
  if (db_.scalar("select config_version from sync_state") != 0) return {};
  const bool counted = db_.scalar("select exists (select 1 from daily_analytics)") != 0;
  // A machine that does not know the time yet must not take what was counted for the future.
  const auto last = db_.scalar("select coalesce(max(ends_at), 0) - 1 from day_bounds");
  auto calendar = rules.configure(calendar_, identity, counted, std::max(now, utc_ms(last)));
  if (!calendar) return tl::unexpected(calendar.error());
  db_.prepare(
         "update stores set name = ?1, timezone = ?2, day_start_minute = ?3, calendar = ?4, settings = "
         "new.settings from "
         "(select iif(?5 = '', json_remove(settings, '$.opening_hours'), "
         "json_set(settings, '$.opening_hours', json(nullif(?5, '')))) as settings from stores where id = 1) "
         "as new "
         "where id = 1 and (name, timezone, day_start_minute, calendar, stores.settings) is not (?1, ?2, ?3, "
         "?4, "
         "new.settings)")
      .bind(identity.store_name, identity.timezone, identity.day_start_minute, *calendar,
            identity.opening_hours)
      .run();
  return {};
}

void Store::read_own() {
  auto own = db_.prepare("select public_id, timezone, calendar from stores where id = 1");
  (void)own.step();
  store_id_ = own.text(0);
  timezone_ = own.text(1);
  calendar_ = own.text(2);
}

Result<void> Store::establish(const Identity& identity, const CalendarRules& rules, UtcMs now) {
  db_.execute("begin immediate");
  const bool whole =
      db_.scalar(
          "select exists (select 1 from writer_state) and exists (select 1 from sync_state) and exists "
          "(select 1 from organizations) and exists (select 1 from stores) and exists (select 1 from "
          "gateways)") != 0;
  if (!whole) create(identity, now);
  read_own();
  if (auto done = configure(identity, rules, now); !done) {
    db_.execute("rollback");
    return done;
  }
  db_.prepare("update stores set public_id = ?1 where id = 1 and ?1 <> '' and public_id <> ?1")
      .bind(identity.store_id)
      .run();
  db_.prepare("update gateways set name = ?1, version = ?2 where id = 1 and (name, version) is not (?1, ?2)")
      .bind(identity.gateway_name, identity.version)
      .run();
  db_.prepare("update writer_state set tzdata = ?1 where tzdata <> ?1").bind(identity.tzdata).run();
  db_.execute("commit");
  read_own();
  return {};
}

CalendarRules unchanging(MakeCalendar make) {
  CalendarRules rules;
  rules.make = [make](const std::string& calendar) -> Result<Calendar> {
    const auto now = nlohmann::json::parse(calendar, nullptr, false);
    if (!now.is_array() || now.empty()) return make("UTC", 0);
    return make(now.back().value("timezone", "UTC"), now.back().value("day_start_minute", 0));
  };
  rules.configure = [](const std::string&, const Identity& identity, bool, UtcMs) -> Result<std::string> {
    return nlohmann::json::array({{{"from", nullptr},
                                   {"timezone", identity.timezone},
                                   {"day_start_minute", identity.day_start_minute}}})
        .dump();
  };
  return rules;
}

void Store::prepare(Calendar calendar, UtcMs now) {
  rollups_ = std::make_unique<Rollups>(db_, std::move(calendar));
  left_keys_ = std::make_unique<LeftKeys>(db_);
  recompute_ = std::make_unique<Recompute>(db_, *rollups_);
  readings_ = std::make_unique<Readings>(db_, numbers_, *rollups_, *left_keys_);
  moves_ = std::make_unique<Moves>(db_, numbers_, *rollups_, *left_keys_);
  corrections_ = std::make_unique<Corrections>(db_, *readings_);
  sensors_ = std::make_unique<Sensors>(db_, numbers_, store_id_);
  quarantine_ = std::make_unique<Quarantine>(db_);
  begin_ = db_.prepare("begin immediate");
  commit_ = db_.prepare("commit");
  rollback_ = db_.prepare("rollback");
  save_ = db_.prepare(
      "update writer_state set next_change_no = ?, spool_segment = ?, spool_offset = ?, "
      "recent_packets = ? where id = 1");
  load_state();
  // Bounds that new tzdata or another calendar in the file has moved.
  begin_.run();
  (void)recompute_->compare(now);
  commit_.run();
}

Result<Recompute::Found> Store::follow_calendar(UtcMs now) {
  const auto held = calendar_;
  read_own();
  if (calendar_ == held) return Recompute::Found{};
  auto made = rules_.make(calendar_);
  if (!made) {
    calendar_ = held;
    return tl::unexpected(made.error());
  }
  rollups_->flush(now);
  rollups_->set_calendar(std::move(*made));
  return recompute_->compare(now);
}

void Store::load_state() {
  auto state = db_.prepare("select next_change_no, spool_segment, spool_offset from writer_state");
  (void)state.step();
  numbers_.restore(state.integer(0));
  position_ = {static_cast<std::uint64_t>(state.integer(1)), static_cast<std::uint64_t>(state.integer(2))};
}

std::string Store::recent_packets() {
  auto state = db_.prepare("select recent_packets from writer_state");
  (void)state.step();
  return std::string(state.text(0));
}

void Store::begin() {
  begin_.run();
  in_batch_ = true;
}

void Store::commit(SpoolPosition position, std::string_view recent_packets, UtcMs now) {
  rollups_->flush(now);
  save_.bind(numbers_.next(), position.segment, position.offset, "");
  save_.bind_blob(4, recent_packets);
  save_.run();
  commit_.run();
  in_batch_ = false;
  position_ = position;
}

void Store::rollback() {
  try {
    if (sqlite3_get_autocommit(db_.handle()) == 0) rollback_.run();
  } catch (const SqliteError&) {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
  in_batch_ = false;
  rollups_->discard();
  recompute_->load();
  const auto held = calendar_;
  read_own();
  if (calendar_ != held) {
    // It was made of what the table says before, so it can be made again.
    if (auto made = rules_.make(calendar_)) rollups_->set_calendar(std::move(*made));
  }
  load_state();
  sensors_->load();
  quarantine_->load();
  corrections_->load();
}

}  // namespace lintel::store
