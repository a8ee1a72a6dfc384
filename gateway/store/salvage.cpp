#include "gateway/store/salvage.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/store/owner.hpp"
#include "gateway/store/rollups.hpp"

namespace lintel::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLogs[] = {"-wal", "-shm"};
constexpr int kMostAside = 5;
/// Confirmed readings of each raw table that come along: some seconds of a small board.
constexpr std::int64_t kConfirmedAlong = 200'000;

fs::path with(const fs::path& file, const std::string& suffix) {
  return file.string() + suffix;
}

fs::path marker(const fs::path& file) {
  return with(file, ".damaged");
}

void rename_with_logs(const fs::path& from, const fs::path& to) {
  std::error_code ignored;
  fs::rename(from, to, ignored);
  for (const char* log : kLogs) fs::rename(with(from, log), with(to, log), ignored);
}

void remove_with_logs(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  for (const char* log : kLogs) fs::remove(with(file, log), ignored);
}

struct Table {
  std::string name;
  bool without_rowid = false;
  std::vector<std::string> columns;
  std::vector<std::string> key;
};

std::string quoted(const std::string& name) {
  return '"' + name + '"';
}

Table describe(Database& db, const std::string& name, bool without_rowid) {
  Table table{name, without_rowid, {}, {}};
  std::vector<std::pair<std::int64_t, std::string>> key;
  auto columns = db.prepare("select name, pk from pragma_table_info(?) order by cid");
  columns.bind(name);
  while (columns.step()) {
    table.columns.emplace_back(columns.text(0));
    if (columns.integer(1) > 0) key.emplace_back(columns.integer(1), std::string(columns.text(0)));
  }
  std::sort(key.begin(), key.end());
  for (auto& [order, column] : key) table.key.push_back(std::move(column));
  return table;
}

/// In the order in which they were made: what others refer to comes first.
std::vector<Table> tables_of(Database& db) {
  std::vector<std::pair<std::string, bool>> names;
  auto rows = db.prepare(
      "select s.name, l.wr from sqlite_schema s join pragma_table_list l on l.schema = 'main' and "
      "l.name = s.name where s.type = 'table' and s.name not like 'sqlite_%' order by s.rowid");
  while (rows.step()) names.emplace_back(std::string(rows.text(0)), rows.integer(1) != 0);
  std::vector<Table> tables;
  for (const auto& [name, without_rowid] : names) tables.push_back(describe(db, name, without_rowid));
  return tables;
}

/// Copies row by row from the damaged database into the new one.
class Copy {
 public:
  struct NewOneFailed {
    SqliteError error;
  };

  Copy(Database& from, Database& to) : from_(from), to_(to) {}

  void run(Salvaged& out) {
    std::set<std::string> there;
    try {
      for (const auto& table : tables_of(from_)) there.insert(table.name);
    } catch (const SqliteError&) {
      out.unreadable = "everything";
      return;
    }
    std::vector<std::string> unreadable;
    for (const auto& table : tables_of(to_)) {
      if (there.contains(table.name) && !copy(table, out)) unreadable.push_back(table.name);
    }
    out.unreadable = fmt::format("{}", fmt::join(unreadable, ", "));
  }

 private:
  /// False: not all of it could be read, or taken.
  bool copy(const Table& table, Salvaged& out) {
    std::vector<std::string> columns;
    try {
      const auto old = describe(from_, table.name, table.without_rowid).columns;
      for (const auto& column : table.columns) {
        if (std::find(old.begin(), old.end(), column) != old.end()) columns.push_back(quoted(column));
      }
    } catch (const SqliteError&) {
      return false;
    }
    const auto list = fmt::format("{}", fmt::join(columns, ", "));
    auto insert =
        to_.prepare(fmt::format("insert or ignore into {} ({}) values ({})", quoted(table.name), list,
                                fmt::join(std::vector<std::string>(columns.size(), "?"), ", ")));
    bool whole = true;
    const auto since = floor_of(table, out);
    for (const char* direction : {"asc", "desc"}) {
      std::vector<std::string> order;
      if (!table.without_rowid) order.emplace_back("rowid");
      if (table.without_rowid) {
        for (const auto& column : table.key) order.push_back(quoted(column));
      }
      for (auto& term : order) term += fmt::format(" {}", direction);
      const auto select = fmt::format("select {} from {} not indexed {} order by {}", list,
                                      quoted(table.name), since, fmt::join(order, ", "));
      const auto outcome = take(select, insert, columns.size(), out);
      whole &= outcome == Outcome::whole;
      if (outcome != Outcome::cut) break;
    }
    return whole;
  }

  /// Of readings that HQ has, the newest alone.
  std::string floor_of(const Table& table, Salvaged& out) {
    if (table.name != "people_counting_raw" && table.name != "regional_counting_raw") return {};
    try {
      const auto watermark = from_.scalar("select watermark from sync_state");
      const auto newest = from_.scalar(fmt::format("select max(change_no) from {}", table.name));
      const auto since = std::min(watermark, newest - kConfirmedAlong);
      if (since <= 0) return {};
      out.left += std::max<std::int64_t>(
          0, from_.scalar(fmt::format("select count(*) from {} where change_no <= {}", table.name, since)));
      return fmt::format("where change_no > {}", since);
    } catch (const SqliteError&) {
      return {};
    }
  }

  enum class Outcome { whole, some_refused, cut };
  Outcome take(const std::string& select, Statement& insert, std::size_t width, Salvaged& out) {
    auto outcome = Outcome::whole;
    try {
      auto rows = from_.prepare(select);
      while (rows.step()) {
        try {
          insert.copy(rows, static_cast<int>(width));
          out.rows += sqlite3_changes(to_.handle());
        } catch (const SqliteError& error) {
          if ((error.code & 0xff) != SQLITE_CONSTRAINT) throw NewOneFailed{error};
          outcome = Outcome::some_refused;
        }
      }
    } catch (const SqliteError&) {
      return Outcome::cut;
    }
    return outcome;
  }

