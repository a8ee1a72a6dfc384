#include "gateway/sync/schedule.hpp"

#include <random>

#include <doctest/doctest.h>

#include "gateway/sync/pacing.hpp"

using namespace lintel::sync;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Schedule::Instant kStart{hours{1000}};

Turn confirmed(bool more) {
  Turn turn;
  turn.kind = Turn::Kind::confirmed;
  turn.more = more;
  return turn;
}

Turn failed(Course course = Course::back_off) {
  Turn turn;
  turn.kind = Turn::Kind::failed;
  turn.verdict.course = course;
  return turn;
}

}  // namespace

TEST_CASE("schedule: the first turn is due at once and asks even without news") {
  const Schedule schedule{Timing{}};
  CHECK(schedule.due(false) <= kStart);
  CHECK(schedule.silent_too_long(kStart));
}

TEST_CASE("schedule: a backlog is sent without pauses") {
  Schedule schedule{Timing{}};
  schedule.after(confirmed(true), kStart, 0.5);
  CHECK(schedule.due(false) == kStart);
}

TEST_CASE("schedule: without a backlog news waits for its interval, and silence for five") {
  Schedule schedule{Timing{}};
  schedule.after(confirmed(false), kStart, 0.5);
  CHECK(schedule.due(true) == kStart + minutes{1});
  CHECK(schedule.due(false) == kStart + minutes{5});
  CHECK_FALSE(schedule.silent_too_long(kStart + minutes{5} - milliseconds{1}));
  CHECK(schedule.silent_too_long(kStart + minutes{5}));
}

TEST_CASE("schedule: commits that owe HQ nothing do not put off the sign of life") {
  Schedule schedule{Timing{}};
  schedule.after(confirmed(false), kStart, 0.5);
  auto now = kStart + minutes{1};
  for (; now < kStart + minutes{5}; now = schedule.due(true)) schedule.after(Turn{}, now, 0.5);
  CHECK(schedule.silent_too_long(now));
}

TEST_CASE("schedule: the pause HQ asks for is kept") {
  Schedule schedule{Timing{}};
  auto turn = confirmed(true);
  turn.pace = seconds{20};
  schedule.after(turn, kStart, 0.5);
  CHECK(schedule.due(false) == kStart + seconds{20});
  turn = confirmed(false);
  turn.pace = minutes{30};
  schedule.after(turn, kStart, 0.5);
  CHECK(schedule.due(true) == kStart + minutes{30});
  CHECK(schedule.due(false) == kStart + minutes{30});
}

TEST_CASE("schedule: waits after failures are spread over all of a doubling span up to five minutes") {
  const Timing timing;
  std::minstd_rand engine(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 50; ++round) {
    Schedule schedule{timing};
    auto ceiling = milliseconds{1000};
    for (int failure = 1; failure <= 20; ++failure) {
      schedule.after(failed(), kStart, uniform(engine));
      CHECK(schedule.due(true) >= kStart);
      CHECK(schedule.due(true) < kStart + ceiling);
      CHECK(schedule.due(true) == schedule.due(false));
      CHECK(schedule.failures() == failure);
      ceiling = std::min<milliseconds>(ceiling * 2, minutes{5});
    }
  }
  Schedule schedule{timing};
  schedule.after(failed(), kStart, 0.0);
  CHECK(schedule.due(false) == kStart);
}

