#include "gateway/health/reach.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/health/kinds.hpp"
#include "gateway/health/words.hpp"

namespace lintel::health {

namespace {

using namespace std::chrono_literals;

/// Sensors with a rhythm are called late after so many intervals, and not before so long: one lost message is
/// nothing to look at.
constexpr int kLateAfterIntervals = 5;
constexpr Millis kLateAtTheEarliest = 5min;
/// A device that is asked is gone when so many rounds failed and it has not answered for so long.
constexpr int kFailedCycles = 3;
constexpr Millis kUnansweredFor = 1min;
/// A device whose connection broke usually is back within this time.
constexpr Millis kComesBackWithin = 2min;

constexpr const char* kCheckDevice =
    "Check that the sensor has power and that its cable or radio link is in place. "
    "If it moved to another network, enter its new settings.";
constexpr const char* kCheckAsked =
    "Check its power, its address, and the wires or the network up to it; others are asked all the same.";
constexpr const char* kWalkThrough =
    "It reports only when somebody passes: walk through its door to be sure.";

Millis span(BootTime from, BootTime to) {
  return std::chrono::duration_cast<Millis>(std::max(to - from, BootTime{}));
}

std::string link_clause(const LinkFacts& link) {
  return link.trouble.empty() ? fmt::format("its link {} is down", link.name)
                              : fmt::format("its link {} is down: {}", link.name, link.trouble);
}

std::string link_advice(const LinkFacts& link) {
  return fmt::format("Repair the link {} first; the sensor itself may be well.", link.name);
}

/// One look at one sensor.
class Look {
 public:
  Look(const SensorFacts& facts, const Rules& rules, BootTime now)
      : facts_(facts),
        rules_(rules),
        now_(now),
        // What came while its link was down cannot have come.
        listening_(facts.link.up ? std::max(rules.listening_since, facts.link.changed)
                                 : rules.listening_since),
        quiet_since_(std::max(facts.last_data.value_or(BootTime{}), listening_)),
        silence_(span(quiet_since_, now)),
        interval_(interval_of(facts)),
        limit_(patience(rules, interval_)) {}

  [[nodiscard]] Reach operator()() const {
    const auto& link = facts_.link;
    if (link.up && !link.no_answer.empty()) return unanswered(link.no_answer);
    if (!link.up && link.is_device) return failing_poll();
    if (!link.up) return behind_a_broken_link();
    if (const auto& device = facts_.device; device.connected == false && !back(device)) return left(device);
    if (fresh()) return late();
    const bool rhythmic = interval_.count() > 0;
    if (ever_heard() && rhythmic && silence_ > limit_) return silent();
    if (!rhythmic && vouched_for()) return {};
    const bool heard_by_us = facts_.last_data && *facts_.last_data >= listening_;
    return heard_by_us ? quiet() : not_heard_yet();
  }

 private:
  [[nodiscard]] bool fresh() const { return facts_.last_data && span(*facts_.last_data, now_) <= limit_; }
  [[nodiscard]] bool ever_heard() const { return facts_.last_data || facts_.heard_before; }
  [[nodiscard]] bool back(const DeviceFacts& device) const {
    return facts_.last_data && *facts_.last_data > device.connected_at;
  }
  /// It holds its connection, or answers when it is asked.
  [[nodiscard]] bool vouched_for() const {
    return facts_.device.connected == true || (facts_.link.is_device && facts_.link.up);
  }

  [[nodiscard]] Reach unanswered(const std::string& how) const {
    if (silence_ >= kUnansweredFor) return {Status::offline, kind::kOffline, how, kCheckAsked, quiet_since_};
    return {Status::degraded, {}, how, "It is asked again by itself; wait a minute.", {}};
  }

  [[nodiscard]] Reach failing_poll() const {
    const auto& link = facts_.link;
    auto how = link.trouble.empty() ? std::string("it does not answer its poll") : link.trouble;
    if (link.failed_cycles >= kFailedCycles) return unanswered(how);
    return {Status::degraded,
            {},
            fmt::format("{} ({} in a row failed)", how, counted(std::max(link.failed_cycles, 1), "poll")),
            "It is asked again by itself; wait a minute.",
            {}};
  }