  Database& from_;
  Database& to_;
};

/// What the rows that were brought along have to agree on. (Organization, store and gateway have the number
/// 1, and are made anew by who opens the file where they are missing.)
void settle(Database& db, Salvaged& out) {
  std::vector<std::string> of_sensors;
  auto tables = db.prepare(
      "select s.name from sqlite_schema s join pragma_table_info(s.name) c where s.type = 'table' and "
      "c.name = 'sensor_id'");
  while (tables.step()) of_sensors.emplace_back(tables.text(0));
  tables.reset();
  for (const auto& table : of_sensors) {
    db.execute(
        fmt::format("delete from {} where sensor_id not in (select id from sensor_metadata)", quoted(table)));
    if (table.ends_with("_raw")) out.orphans += sqlite3_changes(db.handle());
  }
  // Buckets that were lost are added up anew, where all their readings are still here.
  if (out.unreadable.find("_analytics") != std::string::npos) {
    add_missing_hours(db);
    db.execute(
        "insert or ignore into recompute_days (day, requested_at) select day, begins_at from day_bounds "
        "where begins_at > coalesce((select removed_before from writer_state), 0)");
  }
  db.execute(
      "update writer_state set next_change_no = max(next_change_no, 1 + coalesce((select max(change_no) from "
      "("
      "select max(change_no) as change_no from people_counting_raw union all "
      "select max(change_no) from regional_counting_raw union all "
      "select max(change_no) from journal union all select watermark from sync_state)), 0))");
}

Result<void> fill(const fs::path& from, const fs::path& to, Salvaged& out) {
  if (const int fd = open_for_owner(to); fd >= 0) ::close(fd);
  auto fresh = Database::open(to, OpenMode::writer);
  if (!fresh) return tl::unexpected(fresh.error());
  if (auto migrated = migrate(*fresh); !migrated) return migrated;
  auto old = Database::open(from, OpenMode::reader);
  try {
    fresh->execute("pragma foreign_keys = off; begin immediate");
    if (old) Copy(*old, *fresh).run(out);
    if (!old) out.unreadable = "everything";
    settle(*fresh, out);
    fresh->execute("commit; pragma wal_checkpoint(truncate)");
    return {};
  } catch (const Copy::NewOneFailed& failed) {
    return fail(
        ErrorKind::transient,
        fmt::format("a new database cannot be written beside the damaged one: {}", failed.error.message));
  } catch (const SqliteError& error) {
    return fail(ErrorKind::transient,
                fmt::format("a new database cannot be written beside the damaged one: {}", error.message));
  }
}

}  // namespace

std::string Salvaged::text() const {
  auto said = fmt::format("{} rows that could be read of it are in a new one", rows);
  if (!unreadable.empty()) said += fmt::format("; not all could be read of: {}", unreadable);
  if (orphans > 0) said += fmt::format("; of {} readings the sensor could not be read", orphans);
  if (left > 0) said += fmt::format("; {} older readings, which HQ has, stayed in it", left);
  return said;
}

Result<Salvaged> salvage(const fs::path& file, UtcMs now) {
  if (damaged_beside(file) >= kMostAside) {
    return fail(
        ErrorKind::corrupt,
        fmt::format("{} damaged databases lie beside it already, so the card must be failing: replace it, or "
                    "remove {}.corrupt-*",
                    kMostAside, file.string()));
  }
  Salvaged out;
  const auto fresh = with(file, ".new");
  remove_with_logs(fresh);
  if (auto filled = fill(file, fresh, out); !filled) {
    remove_with_logs(fresh);
    return tl::unexpected(filled.error());
  }
  auto seconds = count_ms(now) / 1000;
  std::error_code ignored;
  while (fs::exists(out.aside = with(file, fmt::format(".corrupt-{}", seconds)), ignored)) ++seconds;
  rename_with_logs(file, out.aside);
  finish_salvage(file);
  return out;
}

void finish_salvage(const fs::path& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored)) return remove_with_logs(with(file, ".new"));  // not known to be whole
  if (!fs::exists(with(file, ".new"), ignored)) return;
  // A log that was not moved aside any more: it is in the new one already, which it would be taken for part
  // of.
  for (const char* log : kLogs) fs::remove(with(file, log), ignored);
  fs::rename(with(file, ".new"), file, ignored);
  if (!ignored) fs::remove(marker(file), ignored);
}

int damaged_beside(const fs::path& file) {
  const auto prefix = file.filename().string() + ".corrupt-";
  int count = 0;
  std::error_code error;
  for (fs::directory_iterator at(file.parent_path(), error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    count += name.starts_with(prefix) && !name.ends_with("-wal") && !name.ends_with("-shm") ? 1 : 0;
  }
  return count;
}

bool mark_damaged(const fs::path& file, const std::string& what) {
  if (damaged_beside(file) >= kMostAside) return false;
  if (const int fd = open_for_owner(marker(file)); fd >= 0) ::close(fd);
  std::ofstream(marker(file), std::ios::trunc) << what << '\n';
  std::error_code error;
  return fs::exists(marker(file), error);
}

std::optional<std::string> damage_of(const fs::path& file) {
  std::ifstream in(marker(file));
  if (!in) return std::nullopt;
  std::string what;
  std::getline(in, what);
  return what.empty() ? "it is marked as damaged" : what;
}

}  // namespace lintel::store
