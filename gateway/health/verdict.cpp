#include "gateway/health/verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/health/words.hpp"

namespace lintel::health {

namespace {

/// Fewer unreadable payloads in an hour are noise on a line, not a state.
constexpr int kRejectsThatMatter = 3;
/// Rhythmic sensors are called late after so many intervals, and not before so long: one lost message is
/// nothing to look at.
constexpr int kLateAfterIntervals = 5;
constexpr Millis kLateAtTheEarliest = std::chrono::minutes{5};

constexpr const char* kCheckDevice =
    "Check that the sensor has power and that its cable or radio link is in place. "
    "If it moved to another network, enter its new settings.";

Millis span(BootTime from, BootTime to) {
  return std::chrono::duration_cast<Millis>(std::max(to - from, BootTime{}));
}

Millis interval_of(const SensorFacts& facts) {
  return facts.stated_interval.count() > 0 ? facts.stated_interval : facts.learned_interval;
}

std::string link_clause(const SensorFacts& facts) {
  return facts.link_trouble.empty() ? fmt::format("its link {} is down", facts.link)
                                    : fmt::format("its link {} is down: {}", facts.link, facts.link_trouble);
}

std::string link_advice(const SensorFacts& facts) {
  return fmt::format("Repair the link {} first; the sensor itself may be well.", facts.link);
}

Verdict silent_too_long(const SensorFacts& facts, BootTime quiet_since, Millis silence) {
  Verdict verdict{Status::offline, {}, kCheckDevice, quiet_since};
  const Millis interval = interval_of(facts);
  verdict.cause = fmt::format("silent for {}", in_words(silence));
  if (interval.count() > 0) {
    verdict.cause += fmt::format(", it {} every {}",
                                 facts.stated_interval.count() > 0 ? "should report" : "usually reports",
                                 in_words(interval));
  }
  if (!facts.link_up) {
    verdict.cause += "; " + link_clause(facts);
    verdict.advice = link_advice(facts);
  }
  return verdict;
}

/// Nothing yet since the gateway began to listen, and too early to say that something is wrong.
Verdict not_heard_yet(const SensorFacts& facts, const Rules& rules, BootTime now) {
  const Millis listening = span(rules.listening_since, now);
  if (!facts.last_data && !facts.heard_before) {
    return {Status::unknown,
            "never heard",
            "Walk through its door once. If nothing appears, check its power and its settings.",
            {}};
  }
  if (interval_of(facts).count() == 0) {
    return {Status::unknown,
            fmt::format("quiet since the gateway started {} ago", in_words(listening)),
            "It reports only when somebody passes: walk through its door to be sure.",
            {}};
  }
  return {Status::unknown,
          fmt::format("no data yet since the gateway started {} ago", in_words(listening)),
          fmt::format("Nothing to do before {} of silence.", in_words(patience(rules, interval_of(facts)))),
          {}};
}

Verdict quiet(const SensorFacts& facts, BootTime now) {
  return {Status::unknown,
          fmt::format("quiet for {}", in_words(span(*facts.last_data, now))),
          "It reports only when somebody passes: walk through its door to be sure. If it sends at fixed "
          "times, state its expected_interval.",
          {}};
}

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

/// It is there; is it well?
Verdict present(const SensorFacts& facts, Millis silence) {
  if (!facts.link_up) return {Status::degraded, link_clause(facts), link_advice(facts), {}};
  if (facts.rejects >= kRejectsThatMatter) {
    auto cause = fmt::format("{} of the last hour could not be read", counted(facts.rejects, "message"));
    if (!facts.last_reject.empty()) cause += ": " + facts.last_reject;
    return {Status::degraded,
            std::move(cause),
            "Check that its decoder fits the model and its firmware; `lintel quarantine` shows the messages.",
            {}};
  }
  const Millis interval = interval_of(facts);
  if (interval.count() > 0 && silence > std::max(kLateAtTheEarliest, kLateAfterIntervals * interval)) {
    return {Status::degraded,
            fmt::format("late: silent for {}, it usually reports every {}", in_words(silence),
                        in_words(interval)),
            "Wait a little. If it stays silent, check its power and its connection.",
            {}};
  }
  if (!facts.clock_fault.empty()) {
    return {Status::degraded,
            clock_clause(facts.clock_fault),
            "Its counts are taken as of their arrival. Set its clock and its time zone, or let it use NTP.",
            {}};
  }
  return {Status::online, {}, {}, {}};
}

/// Its link asked it again and again: nobody has to wait for its usual interval to know.
Verdict unanswered(const SensorFacts& facts, const Rules& rules) {
  return {Status::offline, facts.no_answer,
          "Check its power, its address, and the wires A and B up to it; other units on the bus are asked "
          "all the "
          "same.",
          std::max(facts.last_data.value_or(BootTime{}), rules.listening_since)};
}

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::online: return "online";
    case Status::degraded: return "degraded";
    case Status::offline: return "offline";
    case Status::unknown: return "unknown";
    case Status::disabled: return "disabled";
  }
  return "?";
}

Millis patience(const Rules& rules, Millis interval) {
  return std::max(rules.offline_after, 3 * interval);
}

Verdict judge(const SensorFacts& facts, const Rules& rules, BootTime now) {
  if (!facts.enabled) return {Status::disabled, "switched off in the configuration", {}, {}};
  if (facts.link_up && !facts.no_answer.empty()) return unanswered(facts, rules);
  const Millis limit = patience(rules, interval_of(facts));
  const bool fresh = facts.last_data && span(*facts.last_data, now) <= limit;
  if (fresh) return present(facts, span(std::max(*facts.last_data, rules.listening_since), now));
  const BootTime quiet_since = std::max(facts.last_data.value_or(BootTime{}), rules.listening_since);
  const Millis silence = span(quiet_since, now);
  const bool ever_heard = facts.last_data || facts.heard_before;
  const bool telling = interval_of(facts).count() > 0 || !facts.link_up;
  if (ever_heard && telling && silence > limit) return silent_too_long(facts, quiet_since, silence);
  const bool heard_by_us = facts.last_data && *facts.last_data >= rules.listening_since;
  return heard_by_us ? quiet(facts, now) : not_heard_yet(facts, rules, now);
}

}  // namespace lintel::health
