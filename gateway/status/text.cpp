#include "gateway/status/text.hpp"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/clock/zone.hpp"
#include "gateway/health/words.hpp"
#include "gateway/status/columns.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;

const char* code_of(const std::string& status) {
  if (status == "ok" || status == "online") return "32";
  if (status == "problem" || status == "offline") return "31;1";
  if (status == "attention" || status == "degraded") return "33";
  return "2";
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? clean(found->get<std::string>()) : std::string();
}

std::string ago(const json& object, const char* key, UtcMs now) {
  const auto at = instant_of(object, key);
  if (!at) return "never";
  if (*at > now + Millis{5000}) return "ahead";  // its clock, or ours
  return health::in_words(std::max(now - *at, Millis{0})) + " ago";
}

std::string bytes(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "unknown";
  const auto number = found->get<double>();
  if (number >= 1e9) return fmt::format("{:.1f} GB", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.1f} MB", number / 1e6);
  return fmt::format("{:.0f} KB", number / 1e3);
}

std::string head(const json& gateway) {
  const auto state = text_at(gateway, "state");
  std::string text = fmt::format("{} ({}), lintel {}", text_at(gateway, "name"), text_at(gateway, "store"),
                                 text_at(gateway, "version"));
  if (state == "running") {
    const auto uptime = std::chrono::seconds{gateway.value("uptime_s", std::int64_t{0})};
    text += fmt::format(", running for {}", health::in_words(uptime));
  } else {
    text += state == "silent" ? ", running but silent" : ", not running";
  }
  return wrapped("", text);
}

std::string verdict(const json& verdict, const Paint& paint) {
  auto text = paint(code_of(text_at(verdict, "status")), wrapped("", text_at(verdict, "text")));
  const auto& problems = verdict["problems"];
  for (const auto& problem : problems) {
    if (problems.size() > 1) text += "\n" + wrapped("! ", text_at(problem, "what"));
    text += wrapped("  ", text_at(problem, "advice"));
  }
  return text;
}

std::string row(const std::vector<std::string>& cells, const Paint& paint, const char* code) {
  const auto link = columns(cells[6]) <= 11 ? cells[6] : fitted(cells[6], 11);
  return fmt::format("{} {} {} {:>8} {:>6} {:>7}  {}\n", fitted(cells[0], 22),
                     paint(code, fitted(cells[1], 8)), fitted(cells[2], 11), cells[3], cells[4], cells[5],
                     link);
}

/// For which share of the day so far its numbers are complete.
std::string covered(const json& today) {
  const auto share = today.find("coverage");
  if (share == today.end() || !share->is_number()) return "-";
  const double whole = share->get<double>();
  return fmt::format("{} %", whole >= 1 ? 100 : std::min(99, static_cast<int>(whole * 100)));
}

std::string sensor_table(const json& sensors, UtcMs now, const Paint& paint) {
  if (sensors.empty()) return "";
  auto text =
      "\n" + row({"SENSOR", "STATUS", "HEARD", "TODAY IN", "OUT", "COVERED", "LINK"}, Paint{false}, "");
  for (const auto& sensor : sensors) {
    const auto status = text_at(sensor, "status");
    const auto& today = sensor["today"];
    text +=
        row({text_at(sensor, "name"), status, ago(sensor, "last_data", now),
             std::to_string(today.value("in", std::int64_t{0})),
             std::to_string(today.value("out", std::int64_t{0})), covered(today), text_at(sensor, "link")},
            paint, code_of(status));
  }
  return text;
}

/// People in the configured regions, what they hold, and what counting was wrong by.
std::string region_lines(const json& regions, const Paint& paint) {
  std::string text;
  for (const auto& region : regions) {
    const bool known = region["present"].is_number();
    auto line = known ? fmt::format("{} {}", region.value("uncertain", false) ? "about" : "now",
                                    region["present"].get<std::int64_t>())
                      : std::string("nobody knows how many");
    if (region["capacity"].is_number()) line += fmt::format(" of {}", region["capacity"].get<std::int64_t>());
    if (region.value("over", false)) line += ", too many";
    const auto& drift = region["drift"];
    if (drift.is_object()) {
      const auto below = drift.value("below_zero", std::int64_t{0});
      if (below > 0) line += fmt::format("; {} left without having come", below);
      if (drift["left_over"].is_number() && drift["left_over"] != 0)
        line += fmt::format("; {} left over at closing", drift["left_over"].get<std::int64_t>());
    }
    const auto row = fmt::format("{} {}\n", fitted(text_at(region, "name"), 22), line);
    text += region.value("over", false) ? paint("33", row) : row;
  }
  return text.empty() ? text : "\nPEOPLE PRESENT\n" + text;
}

/// "10:40" in the store's zone, with the date where that was not today.
std::string local_time(UtcMs at, UtcMs now, const std::string& timezone) {
  auto zone = clock::Zone::find(timezone);
  const auto wall = [&](UtcMs instant) { return format_utc(zone ? zone->to_wall(instant) : instant); };
  const auto text = wall(at);  // 2026-07-31T10:40:00Z
  const bool today = text.substr(0, 10) == wall(now).substr(0, 10);
  return today ? text.substr(11, 5) : fmt::format("{} {}", text.substr(0, 10), text.substr(11, 5));
}

