#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/deadline.hpp"
#include "gateway/store/store.hpp"
#include "gateway/support/parts.hpp"
#include "gateway/support/query.hpp"

namespace lintel::support {

namespace {

using nlohmann::json;

constexpr int kMostRows = 500;
constexpr int kQuarantined = 30;

/// Rows as objects; null where it cannot be read, in time or at all.
json rows_of(store::Database& db, const std::string& sql) {
  auto list = json::array();
  const auto done = query(db, sql, [&list](const auto& columns, const auto& values) {
    auto object = json::object();
    for (std::size_t i = 0; i < columns.size(); ++i) object[columns[i]] = values[i];
    list.push_back(std::move(object));
  });
  return done ? list : json(nullptr);
}

json newest_of(store::Database& db, const std::string& table, int most = kMostRows) {
  auto rows = rows_of(db, fmt::format("select * from \"{}\" order by rowid desc limit {}", table, most));
  // Some tables have no row ids.
  return rows.is_null() ? rows_of(db, fmt::format("select * from \"{}\" limit {}", table, most)) : rows;
}

json first(const json& rows, const char* key) {
  return rows.is_array() && !rows.empty() ? rows[0][key] : json(nullptr);
}

std::vector<std::string> names_of_tables(store::Database& db) {
  std::vector<std::string> names;
  const auto rows = rows_of(db, "select name from sqlite_schema where type = 'table' order by name");
  if (!rows.is_array()) return names;
  for (const auto& row : rows) names.push_back(row["name"].get<std::string>());
  return names;
}

json tables(store::Database& db, const std::vector<std::string>& names) {
  auto list = json::array();
  for (const auto& name : names) {
    list.push_back(
        {{"table", name},
         {"rows", first(rows_of(db, fmt::format("select count(*) as n from \"{}\"", name)), "n")},
         {"bytes", first(rows_of(db, fmt::format("select sum(pgsize) as n from dbstat where name in "
                                                 "(select name from sqlite_schema where tbl_name = '{}')",
                                                 name)),
                         "n")}});
  }
  return list;
}

}  // namespace

json describe_database(store::Database& db) {
  return {{"schema_version", db.scalar("pragma user_version")},
          {"schema_version_of_this_lintel", store::schema_version()},
          {"page_size", db.scalar("pragma page_size")},
          {"pages", db.scalar("pragma page_count")},
          {"free_pages", db.scalar("pragma freelist_count")},
          {"sqlite", sqlite3_libversion()},
          {"tables", tables(db, names_of_tables(db))}};
}

json parts_of_database(store::Database& db, std::chrono::milliseconds patience) {
  const store::Deadline deadline(db, store::Deadline::Clock::now() + patience);
  json parts;
  parts["sensors"] = newest_of(db, "sensor_metadata");
  parts["alerts"] = newest_of(db, "alerts");
  parts["audit"] = newest_of(db, "audit_log");
  parts["boots"] = newest_of(db, "boots", 50);
  parts["sync_state"] = rows_of(db, "select * from sync_state");
  parts["refused_by_hq"] =
      rows_of(db, "select code, count(*) as readings, max(message) as message from set_aside group by code");
  parts["given_up"] = newest_of(db, "given_up");
  parts["days_compared"] = newest_of(db, "day_checks", 100);
  parts["coverage"] =
      rows_of(db, fmt::format("select * from coverage order by to_at desc limit {}", kMostRows));
  parts["quarantine"] = newest_of(db, "quarantine", kQuarantined);
  for (const auto* health : {"sensor_states", "device_states"}) parts[health] = newest_of(db, health);
  // The dear ones last: a large database may not let them end in time.
  parts["tables"] = describe_database(db);
  return parts;
}

}  // namespace lintel::support
