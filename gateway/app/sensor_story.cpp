#include "gateway/app/sensor_story.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/moments.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/health/history.hpp"
#include "gateway/health/words.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr int kChangesShown = 20;
constexpr Millis kLookBack = std::chrono::days{30};

json maybe(std::optional<std::int64_t> value) {
  return value ? json(*value) : json(nullptr);
}

Result<std::int64_t> find(store::Database& db, const std::string& word) {
  std::vector<std::string> serials, known;
  std::int64_t id = 0;
  auto rows =
      db.prepare("select id, serial, name from sensor_metadata where deleted_at is null order by serial");
  while (rows.step()) {
    if (rows.text(1) == word) return rows.integer(0);
    known.emplace_back(rows.text(1));
    if (rows.text(2) != word) continue;
    serials.emplace_back(rows.text(1));
    id = rows.integer(0);
  }
  if (serials.size() == 1) return id;
  if (serials.size() > 1) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} sensors are called \"{}\": say which by its serial, {}", serials.size(), word,
                            fmt::join(serials, " or ")));
  }
  const std::vector<std::string_view> words(known.begin(), known.end());
  return fail(ErrorKind::misconfigured,
              fmt::format("no sensor is called {}, {}; other words are list and set", word,
                          config::suggest(word, words)));
}

json device_of(store::Database& db, std::int64_t sensor) {
  auto row = db.prepare(
      "select connected, battery_percent, battery_mv, tampered, faults, firmware, updated_at, signal_dbm, "
      "margin_db "
      "from device_states where sensor_id = ?");
  row.bind(sensor);
  if (!row.step()) return nullptr;
  const auto yes = [&row](int column) {
    return row.is_null(column) ? json(nullptr) : json(row.integer(column) != 0);
  };
  return {{"connected", yes(0)},
          {"battery_percent", maybe(row.maybe_integer(1))},
          {"battery_mv", maybe(row.maybe_integer(2))},
          {"signal_dbm", maybe(row.maybe_integer(7))},
          {"margin_db", maybe(row.maybe_integer(8))},
          {"tampered", yes(3)},
          {"faults", json::parse(row.text(4), nullptr, false)},
          {"firmware", row.text(5)},
          {"at", format_utc(utc_ms(row.integer(6)))}};
}

std::string device_text(const json& device) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (device["battery_percent"].is_number())
    add(fmt::format("battery {} %", device["battery_percent"].get<int>()));
  if (device["battery_mv"].is_number()) add(fmt::format("{} mV", device["battery_mv"].get<int>()));
  if (device["signal_dbm"].is_number()) add(fmt::format("signal {} dBm", device["signal_dbm"].get<int>()));
  if (device["margin_db"].is_number()) add(fmt::format("link margin {} dB", device["margin_db"].get<int>()));
  if (device["tampered"] == true) add("moved, opened or covered");
  if (device["connected"].is_boolean())
    add(device["connected"] == true ? "connected" : "left by its last will");
  if (device["faults"].is_array())
    for (const auto& fault : device["faults"])
      if (fault.is_string()) add(fault.get<std::string>());
  if (!device.value("firmware", "").empty()) add("firmware " + device["firmware"].get<std::string>());
  return text;
}

}  // namespace

Result<json> story_of(store::Database& db, const std::string& word, UtcMs now) {
  const auto id = find(db, word);
  if (!id) return tl::unexpected(id.error());
  auto row =
      db.prepare("select serial, name, model, link, lifecycle, status from sensor_metadata where id = ?");
  row.bind(*id);
  (void)row.step();
  json story{{"serial", row.text(0)}, {"name", row.text(1)},      {"decoder", row.text(2)},
             {"link", row.text(3)},   {"lifecycle", row.text(4)}, {"status", row.text(5)}};
  const auto changes = health::changes_of(db, *id, health::History::kMostOfASensor);
  // The gateway has just started and cannot say yet: what was holds.
  const bool current = !changes.empty() && changes.front().status == story["status"];
  story["since"] = current ? json(format_utc(changes.front().at)) : json(nullptr);
  story["cause"] = current ? changes.front().cause : "";
  story["device"] = device_of(db, *id);
  auto& month = story["days_30"];
  month = json::object();
  for (const auto& [status, spent] : health::time_in_states(db, *id, now - kLookBack, now))
    month[status] = std::chrono::floor<std::chrono::seconds>(spent).count();
  month["changes"] = std::count_if(changes.begin(), changes.end(),
                                   [&](const auto& change) { return change.at >= now - kLookBack; });
  auto& list = story["changes"];
  list = json::array();
  for (const auto& change : changes) {
    if (list.size() == kChangesShown) break;
    list.push_back({{"at", format_utc(change.at)},
                    {"at_ms", count_ms(change.at)},
                    {"status", change.status},
                    {"kind", change.kind},
                    {"cause", change.cause}});
  }
  return story;
}

std::string story_text(const json& story, const std::string& timezone) {
  const auto zone = clock::Zone::find(timezone).value_or(*clock::Zone::find("UTC"));
  auto text = fmt::format("{} ({}), decoded by {}, on link {}\n", story.value("name", ""),
                          story.value("serial", ""), story.value("decoder", ""), story.value("link", ""));
  const auto& changes = story["changes"];
  const bool since = story["since"].is_string();
  text += fmt::format(
      "{}{}{}\n", story.value("status", ""),
      since
          ? fmt::format(" since {}",
                        cli::local_text(utc_ms(changes[0]["at_ms"].get<std::int64_t>()), zone).substr(0, 16))
          : "",
      story.value("cause", "").empty() ? "" : ": " + story.value("cause", ""));
  if (story["device"].is_object()) {
    if (const auto said = device_text(story["device"]); !said.empty())
      text += fmt::format("The device says: {}\n", said);
  }
  std::string month;
  for (const auto& [status, seconds] : story["days_30"].items()) {
    if (status == "changes") continue;
    month += fmt::format("{}{} {}", month.empty() ? "" : ", ", status,
                         health::in_words(std::chrono::seconds{seconds.get<std::int64_t>()}));
  }
  if (!month.empty()) {
    text += fmt::format("Of the last 30 days: {}; {} changes\n", month,
                        story["days_30"]["changes"].get<std::int64_t>());
  }
  for (const auto& change : changes) {
    text += fmt::format("  {}  {:<9} {}\n",
                        cli::local_text(utc_ms(change["at_ms"].get<std::int64_t>()), zone).substr(0, 16),
                        change.value("status", ""), change.value("cause", ""));
  }
  return text;
}

}  // namespace lintel::app
