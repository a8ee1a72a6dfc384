// What passed between two cards, against the real PostgreSQL: HQ's sum is the truth, whatever was lost.
#include <cstdlib>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/app/open_store.hpp"
#include "tests/gateway/sync/card.hpp"
#include "tests/support/real_hq.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

namespace {

bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

/// A minute of the day before yesterday, from its first hour on: HQ refuses what lies far off.
UtcMs at(std::int64_t minute) {
  static const auto kStart = std::chrono::floor<std::chrono::days>(app::machine_now()) - std::chrono::days{2};
  return kStart + std::chrono::minutes{minute};
}

/// "in out", of all that HQ holds.
std::string at_hq(RealHq& hq) {
  return hq.sql().value(
      "select concat(coalesce(sum(count_in), 0), ' ', coalesce(sum(count_out), 0)) from "
      "data.people_counting_raw");
}

std::string people(std::int64_t in, std::int64_t out) {
  return fmt::format("{} {}", in, out);
}

Card::Options on(RealHq& hq) {
  return {hq.url(), hq.token()};
}

}  // namespace

TEST_CASE("card: a new one goes on where HQ says, and who passed between is one recovered reading") {
  if (!ready()) return;
  for (const auto every : {Millis{3'600'000}, Millis{0}}) {  // totals older than the readings, and with each
    CAPTURE(every.count());
    RealHq hq;
    auto options = on(hq);
    options.counters_every = every;
    {
      Card card(options);
      card.total(at(0), 1000, 400);
      REQUIRE(card.sync());
      for (int minute = 1; minute <= 30; ++minute) {
        card.total(at(minute), 1000 + 3 * minute, 400 + 2 * minute);
        if (minute % 7 == 0) REQUIRE(card.sync());
      }
      REQUIRE(card.sync());
    }
    CHECK(at_hq(hq) == people(90, 60));
    CHECK(hq.sql().value("select count(*) from private.counter_states") == "1");

    Card next(options);
    REQUIRE(next.sync());
    next.total(at(300), 1250, 510);
    next.total(at(301), 1251, 512);
    REQUIRE(next.sync());
    CHECK(at_hq(hq) == people(251, 112));
    CHECK(next.recovered() == 1);
    CHECK(hq.sql().value("select concat(count_in, ' ', count_out, ' ', duration_ms / 60000) from "
                         "data.people_counting_raw where flags & 2 <> 0") == "160 50 270");
    CHECK(next.refused().empty());
  }
}

TEST_CASE("card: readings that never reached HQ are in the next one's first total") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 5000, 0);
    card.total(at(1), 5004, 1);
    REQUIRE(card.sync());
    card.total(at(2), 5010, 2);  // HQ has this, but not with totals
    REQUIRE(card.sync());
    for (int minute = 3; minute < 60; ++minute) card.total(at(minute), 5010 + minute, minute);
  }
  CHECK(at_hq(hq) == people(10, 2));
  Card next(on(hq));
  REQUIRE(next.sync());
  next.total(at(90), 5100, 70);
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(100, 70));
}

TEST_CASE("card: a counter of 16 bits wraps while nobody listens, or just before") {
  if (!ready()) return;
  for (const bool before : {false, true}) {
    CAPTURE(before);
    RealHq hq;
    const std::int64_t start = before ? 65'500 : 65'400;
    {
      Card card(on(hq));
      card.total(at(0), start, 10);
      REQUIRE(card.sync());
      for (int minute = 1; minute <= 10; ++minute)
        card.total(at(minute), (start + 8 * minute) % 65'536, 10 + minute);
      REQUIRE(card.sync());
    }
    Card next(on(hq));
    REQUIRE(next.sync());
    next.total(at(30), (start + 200) % 65'536, 40);
    next.total(at(31), (start + 203) % 65'536, 41);
    REQUIRE(next.sync());
    CHECK(at_hq(hq) == people(203, 31));
  }
}

TEST_CASE("card: a device that was reset between counts its own value") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 800, 700);
    REQUIRE(card.sync());
    card.total(at(10), 860, 750);
    REQUIRE(card.sync());
  }
  Card next(on(hq));
  REQUIRE(next.sync());
  next.total(at(200), 35, 21);
  next.total(at(201), 36, 23);
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(60 + 36, 50 + 23));
  CHECK(hq.sql().value("select count(*) from data.people_counting_raw where flags & 6 = 6") == "1");
}