TEST_CASE("schedule: stores that fail together come back apart") {
  std::minstd_rand engine(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  const Backoff backoff{seconds{1}, minutes{5}};
  std::vector<int> tenths(10);
  for (int store = 0; store < 10'000; ++store) {
    ++tenths.at(static_cast<std::size_t>(backoff.wait(20, uniform(engine)) / seconds{30}));
  }
  for (const int stores : tenths) CHECK(stores > 850);
}

TEST_CASE("schedule: a success ends the counting of failures, a greeting alone does not") {
  Schedule schedule{Timing{}};
  for (int i = 0; i < 5; ++i) schedule.after(failed(), kStart, 0.5);
  auto greeting = confirmed(true);
  greeting.greeting = true;
  schedule.after(greeting, kStart, 0.5);
  CHECK(schedule.failures() == 5);
  CHECK(schedule.due(false) == kStart);
  schedule.after(confirmed(true), kStart, 0.5);
  CHECK(schedule.failures() == 0);
}

TEST_CASE("schedule: Retry-After is waited out, a little spread, and an hour at most") {
  Schedule schedule{Timing{}};
  auto turn = failed();
  turn.verdict.retry_after = seconds{120};
  schedule.after(turn, kStart, 0.0);
  CHECK(schedule.due(false) == kStart + seconds{120});
  schedule.after(turn, kStart, 0.999);
  CHECK(schedule.due(false) > kStart + seconds{120});
  CHECK(schedule.due(false) < kStart + seconds{132});
  turn.verdict.retry_after = hours{1'000'000};
  schedule.after(turn, kStart, 0.0);
  CHECK(schedule.due(false) == kStart + hours{1});
}

TEST_CASE("schedule: what only HQ can repair is tried every five minutes") {
  Schedule schedule{Timing{}};
  schedule.after(failed(Course::slow), kStart, 0.0);
  CHECK(schedule.due(false) == kStart + minutes{5});
}

TEST_CASE("schedule: a gateway that HQ will not have tries once a day") {
  Schedule schedule{Timing{}};
  schedule.after(failed(Course::people), kStart, 0.0);
  CHECK(schedule.due(true) == kStart + hours{24});
}

TEST_CASE("schedule: a new token is tried at once, but only once") {
  Schedule schedule{Timing{}};
  auto turn = failed(Course::renew);
  turn.new_token = true;
  schedule.after(turn, kStart, 0.9);
  CHECK(schedule.due(false) == kStart);
  schedule.after(turn, kStart, 0.9);
  CHECK(schedule.due(false) > kStart);
}

TEST_CASE("schedule: while requests get smaller the wait does not grow") {
  Schedule schedule{Timing{}};
  auto turn = failed(Course::halve);
  turn.shrunk = true;
  for (int i = 0; i < 12; ++i) schedule.after(turn, kStart, 0.999);
  CHECK(schedule.due(false) <= kStart + seconds{1});
}

TEST_CASE(
    "schedule: a store's slot is its own, the same after every restart, and a fleet's are spread over the "
    "minute") {
  CHECK(slot_of("5b0c0000-0000-4000-8000-000000000001", minutes{1}) ==
        slot_of("5b0c0000-0000-4000-8000-000000000001", minutes{1}));
  std::vector<int> seconds_of_the_minute(60);
  for (int store = 0; store < 60'000; ++store) {
    const auto slot =
        slot_of("5b0c0000-0000-4000-8000-" + std::to_string(100'000'000'000 + store), minutes{1});
    ++seconds_of_the_minute.at(static_cast<std::size_t>(slot / seconds{1}));
  }
  for (const int stores : seconds_of_the_minute) {
    CHECK(stores > 800);
    CHECK(stores < 1200);
  }
  CHECK(slot_of("a store", milliseconds{0}) == milliseconds{0});
}

TEST_CASE("schedule: stores whose sensors report on the minute ask each in its own slot, once a minute") {
  for (const auto offset : {milliseconds{0}, milliseconds{1}, milliseconds{17'250}, milliseconds{59'999}}) {
    CAPTURE(offset.count());
    Schedule schedule{Timing{}};
    schedule.slot_at(kStart + offset);
    auto now = kStart + hours{1} + milliseconds{350};
    schedule.after(confirmed(false), now, 0.5);
    for (int minute = 2; minute < 30; ++minute) {
      const auto counted = kStart + hours{1} + minutes{minute};
      schedule.heard(counted);
      schedule.heard(counted + milliseconds{200});
      const auto due = schedule.due(true);
      CHECK((due - kStart) % minutes{1} == offset);
      CHECK(due >= counted);
      CHECK(due < counted + minutes{1});
      now = due + milliseconds{80};
      schedule.after(confirmed(false), now, 0.5);
    }
  }
}

TEST_CASE("schedule: what is committed waits an interval and a tenth at most, whenever it comes") {
  std::minstd_rand random(3);
  Schedule schedule{Timing{}};
  schedule.slot_at(kStart + seconds{41});
  auto now = kStart;
  for (int round = 0; round < 1000; ++round) {
    schedule.after(random() % 3 == 0 ? Turn{} : confirmed(false), now, 0.5);
    const auto news = now + milliseconds{random() % 200'000};
    schedule.heard(news);
    const auto due = std::max(schedule.due(true), news);
    CHECK(due - news <= seconds{66});
    CHECK(schedule.due(false) - now <= minutes{5});
    now = due + milliseconds{random() % 500};
  }
}

TEST_CASE(
    "schedule: neither a backlog, nor the first turn, nor a retry, nor an answer to be kept waits for a "
    "slot") {
  Schedule schedule{Timing{}};
  schedule.heard(kStart);
  CHECK(schedule.due(true) <= kStart);
  schedule.slot_at(kStart + seconds{30});
  schedule.after(confirmed(true), kStart, 0.5);
  schedule.heard(kStart);
  CHECK(schedule.due(true) == kStart);
  schedule.after(failed(), kStart, 0.5);
  schedule.heard(kStart);
  CHECK(schedule.due(true) == kStart + milliseconds{500});
  Turn unstored;
  unstored.kind = Turn::Kind::unstored;
  schedule.after(unstored, kStart, 0.5);
  schedule.heard(kStart);
  CHECK(schedule.due(true) <= kStart + milliseconds{20});
}

TEST_CASE("schedule: in a slot, too, the pause HQ asks for is kept") {
  Schedule schedule{Timing{}};
  schedule.slot_at(kStart + seconds{10});
  auto turn = confirmed(false);
  turn.pace = minutes{30};
  schedule.after(turn, kStart, 0.5);
  schedule.heard(kStart + seconds{1});
  CHECK(schedule.due(true) == kStart + minutes{30} + seconds{10});
  CHECK(schedule.due(false) == kStart + minutes{30} + seconds{10});
}

TEST_CASE("batch size: doubles under a backlog, halves after a time-out, creeps up again") {
  BatchSize size;
  CHECK(size.get() == 500);
  for (int i = 0; i < 4; ++i) size.grow();
  CHECK(size.get() == 5000);
  size.halve(5000);
  CHECK(size.get() == 2500);
  size.grow();
  CHECK(size.get() < 3000);
  for (int i = 0; i < 100; ++i) size.grow();
  CHECK(size.get() == 5000);
  size.rest();
  CHECK(size.get() == 500);
  for (int i = 0; i < 20; ++i) size.halve(size.get());
  CHECK(size.get() == 1);
  size.grow();
  CHECK(size.get() == 2);
}

TEST_CASE("batch size: halves what was sent, not what could have been") {
  BatchSize size;
  size.halve(100);
  CHECK(size.get() == 50);
}