/// Why a sensor's status is what it is, where the problems have not said it already.
std::string notes(const json& sensors, UtcMs now, const std::string& timezone) {
  std::string text;
  for (const auto& sensor : sensors) {
    if (const auto since = instant_of(sensor["today"], "missing_since")) {
      text += wrapped("  ", fmt::format("{}: missing since {}", text_at(sensor, "name"),
                                        local_time(*since, now, timezone)));
    }
    const auto status = text_at(sensor, "status");
    if (status != "unknown" || text_at(sensor, "cause").empty()) continue;
    text += wrapped("  ", fmt::format("{}: {}. {}", text_at(sensor, "name"), text_at(sensor, "cause"),
                                      text_at(sensor, "advice")));
  }
  return text.empty() ? text : "\n" + text;
}

std::string hq(const json& all, UtcMs now) {
  const auto& hq = all["hq"];
  if (!hq.value("configured", false)) return "not configured: readings stay here";
  const auto waiting = all["backlog"].value("changes", std::int64_t{0});
  auto text = fmt::format("last contact {}, {}", ago(hq, "last_contact", now),
                          waiting == 0 ? "nothing waits"
                                       : fmt::format("{} changes wait, the oldest from {}", waiting,
                                                     ago(all["backlog"], "oldest", now)));
  if (waiting > 0 && hq.value("present", false)) text += "; the newest are there already";
  if (const auto error = text_at(hq, "error"); !error.empty()) text += "; " + error;
  if (const auto card = hq.find("card");
      card != hq.end() && card->is_object() && text_at(hq, "error").empty()) {
    if (const auto trouble = text_at(*card, "trouble"); !trouble.empty()) text += "; token: " + trouble;
  }
  if (const auto note = text_at(hq, "contract_note"); !note.empty()) text += "; " + note;
  if (const auto refused = text_at(hq, "coverage_refused"); !refused.empty())
    text += "; coverage: " + refused;
  if (const auto refused = text_at(hq, "alerts_refused"); !refused.empty())
    text += "; HQ did not take an alert: " + refused;
  return text;
}

/// How long the readings have room without HQ, and what had to go.
std::string room(const json& gateway) {
  const auto room = gateway.value("room", json::object());
  std::string text;
  if (const auto days = room.value("days_alone", json(nullptr)); days.is_number()) {
    text += fmt::format("; {} days of readings have room without HQ", days.get<std::int64_t>());
  }
  const auto lost = room.value("given_up", json::object());
  if (const auto readings = lost.value("readings", std::int64_t{0}); readings > 0) {
    text += fmt::format("; {} readings of {} to {} had to go before HQ had them", readings,
                        text_at(lost, "from"), text_at(lost, "to"));
  }
  return text;
}

std::string clock_line(const json& clock) {
  const auto source = text_at(clock, "source");
  std::string line = source == "ntp"     ? "set by NTP"
                     : source == "https" ? "told by HQ, no time server has been reached"
                     : source == "host"  ? "this machine's own, confirmed by nobody yet"
                                         : "not known yet";
  const auto off = clock.find("uncertainty_ms");
  if (off != clock.end() && off->is_number_integer() && source != "none") {
    line += fmt::format(", right to within {} s", static_cast<double>(off->get<std::int64_t>()) / 1000.0);
  }
  if (clock.value("readings_wait", false)) line += "; readings wait for it";
  return line;
}

std::string facts(const json& all, UtcMs now) {
  const auto& gateway = all["gateway"];
  std::string text = "\n" + wrapped("HQ          ", hq(all, now));
  for (const auto& link : all["links"]) {
    const auto trouble = text_at(link, "trouble");
    text += wrapped("Link        ",
                    fmt::format("{}: {}{}{}", text_at(link, "name"), link.value("up", false) ? "up" : "down",
                                trouble.empty() ? "" : ", ", trouble));
  }
  const auto kept = all["quarantine"].value("count", std::int64_t{0});
  if (kept > 0) {
    text +=
        wrapped("Unreadable  ", fmt::format("{} kept, the newest {}: {}", health::counted(kept, "message"),
                                            ago(all["quarantine"]["newest"], "at", now),
                                            text_at(all["quarantine"]["newest"], "reason")));
  }
  if (gateway.contains("clock")) text += wrapped("Clock       ", clock_line(gateway["clock"]));
  return text +
         wrapped("Disk        ", fmt::format("{} free, database {}{}", bytes(gateway, "disk_free_bytes"),
                                             bytes(gateway, "database_bytes"), room(gateway)));
}

}  // namespace

std::string to_text(const json& snapshot, bool colour) {
  const Paint paint{colour};
  const auto now = instant_of(snapshot, "time").value_or(UtcMs{});
  return head(snapshot["gateway"]) + verdict(snapshot["verdict"], paint) +
         sensor_table(snapshot["sensors"], now, paint) +
         region_lines(snapshot.value("regions", json::array()), paint) +
         notes(snapshot["sensors"], now, text_at(snapshot["gateway"], "timezone")) + facts(snapshot, now);
}

}  // namespace lintel::status
