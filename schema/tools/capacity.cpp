#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr long kLeastDays = 90;
constexpr long kMostSeries = 32767;

struct Disk {
  std::optional<std::string> bytes;  ///< nothing: nobody knows how large it is
  std::optional<std::string> used;   ///< nothing: what the database takes
  std::string said_by;
};

/// "4TB", "500 GB", "1000000": bytes, in steps of 1024 as PostgreSQL's sizes.
Result<std::string> size_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  constexpr std::string_view kUnits[] = {"", "kB", "MB", "GB", "TB", "PB"};
  const auto found = std::find(std::begin(kUnits), std::end(kUnits), unit);
  const auto steps = std::distance(std::begin(kUnits), found);
  if (error != std::errc() || number <= 0 || found == std::end(kUnits) ||
      number > (INT64_MAX >> (10 * steps)))
    return fail(ErrorKind::misconfigured,
                fmt::format("--disk {}: a size is wanted, such as 4TB, 500GB or a number of bytes", text));
  return std::to_string(number << (10 * steps));
}

/// The disk of a server on this machine; of its folder, or of what above it this user may look at.
std::optional<fs::space_info> local_disk(const Database& database, const std::string& folder) {
  const auto variables = database.environment();
  const bool here = std::any_of(variables.begin(), variables.end(),
                                [](const std::string& entry) { return entry.starts_with("PGHOST=/"); });
  if (!here || folder.empty()) return std::nullopt;
  for (fs::path path = folder; path.has_relative_path(); path = path.parent_path()) {
    std::error_code error;
    const auto space = fs::space(path, error);
    if (!error) return space;
  }
  return std::nullopt;
}

Result<Disk> disk_of(Database& database, const std::optional<std::string>& stated) {
  if (stated) {
    auto bytes = size_of(*stated);
    if (!bytes) return tl::unexpected(bytes.error());
    return Disk{*bytes, {}, "--disk"};
  }
  const auto known = database.run(query("monitor/disk.sql"));
  if (!known) return tl::unexpected(known.error());
  if (known->at(0, "bytes") != "0" && !known->at(0, "bytes").empty())
    return Disk{known->at(0, "bytes"), {}, "setting disk_bytes"};
  if (const auto space = local_disk(database, known->at(0, "folder")))
    return Disk{std::to_string(space->capacity), std::to_string(space->capacity - space->available),
                "this machine"};
  return Disk{};
}

/// Stores that come near what a store can have, a sentence each.
std::vector<std::string> near_limits(const Table& organizations) {
  std::vector<std::string> found;
  for (std::size_t r = 0; r < organizations.rows.size(); ++r) {
    const auto& name = organizations.at(r, "organization");
    const auto number = [&](std::string_view column) { return std::stol(organizations.at(r, column)); };
    const auto sensors = number("most_sensors_in_a_store"), allowed = number("most_sensors_allowed"),
               series = number("most_series_in_a_store");
    if (sensors * 5 >= allowed * 4)
      found.push_back(fmt::format("{}: a store has {} of {} sensors (setting max_sensors_per_store)", name,
                                  sensors, allowed));
    if (series * 5 >= kMostSeries * 4)
      found.push_back(
          fmt::format("{}: a store has {} of {} series of lines and regions; beyond that readings "
                      "are rejected as too_many_series",
                      name, series, kMostSeries));
  }
  return found;
}

std::string size_at(const Table& table, std::size_t row, std::string_view column) {
  return size_text(std::stoll(table.at(row, column)));
}

void tell(const Table& organizations, const Table& room, const Disk& disk, std::ostream& out) {
  const auto rest = std::stoll(room.at(0, "database_bytes")) - std::stoll(room.at(0, "raw_bytes")) -
                    std::stoll(room.at(0, "bucket_bytes"));
  out << wrapped(fmt::format("The database takes {}: readings {}, buckets {}, everything else {}.",
                             size_at(room, 0, "database_bytes"), size_at(room, 0, "raw_bytes"),
                             size_at(room, 0, "bucket_bytes"), size_text(std::max(rest, 0LL))),
                 0);
  out << wrapped(
      room.at(0, "readings_per_day") == "0"
          ? "It does not grow: no readings of the last seven days."
          : fmt::format(
                "It grows by {} a day with {} readings; readings will take {} once as many leave as come.",
                size_at(room, 0, "bytes_per_day"), room.at(0, "readings_per_day"),
                size_at(room, 0, "raw_bytes_at_retention")),
      0);
  if (!disk.bytes) {
    out << wrapped("Nobody said how large its disk is: --disk 4TB, or the setting disk_bytes.", 0);
  } else {
    const auto& days = room.at(0, "days_left");
    out << wrapped(
        fmt::format("Of the disk's {} ({}) {} are used, {} %; {}", size_at(room, 0, "disk_bytes"),
                    disk.said_by, size_at(room, 0, "used_bytes"), room.at(0, "used_percent"),
                    days.empty()  ? "as it grows now, 70 % are never reached."
                    : days == "0" ? "70 % are passed: time for a larger one, or a shorter retention."
                    : days == "36500"
                        ? "70 % are not reached within a hundred years."
                        : fmt::format("70 % are full in {} days, on {}.", days, room.at(0, "full_on"))),
        0);
  }
  Table shown;
  shown.columns = {"organization", "stores", "sensors", "readings/day", "takes", "a day", "at retention"};
  for (std::size_t r = 0; r < organizations.rows.size(); ++r) {
    const auto sum = [&](std::string_view one, std::string_view other) {
      return size_text(std::stoll(organizations.at(r, one)) + std::stoll(organizations.at(r, other)));
    };
    shown.rows.push_back({organizations.at(r, "organization"), organizations.at(r, "stores"),
                          organizations.at(r, "sensors"), organizations.at(r, "readings_per_day"),
                          sum("raw_bytes", "bucket_bytes"), sum("raw_bytes_per_day", "bucket_bytes_per_day"),
                          size_at(organizations, r, "raw_bytes_at_retention")});
  }
  if (!shown.rows.empty()) out << '\n' << to_text(shown);
}

}  // namespace

Outcome capacity(Call& call) {
  const auto stated = call.option("--disk");
  if (!stated) return tl::unexpected(stated.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (*stated) {  // before anything is asked of the database
    if (const auto size = size_of(**stated); !size) return tl::unexpected(size.error());
  }
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  if (auto begun = database->run("begin read only"); !begun) return tl::unexpected(begun.error());
  const auto disk = disk_of(*database, *stated);
  if (!disk) return tl::unexpected(disk.error());
  const auto organizations = database->run(query("monitor/organizations.sql"));
  if (!organizations) return tl::unexpected(organizations.error());
  const std::optional<std::string> arguments[] = {disk->bytes, disk->used};
  const auto room = database->run(query("monitor/room.sql"), arguments);
  if (!room) return tl::unexpected(room.error());
  const auto limits = near_limits(*organizations);
  if (call.json) {
    auto document = to_json(*room)[0];
    document["time"] = now_text();
    document["disk_said_by"] = disk->bytes ? json(disk->said_by) : json();
    document["organizations"] = to_json(*organizations);
    document["near_limits"] = limits;
    call.print(document);
  } else {
    tell(*organizations, *room, *disk, call.out);
    for (const auto& limit : limits) call.out << '\n' << wrapped(limit, 0);
  }
  const auto& days = room->at(0, "days_left");
  const bool ends_soon = !days.empty() && std::stol(days) < kLeastDays;
  return ends_soon || !limits.empty() ? cli::kProblem : cli::kOk;
}

}  // namespace lintel::hq
