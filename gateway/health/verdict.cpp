#include "gateway/health/verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/health/kinds.hpp"
#include "gateway/health/reach.hpp"
#include "gateway/health/words.hpp"

namespace lintel::health {

namespace {

/// Fewer unreadable payloads in an hour are noise on a line, not a state.
constexpr int kRejectsThatMatter = 3;
/// So many times too long a silence in 24 hours is no accident.
constexpr int kGapsThatMatter = 3;
constexpr int kBatteryNearlyEmpty = 5;

std::string clock_clause(std::string_view fault) {
  constexpr std::string_view kZone = "wrong_zone ";
  if (fault == "unset") return "its clock is not set";
  if (fault == "frozen") return "its clock stands still";
  if (!fault.starts_with(kZone)) return "its clock is ahead";
  fault.remove_prefix(kZone.size());
  const bool ahead = fault.starts_with('-');
  if (ahead) fault.remove_prefix(1);
  return fmt::format("its clock is {} minutes {}, as if in another time zone", fault,
                     ahead ? "ahead" : "behind");
}

void add(std::vector<Finding>& all, std::string_view kind, std::string cause, std::string advice,
         Severity severity = Severity::warning) {
  all.push_back({kind, Status::degraded, std::move(cause), std::move(advice), severity});
}

void look_at_device(const DeviceFacts& device, std::vector<Finding>& all) {
  if (device.tampered) {
    add(all, kind::kTampered, "it says that it was moved, opened or covered",
        "Go and look at it: it may count wrong, or nobody at all.");
  }
  if (!device.faults.empty()) {
    add(all, kind::kFault, fmt::format("it says: {}", fmt::join(device.faults, "; ")),
        "Look whether its lens is clean and free, and restart it. If it says so again, have it replaced.");
  }
  if (device.battery_low) {
    const bool percent = device.battery_percent.has_value();
    const bool empty = percent && *device.battery_percent <= kBatteryNearlyEmpty;
    add(all, kind::kBattery,
        percent ? fmt::format("its battery is at {} %", *device.battery_percent)
                : std::string("it says that its battery is low"),
        empty ? "Replace the battery now." : "Replace the battery in the next days.",
        empty ? Severity::critical : Severity::warning);
  }
}

/// Of a sensor that is there or not: what else is wrong with it, the worst first.
std::vector<Finding> ailments(const SensorFacts& facts) {
  std::vector<Finding> all;
  look_at_device(facts.device, all);
  all.insert(all.end(), facts.odd_counts.begin(), facts.odd_counts.end());
  if (facts.rejects >= kRejectsThatMatter) {
    auto cause = fmt::format("{} of the last hour could not be read", counted(facts.rejects, "message"));
    if (!facts.last_reject.empty()) cause += ": " + facts.last_reject;
    add(all, kind::kUnreadable, std::move(cause),
        "Check that its decoder fits the model and its firmware; `lintel quarantine` shows the messages.");
  }
  if (!facts.clock_fault.empty()) {
    add(all, kind::kClock, clock_clause(facts.clock_fault),
        "Its counts are taken as of their arrival. Set its clock and its time zone, or let it use NTP.");
  }
  if (facts.gaps >= kGapsThatMatter) {
    add(all, kind::kGaps, fmt::format("it fell silent {} times in the last 24 hours", facts.gaps),
        "Its power or its radio link is bad: check plug, cable and the distance to the access point.");
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return all;
}

}  // namespace

Verdict judge(const SensorFacts& facts, const Rules& rules, BootTime now) {
  if (!facts.enabled) return {Status::disabled, "switched off in the configuration"};
  auto reach = reach_of(facts, rules, now);
  Verdict verdict;
  verdict.findings = ailments(facts);
  verdict.since = reach.since;
  verdict.undecided = reach.undecided;
  const bool well = reach.status == Status::online;
  // A quiet door says nothing; what is known to be wrong with it does.
  const bool only_quiet = reach.status == Status::unknown && !reach.undecided;
  if (!well && !(only_quiet && !verdict.findings.empty())) {
    verdict.status = reach.status;
    verdict.cause = std::move(reach.cause);
    verdict.advice = std::move(reach.advice);
    if (reach.status != Status::unknown) {
      verdict.findings.insert(verdict.findings.begin(),
                              {reach.kind, reach.status, verdict.cause, verdict.advice});
    }
    return verdict;
  }
  verdict.status = verdict.findings.empty() ? Status::online : Status::degraded;
  if (!verdict.findings.empty()) {
    verdict.cause = verdict.findings.front().cause;
    verdict.advice = verdict.findings.front().advice;
  }
  return verdict;
}

}  // namespace lintel::health