  [[nodiscard]] Reach behind_a_broken_link() const {
    const auto& link = facts_.link;
    if (fresh()) return {Status::degraded, {}, link_clause(link), link_advice(link), {}, true};
    // A quiet door is quiet; only what was silent since the link broke may be missed.
    const BootTime since = interval_.count() > 0 ? quiet_since_ : std::max(quiet_since_, link.changed);
    if (ever_heard() && span(since, now_) > limit_) {
      return {Status::offline,   {},           fmt::format("{}; {}", silence_words(), link_clause(link)),
              link_advice(link), quiet_since_, true};
    }
    return {Status::unknown, {}, link_clause(link), link_advice(link), {}, true};
  }

  [[nodiscard]] Reach left(const DeviceFacts& device) const {
    const BootTime since = std::max(device.connected_at, listening_);
    const Millis gone = span(since, now_);
    if (gone < kComesBackWithin)
      return {Status::degraded,
              {},
              fmt::format("its connection ended {} ago", in_words(gone)),
              "Wait two minutes: most devices come back by themselves.",
              {}};
    return {Status::offline, kind::kOffline,
            fmt::format("its connection ended {} ago, as its last will says", in_words(gone)), kCheckDevice,
            since};
  }

  [[nodiscard]] Reach late() const {
    const Millis silence = span(std::max(*facts_.last_data, listening_), now_);
    if (interval_.count() == 0 || silence <= late_after(interval_)) return {};
    return {Status::degraded,
            {},
            fmt::format("late: silent for {}, it usually reports every {}", in_words(silence),
                        in_words(interval_)),
            "Wait a little. If it stays silent, check its power and its connection.",
            {}};
  }

  [[nodiscard]] std::string silence_words() const {
    auto words = fmt::format("silent for {}", in_words(silence_));
    if (interval_.count() > 0) {
      words += fmt::format(", it {} every {}",
                           facts_.stated_interval.count() > 0 ? "should report" : "usually reports",
                           in_words(interval_));
    }
    return words;
  }

  [[nodiscard]] Reach silent() const {
    return {Status::offline, kind::kOffline, silence_words(), kCheckDevice, quiet_since_};
  }

  [[nodiscard]] Reach quiet() const {
    return {Status::unknown,
            {},
            fmt::format("quiet for {}", in_words(span(*facts_.last_data, now_))),
            fmt::format("{} If it sends at fixed times, state its expected_interval_seconds.", kWalkThrough),
            {}};
  }

  /// Nothing yet since the gateway or its link began to listen, and too early to say that something is wrong.
  [[nodiscard]] Reach not_heard_yet() const {
    if (!ever_heard()) {
      return {Status::unknown,
              {},
              "never heard",
              "Walk through its door once. If nothing appears, check its power and its settings.",
              {},
              true};
    }
    const bool by_link = listening_ > rules_.listening_since;
    const auto since = fmt::format("{} {} ago", by_link ? "its link came back" : "the gateway started",
                                   in_words(span(listening_, now_)));
    if (interval_.count() == 0)
      return {Status::unknown, {}, fmt::format("quiet since {}", since), kWalkThrough, {}, true};
    return {Status::unknown,
            {},
            fmt::format("no data yet since {}", since),
            fmt::format("Nothing to do before {} of silence.", in_words(limit_)),
            {},
            true};
  }

  const SensorFacts& facts_;
  const Rules& rules_;
  const BootTime now_;
  const BootTime listening_;
  const BootTime quiet_since_;
  const Millis silence_;
  const Millis interval_;
  const Millis limit_;
};

}  // namespace

Millis patience(const Rules& rules, Millis interval) {
  return std::max(rules.offline_after, 3 * interval);
}

Millis interval_of(const SensorFacts& facts) {
  return facts.stated_interval.count() > 0 ? facts.stated_interval : facts.learned_interval;
}

Millis late_after(Millis interval) {
  return std::max(kLateAtTheEarliest, kLateAfterIntervals * interval);
}

Reach reach_of(const SensorFacts& facts, const Rules& rules, BootTime now) {
  return Look(facts, rules, now)();
}

}  // namespace lintel::health