TEST_CASE("card: HQ answers long after the first total, and the gap before that is booked all the same") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 300, 100);
    card.total(at(1), 310, 105);
    REQUIRE(card.sync());
    card.total(at(2), 312, 106);
    REQUIRE(card.sync());
  }
  Card next(on(hq));
  next.total(at(120), 400, 150);  // a baseline so far
  for (int minute = 121; minute < 180; ++minute) next.total(at(minute), 400 + minute - 120, 150);
  CHECK(next.recovered() == 0);
  // HQ takes the readings and its answers are lost: they are asked for again.
  hq.misbehave_once("drop-after-commit");
  (void)next.request();
  hq.misbehave_once("drop-after-commit");
  (void)next.request();
  hq.misbehave_once("cut-after-bytes 40");
  (void)next.request();
  next.restart();
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(159, 50));
  CHECK(next.recovered() == 1);
  CHECK(hq.sql().value("select concat(count_in, ' ', count_out) from data.people_counting_raw "
                       "where flags & 2 <> 0") == "88 44");

  next.restart();
  next.db().execute("update sync_state set counters_owed = 1");  // however often it is told
  REQUIRE(next.sync());
  next.total(at(181), 460, 151);
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(160, 51));
}

TEST_CASE("card: a device that is still starting when the next card meets it goes on where HQ says") {
  if (!ready()) return;
  for (const int answered_after : {0, 1, 2}) {  // messages
    CAPTURE(answered_after);
    RealHq hq;
    {
      Card card(on(hq));
      card.total(at(0), 300, 100);
      card.total(at(1), 312, 106);
      REQUIRE(card.sync());
    }
    Card next(on(hq));
    if (answered_after == 0) REQUIRE(next.sync());
    next.total(at(120), 0, 0);
    if (answered_after == 1) REQUIRE(next.sync());
    next.total(at(121), 400, 150);
    if (answered_after == 2) REQUIRE(next.sync());
    next.total(at(122), 401, 150);
    REQUIRE(next.sync());
    CHECK(at_hq(hq) == people(101, 50));
    CHECK(next.recovered() == 1);
    CHECK(next.refused().empty());
  }
}

TEST_CASE("card: the third one goes on although the second has told nothing of its totals") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 100, 0);
    card.total(at(1), 105, 0);
    REQUIRE(card.sync());
  }
  {
    Card next(on(hq));
    REQUIRE(next.sync());  // has asked, and hears no device
  }
  {
    Card third(on(hq));
    third.total(at(100), 150, 0);
    REQUIRE(third.sync());
    third.total(at(101), 151, 0);
  }
  Card fourth(on(hq));
  fourth.total(at(400), 180, 7);
  REQUIRE(fourth.sync());
  CHECK(at_hq(hq) == people(80, 7));
}

TEST_CASE("card: windows that the next one counted before its first total are not counted by it again") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 2000, 1000);
    REQUIRE(card.sync());
    for (int minute = 5; minute <= 20; minute += 5) card.window(at(minute - 5), at(minute), 6, 4);
    card.total(at(20), 2024, 1016);
    for (int minute = 25; minute <= 40; minute += 5) card.window(at(minute - 5), at(minute), 6, 4);
    REQUIRE(card.sync());
  }
  CHECK(at_hq(hq) == people(48, 32));
  for (const bool late : {false, true}) {
    CAPTURE(late);
    // Minutes 40 to 60 nobody has heard: 20 in, 10 out.
    Card next(on(hq));
    if (!late) REQUIRE(next.sync());
    const int begin = late ? 200 : 60;
    const auto in = late ? 2092 : 2068, out = late ? 1058 : 1042;
    next.window(at(begin), at(begin + 5), 5, 3);
    next.window(at(begin + 5), at(begin + 10), 5, 3);
    next.total(at(begin + 10), in + 10, out + 6);
    next.window(at(begin + 10), at(begin + 15), 1, 0);
    next.total(at(begin + 15), in + 11, out + 6);
    REQUIRE(next.sync());
    CHECK(at_hq(hq) == people(in + 11 - 2000, out + 6 - 1000));
  }
}

