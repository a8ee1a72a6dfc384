#include "gateway/health/verdict.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace lintel;
using namespace lintel::health;
using namespace std::chrono_literals;

namespace {

/// A moment in the life of one sensor. Times are minutes on the boot clock; -1: never in this boot.
struct Moment {
  const char* what;
  int last_data;
  bool earlier_boot;
  Millis stated, learned;
  int listening_since;
  int now;
  Status expected;
  const char* cause_says;
};

constexpr Millis kNone{0};

const std::vector<Moment> kTimeline = {
    {"data a moment ago", 100, true, kNone, 1min, 0, 101, Status::online, ""},
    {"a few minutes late", 100, true, kNone, 1min, 0, 104, Status::online, ""},
    {"late, but not for long", 100, true, kNone, 1min, 0, 107, Status::degraded, "late: silent for 7 min"},
    {"at the limit", 100, true, kNone, 1min, 0, 130, Status::degraded, "late"},
    {"beyond the limit", 100, true, kNone, 1min, 0, 131, Status::offline, "silent for 31 min"},
    {"for days", 100, true, kNone, 1min, 0, 10'000, Status::offline, "6 days"},
    {"stated rhythm", 100, true, 5min, kNone, 0, 131, Status::offline, "should report every 5 min"},
    {"the stated interval wins over the learned one", 100, true, 1h, 1min, 0, 160, Status::online, ""},
    {"a slow rhythm has three intervals", 100, true, kNone, 20min, 0, 159, Status::online, ""},
    {"and not more", 100, true, kNone, 20min, 0, 161, Status::offline, "usually reports every 20 min"},
    {"no rhythm, just now", 100, true, kNone, kNone, 0, 101, Status::online, ""},
    {"no rhythm, quiet door", 100, true, kNone, kNone, 0, 200, Status::unknown, "quiet for 100 min"},
    {"no rhythm, quiet for a week", 100, true, kNone, kNone, 0, 10'180, Status::unknown, "quiet for 7 days"},
    {"the gateway restarted, the sensor was heard just before", 100, true, kNone, 1min, 101, 102,
     Status::online, ""},
    {"the gateway was down for an hour and is back", 100, true, kNone, 1min, 160, 161, Status::unknown,
     "since the gateway started"},
    {"and still nothing half an hour later", 100, true, kNone, 1min, 160, 191, Status::offline,
     "silent for 31 min"},
    {"last data in another boot", -1, true, kNone, 1min, 1, 10, Status::unknown, "no data yet"},
    {"last data in another boot, silent since the start", -1, true, kNone, 1min, 1, 32, Status::offline,
     "silent for 31 min"},
    {"another boot, no rhythm", -1, true, kNone, kNone, 1, 500, Status::unknown, "quiet since the gateway"},
    {"never heard at all", -1, false, 1min, kNone, 1, 500, Status::unknown, "never heard"},
};

SensorFacts facts_of(const Moment& moment) {
  SensorFacts facts;
  if (moment.last_data >= 0) facts.last_data = std::chrono::minutes{moment.last_data};
  facts.heard_before = moment.earlier_boot;
  facts.stated_interval = moment.stated;
  facts.learned_interval = moment.learned;
  facts.link.name = "broker";
  return facts;
}

}  // namespace

TEST_CASE("health: every moment of a sensor's life has its verdict") {
  for (const auto& moment : kTimeline) {
    CAPTURE(moment.what);
    const Rules rules{30min, std::chrono::minutes{moment.listening_since}};
    const auto verdict = judge(facts_of(moment), rules, std::chrono::minutes{moment.now});
    CAPTURE(verdict.cause);
    CHECK(std::string(to_string(verdict.status)) == to_string(moment.expected));
    CHECK(verdict.cause.find(moment.cause_says) != std::string::npos);
    CHECK(verdict.cause.empty() == (verdict.status == Status::online));
    CHECK(verdict.advice.empty() == (verdict.status == Status::online));
    CHECK(verdict.since.has_value() == (verdict.status == Status::offline));
  }
}

TEST_CASE("health: the silence of an offline sensor begins no earlier than the gateway listened") {
  SensorFacts facts;
  facts.last_data = 10min;
  facts.learned_interval = 1min;
  CHECK(judge(facts, {30min, 5min}, 100min).since == BootTime{10min});
  CHECK(judge(facts, {30min, 50min}, 100min).since == BootTime{50min});
}

TEST_CASE("health: a link that is down explains silence, also at a quiet door") {
  SensorFacts facts;
  facts.last_data = 100min;
  facts.link.name = "door-serial";
  facts.link.up = false;
  facts.link.trouble = "no such device";
  const Rules rules{30min, 0min};
  const auto soon = judge(facts, rules, 101min);
  CHECK(soon.status == Status::degraded);
  CHECK(soon.cause == "its link door-serial is down: no such device");
  const auto later = judge(facts, rules, 140min);
  CHECK(later.status == Status::offline);
  CHECK(later.advice.find("Repair the link door-serial first") == 0);
}

TEST_CASE("health: unreadable messages degrade a sensor, one or two do not") {
  SensorFacts facts;
  facts.last_data = 100min;
  facts.rejects = 2;
  facts.last_reject = "checksum";
  CHECK(judge(facts, {30min, 0min}, 100min).status == Status::online);
  facts.rejects = 3;
  const auto verdict = judge(facts, {30min, 0min}, 100min);
  CHECK(verdict.status == Status::degraded);
  CHECK(verdict.cause == "3 messages of the last hour could not be read: checksum");
}

TEST_CASE("health: a sensor that was switched off is not accused of anything") {
  SensorFacts facts;
  facts.enabled = false;
  facts.learned_interval = 1min;
  facts.last_data = 1min;
  CHECK(judge(facts, {30min, 0min}, 1000min).status == Status::disabled);
}

TEST_CASE("health: a unit that its link asks and that does not answer is offline, whatever its rhythm") {
  SensorFacts facts;
  facts.last_data = 99min;
  facts.learned_interval = 10s;
  facts.link.name = "bus";
  facts.link.no_answer = "slave 90 does not answer";
  const auto verdict = judge(facts, {}, 100min);
  CHECK(verdict.status == Status::offline);
  CHECK(verdict.cause == "slave 90 does not answer");
  CHECK(verdict.since == BootTime(99min));
  facts.link.up = false;  // then it is the line
  facts.link.trouble = "the adapter is gone";
  CHECK(judge(facts, {}, 100min).cause == "its link bus is down: the adapter is gone");
}
