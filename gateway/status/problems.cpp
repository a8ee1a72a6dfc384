#include "gateway/status/problems.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/health/own.hpp"
#include "gateway/health/words.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/members.hpp"

namespace lintel::status {

namespace {

using health::counted;
using nlohmann::json;

constexpr auto kHqMayBeSilent = std::chrono::minutes{15};

class Problems {
 public:
  void add(const char* severity, std::string what, std::string advice, json sensor = nullptr) {
    json problem{{"severity", severity}, {"what", std::move(what)}, {"advice", std::move(advice)}};
    if (!sensor.is_null()) problem["sensor"] = std::move(sensor);
    list_.push_back(std::move(problem));
  }
  [[nodiscard]] json sorted() const {
    auto list = list_;
    std::stable_sort(list.begin(), list.end(),
                     [](const json& a, const json& b) { return a["severity"] > b["severity"]; });
    return list;
  }

 private:
  std::vector<json> list_;
};

constexpr const char* kProblem = "problem";
constexpr const char* kAttention = "attention";

/// What is wrong with the gateway itself: as the daemon judges it where it runs, else what the disk says.
std::vector<health::Condition> conditions_of(const json& gateway) {
  std::vector<health::Condition> found;
  if (const auto told = gateway.find("conditions"); told != gateway.end()) {
    for (const auto& each : *told) {
      found.push_back({text_of(each, "kind"), health::severity_from(text_of(each, "severity")),
                       text_of(each, "what"), text_of(each, "advice")});
    }
    return found;
  }
  health::OwnFacts facts;
  facts.running = false;
  const auto free = gateway.find("disk_free_bytes");
  if (free != gateway.end() && free->is_number()) facts.disk_free = free->get<std::uint64_t>();
  return health::judge_own(facts);
}

void look_at_gateway(const json& gateway, Problems& problems) {
  const auto state = text_of(gateway, "state");
  if (state == "stopped") {
    problems.add(kProblem, "The gateway is not running: nobody is being counted.",
                 "Start it with `systemctl start lintel`, or `lintel run` to see why it does not start.");
  } else if (state == "silent") {
    problems.add(kProblem, "The gateway is running, but does not answer.",
                 "Wait a minute; if it stays so, restart it with `systemctl restart lintel`.");
  }
  if (const auto notice = text_of(gateway, "notice"); !notice.empty()) {
    problems.add(kAttention, notice, "Keep the old file for support; counting goes on.");
  }
  for (const auto& condition : conditions_of(gateway)) {
    problems.add(condition.severity == health::Severity::critical ? kProblem : kAttention, condition.what,
                 condition.advice);
  }
}

const char* advice_for(const std::string& link_type) {
  if (link_type == "serial" || link_type == "modbus")
    return "Check the cable and the adapter; it reconnects by itself.";
  if (link_type == "poll") return "Check the device and its file in links.d; it is asked again by itself.";
  if (link_type == "http") return "Check [ingest] listen in gateway.conf; it is tried again by itself.";
  return "Check the broker and the network; it reconnects by itself.";
}

/// Whether a sensor of this link says the same: a unit on a bus that does not answer.
bool is_told(const json& sensors, const json& link) {
  return std::any_of(sensors.begin(), sensors.end(), [&](const json& sensor) {
    return text_of(sensor, "link") == text_of(link, "name") &&
           text_of(sensor, "cause") == text_of(link, "trouble");
  });
}

void look_at_links(const json& links, const json& sensors, Problems& problems) {
  for (const auto& link : links) {
    const auto trouble = text_of(link, "trouble");
    if (link.value("up", false)) {
      if (!trouble.empty() && !is_told(sensors, link)) {
        problems.add(kAttention, fmt::format("The link {} works, but: {}", text_of(link, "name"), trouble),
                     "What works goes on meanwhile.");
      }
      continue;
    }
    problems.add(
        kProblem,
        fmt::format("The link {} is down{}{}", text_of(link, "name"), trouble.empty() ? "" : ": ", trouble),
        advice_for(text_of(link, "type")));
  }
}

bool is_down(const json& links, const std::string& name) {
  return std::any_of(links.begin(), links.end(), [&](const json& link) {
    return text_of(link, "name") == name && !link.value("up", false);
  });
}

void look_at_sensors(const json& sensors, const json& links, bool running, Problems& problems) {
  for (const auto& sensor : sensors) {
    const auto status = text_of(sensor, "status");
    if (status != "offline" && status != "degraded") continue;
    if (is_down(links, text_of(sensor, "link"))) continue;  // the link is the problem, and is told
    problems.add(status == "offline" ? kProblem : kAttention,
                 fmt::format("{}: {}", text_of(sensor, "name"), text_of(sensor, "cause")),
                 text_of(sensor, "advice"), sensor["id"]);
  }
  const bool all_up =
      std::all_of(links.begin(), links.end(), [](const json& link) { return link.value("up", false); });
  if (sensors.empty() && running && all_up) {
    problems.add(kAttention, "No sensor has reported yet.",
                 "Walk through a door once. If nothing appears, check the files in links.d.");
  }
}

void look_at_hq(const json& hq, const json& backlog, bool running, UtcMs now, Problems& problems) {
  if (const auto refused = hq.value("refused_readings", std::int64_t{0}); refused > 0) {
    problems.add(kAttention, fmt::format("HQ refused {}.", counted(refused, "reading")),
                 "They are kept, and sent once more when HQ's rules change. `lintel sync` names them; show "
                 "this to HQ: its "
                 "rules or this gateway's clock may be wrong.");
  }
  if (!running || !hq.value("configured", false) || hq.value("failures", std::int64_t{0}) == 0) return;
  const auto contact = instant_of(hq, "last_contact");
  const auto trouble = text_of(hq, "trouble");
  // Waiting does not help.
  const bool unwanted = trouble == "credential" || trouble == "identity" || trouble == "version";
  if (!unwanted && contact && now - *contact < kHqMayBeSilent) return;
  const auto error = text_of(hq, "error");
  auto what = unwanted  ? std::string("HQ takes nothing from this gateway")
              : contact ? fmt::format("No contact with HQ for {}", health::in_words(now - *contact))
                        : std::string("HQ has never been reached");
  if (!error.empty()) what += ": " + error;
  auto advice = text_of(hq, "advice");
  if (advice.empty()) advice = "Check the network of the store.";
  if (!advice.ends_with('.')) advice += '.';
  const auto waiting = backlog.value("changes", std::int64_t{0});
  problems.add(
      kAttention, std::move(what),
      fmt::format("{} Nothing is lost: {} until HQ answers.", advice,
                  waiting == 1 ? "1 change waits here" : fmt::format("{} changes wait here", waiting)));
}

void look_at_quarantine(const json& quarantine, Problems& problems) {
  const auto recent = quarantine.value("last_hour", std::int64_t{0});
  if (recent < 3 || !quarantine["newest"].is_object()) return;
  const auto& newest = quarantine["newest"];
  problems.add(kAttention,
               fmt::format("{} of the last hour could not be read; the newest came over {}: {}",
                           counted(recent, "message"), text_of(newest, "link"), text_of(newest, "reason")),
               "Check that the decoder of this link fits the device that sends there.");
}

std::string headline(const json& problems, const json& snapshot) {
  if (!problems.empty()) {
    return problems.size() == 1 ? problems[0]["what"].get<std::string>()
                                : fmt::format("{} things need attention.", problems.size());
  }
  const auto& sensors = snapshot["sensors"];
  const auto online = std::count_if(sensors.begin(), sensors.end(),
                                    [](const json& sensor) { return text_of(sensor, "status") == "online"; });
  if (online == static_cast<std::ptrdiff_t>(sensors.size())) {
    return sensors.size() == 1 ? "All is well: the sensor is counting."
                               : fmt::format("All is well: {} sensors are counting.", sensors.size());
  }
  return fmt::format("No fault is known: {} of {} sensors are heard.", online, sensors.size());
}

}  // namespace

json verdict(const json& snapshot, UtcMs now) {
  Problems problems;
  const bool running = text_of(snapshot["gateway"], "state") == "running";
  look_at_gateway(snapshot["gateway"], problems);
  look_at_links(snapshot["links"], snapshot["sensors"], problems);
  look_at_sensors(snapshot["sensors"], snapshot["links"], running, problems);
  look_at_hq(snapshot["hq"], snapshot["backlog"], running, now, problems);
  look_at_quarantine(snapshot["quarantine"], problems);
  auto list = problems.sorted();
  const std::string status = list.empty() ? "ok" : list[0]["severity"].get<std::string>();
  return {{"status", status}, {"text", headline(list, snapshot)}, {"problems", std::move(list)}};
}

}  // namespace lintel::status