TEST_CASE("card: a sensor that hangs the wrong way round goes on the wrong way round") {
  if (!ready()) return;
  RealHq hq;
  auto options = on(hq);
  options.inverted = true;
  {
    Card card(options);
    card.total(at(0), 100, 500);
    REQUIRE(card.sync());
    card.total(at(1), 103, 540);
    REQUIRE(card.sync());
  }
  CHECK(at_hq(hq) == people(40, 3));
  Card next(options);
  REQUIRE(next.sync());
  next.total(at(100), 110, 600);
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(100, 10));
}

TEST_CASE("card: of a backlog only the newest came, and a reset in the rest counts nobody twice") {
  if (!ready()) return;
  RealHq hq;
  {
    Card card(on(hq));
    card.total(at(0), 900, 0);
    REQUIRE(card.sync());
    card.total(at(1), 910, 0);
    card.total(at(2), 4, 0);  // reset
    for (int minute = 3; minute < 900; ++minute) card.total(at(minute), 4 + minute, 0);
    (void)card.request();  // the newest of it, and the card is gone
  }
  const auto before = std::stoll(hq.sql().value("select sum(count_in) from data.people_counting_raw"));
  Card next(on(hq));
  REQUIRE(next.sync());
  next.total(at(1000), 1300, 0);
  next.total(at(1001), 1302, 0);
  REQUIRE(next.sync());
  CHECK(at_hq(hq) == people(before, 0));  // fewer than passed, and never more
  CHECK(next.db().scalar("select count(*) from carried_counters") == 0);
}

TEST_CASE("card: however cards come and go and lines are cut, HQ's sum is what the device has counted") {
  if (!ready()) return;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    RealHq hq;
    std::minstd_rand random(seed);
    std::int64_t in = 65'000 * static_cast<std::int64_t>(seed % 2), out = 40;
    const auto first_in = in, first_out = out;
    std::int64_t minute = 0;
    bool begun = false;
    for (int cards = 0; cards < 5; ++cards) {
      auto options = on(hq);
      if (random() % 2 == 0) options.counters_every = Millis{0};
      Card card(options);
      bool synced = false;
      for (int step = 0; step < 25; ++step) {
        minute += 1 + static_cast<std::int64_t>(random() % 6);
        if (begun) {
          in += static_cast<std::int64_t>(random() % 9);
          out += static_cast<std::int64_t>(random() % 5);
        }
        card.total(at(minute), in % 65'536, out, "wraps=65536");
        if (!begun) synced = begun = card.sync();  // else HQ knows of nobody to begin with
        switch (random() % 8) {
          case 0: hq.misbehave_once("drop-after-commit"); break;
          case 1: hq.misbehave_once(fmt::format("cut-after-bytes {}", random() % 500)); break;
          case 2: hq.misbehave_once("status 502"); break;
          case 3: card.restart(); break;
          default: break;
        }
        if (random() % 3 == 0) (void)card.request();
        if (random() % 10 == 0) synced = card.sync();
      }
      (void)synced;
      minute += static_cast<std::int64_t>(random() % 90);
      // Across the end of a range no more is believed than the door is used to: here as many as by any.
      in += static_cast<std::int64_t>(random() % (seed % 2 == 1 ? 10 : 40));
    }
    Card last(on(hq));
    last.total(at(++minute), in % 65'536, out, "wraps=65536");
    REQUIRE(last.sync());
    CHECK(at_hq(hq) == people(in - first_in, out - first_out));
  }
}
