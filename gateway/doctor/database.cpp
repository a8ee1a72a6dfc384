#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "gateway/doctor/examination.hpp"
#include "gateway/store/deadline.hpp"
#include "gateway/store/retention.hpp"
#include "gateway/store/store.hpp"

namespace lintel::doctor {

namespace {

std::vector<std::string> tables(store::Database& db) {
  std::vector<std::string> names;
  auto rows = db.prepare("select name from sqlite_schema where type = 'table' order by name");
  while (rows.step()) names.emplace_back(rows.text(0));
  return names;
}

struct Integrity {
  std::size_t read = 0, all = 0;  ///< tables
  std::string damage;             ///< the first that was found
};

/// Table by table, so that what was read counts when the time is over, and no reader holds the log for long.
Integrity read_through(store::Database& db, std::chrono::milliseconds patience) {
  Integrity result;
  const auto names = tables(db);
  result.all = names.size();
  const store::Deadline deadline(db, store::Deadline::Clock::now() + patience);
  for (const auto& name : names) {
    try {
      auto rows = db.prepare(fmt::format("pragma quick_check(\"{}\")", name));
      while (rows.step()) {
        if (rows.text(0) == "ok") continue;
        result.damage = rows.text(0);
        return result;
      }
      ++result.read;
    } catch (const store::SqliteError& error) {
      if ((error.code & 0xff) != SQLITE_INTERRUPT) throw;
    }
  }
  return result;
}

Check damaged(const std::filesystem::path& file, const std::string& what) {
  return {
      "database", Outcome::problem, what,
      fmt::format("Have the gateway bring what can be read of it into a new one: sudo touch {}.damaged && "
                  "sudo systemctl restart lintel. The damaged file is kept beside it. Replace the card, it "
                  "is failing.",
                  file.string())};
}

Check look(Examination& it, store::Database& db) {
  const auto file = store::database_path(it.config().state_dir);
  const auto version = db.scalar("pragma user_version");
  if (!store::works_with(db)) {
    return {"database", Outcome::problem,
            fmt::format("{} has schema version {}, this lintel knows {}", file.string(), version,
                        store::schema_version()),
            "Install the version that wrote it, or a newer one."};
  }
  const auto integrity = read_through(db, it.patience().database);
  if (!integrity.damage.empty())
    return damaged(file, fmt::format("{} is damaged: {}", file.string(), integrity.damage));
  auto text = fmt::format("{}, schema version {}", file.string(), version);
  text += integrity.read == integrity.all
              ? fmt::format(", all {} tables are sound", integrity.all)
              : fmt::format(", {} of {} tables are sound, the others take longer to read than there was time",
                            integrity.read, integrity.all);
  if (version < store::schema_version()) {
    return {
        "database", Outcome::attention,
        text + fmt::format("; this lintel brings it to {} when the gateway starts", store::schema_version()),
        "Restart the gateway: an older version of it is running, or none."};
  }
  const auto room = store::room_of(db, file, {it.config().keep_days, it.config().database_bytes});
  text += fmt::format(", {} of {} used", in_bytes(room.used), in_bytes(room.limit));
  if (room.used * 10 > room.limit * 9) {
    return {
        "database", Outcome::attention, text,
        "It is nearly full: the oldest readings go, first those that HQ has. Give it more room ([storage] "
        "database_mb, a larger card), and see why HQ does not take them if it does not."};
  }
  return {"database", Outcome::ok, text, ""};
}

}  // namespace

void check_database(Examination& it, const Tell& tell) {
  auto& db = it.database();
  if (!db) {
    const auto& error = db.error();
    if (error.kind == ErrorKind::corrupt)
      return tell(damaged(store::database_path(it.config().state_dir), error.message));
    if (error.kind == ErrorKind::rejected) {
      tell({"database", Outcome::attention, error.message,
            "The gateway has never run with this configuration: start it, or name its configuration with "
            "--config."});
      return;
    }
    tell({"database", Outcome::problem, error.message,
          "Run this as root or as the gateway's user; see disk."});
    return;
  }
  try {
    tell(look(it, *db));
  } catch (const store::SqliteError& error) {
    tell(damaged(store::database_path(it.config().state_dir),
                 fmt::format("{} cannot be read: {}", store::database_path(it.config().state_dir).string(),
                             error.message)));
  }
}

}  // namespace lintel::doctor
