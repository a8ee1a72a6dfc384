// The coverage of all series in a real database: what is written when, and what a kill or an undone
// transaction leaves.
#include "gateway/counting/coverage_states.hpp"

#include <doctest/doctest.h>

#include "tests/gateway/counting/coverage_bench.hpp"
#include "tests/support/fill_store.hpp"

using namespace lintel;
using namespace lintel::counting;
using namespace lintel::test;
using namespace std::chrono_literals;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

namespace {

/// The writer's part of it: transactions, readings beside the coverage, a clock that a test moves.
class Writing {
 public:
  Writing() {
    rows.sensor("A1", "Door");
    start();
  }

  void start() {
    series.emplace(rows.db());
    CoverageStates::Options options;
    options.clock = [this] { return clock; };
    coverage.emplace(rows.db(), *series, options);
  }
  void begin() { rows.db().execute("begin immediate"); }
  void commit() {
    series->flush();
    coverage->flush();
    rows.db().execute("commit");
    clock += 1s;
  }
  void rollback() {
    rows.db().execute("rollback");
    series->load();
    coverage->load();
  }
  void window(double from, double to, const std::string& line = "1") {
    Statement statement;
    statement.from = minute(from);
    statement.at = minute(to);
    statement.count_in = 1;
    const auto outcome = count(series->of(1, line), statement);
    coverage->counted(1, line, statement, outcome);
    rows.line({.line = line,
               .started_at = count_ms(minute(from)),
               .duration = (minute(to) - minute(from)).count(),
               .in = 1});
  }
  void stored(double from, double to) {
    begin();
    window(from, to);
    commit();
  }

  std::string table(const std::string& label = "1") {
    std::vector<CoverageSpan> spans;
    auto select =
        rows.db().prepare("select from_at, to_at, state from coverage where label = ? order by from_at");
    select.bind(label);
    while (select.step()) {
      spans.push_back(
          {utc_ms(select.integer(0)), utc_ms(select.integer(1)), store::coverage_state_from(select.text(2))});
    }
    return shown(spans);
  }

  FilledStore rows;
  BootTime clock{100h};
  std::optional<SeriesStates> series;
  std::optional<CoverageStates> coverage;
};

}  // namespace

TEST_CASE("coverage in the store: a growing span is one row, written once a minute at most") {
  Writing writing;
  writing.stored(0, 1);
  CHECK(writing.table() == "0-1 counting");
  for (int i = 1; i < 50; ++i) writing.stored(i, i + 1);  // a second each
  CHECK(writing.table() == "0-1 counting");
  writing.clock += 1min;
  writing.stored(50, 51);
  CHECK(writing.table() == "0-51 counting");
  CHECK(writing.rows.db().scalar("select count(*) from coverage") == 1);
}

TEST_CASE("coverage in the store: a hole is written with the reading that shows it") {
  Writing writing;
  writing.stored(0, 10);
  writing.stored(10, 20);
  writing.stored(40, 50);
  CHECK(writing.table() == "0-20 counting, 40-50 counting");
  writing.stored(20, 40);
  CHECK(writing.table() == "0-50 counting");
  CHECK(writing.rows.db().scalar("select count(*) from coverage") == 1);
}

TEST_CASE("coverage in the store: beside a first total of zero signs of life prove no time") {
  for (const bool zero : {false, true}) {
    CAPTURE(zero);
    Writing writing;
    writing.begin();
    writing.coverage->rules().way(1, {.up = true}, minute(0));
    if (zero) {
      Statement total{bridge::Kind::total, minute(0), minute(0), 0, 0};
      writing.coverage->counted(1, "1", total, count(writing.series->of(1, "1"), total));
    }
    for (const int at : {1, 2}) {
      Statement passage{bridge::Kind::event, minute(at), minute(at), 1, 0};
      writing.coverage->counted(1, "1", passage, count(writing.series->of(1, "1"), passage));
      writing.coverage->rules().heard(1, {minute(at + 0.5), 10min});
    }
    writing.commit();
    CHECK(writing.table() == (zero ? "" : "1-2.5 counting"));
  }
}

TEST_CASE("coverage in the store: what a kill took of the growth is found again in the readings") {
  Writing writing;
  writing.stored(0, 1);
  for (int i = 1; i < 5; ++i) writing.stored(i, i + 1);
  CHECK(writing.table() == "0-1 counting");
  writing.start();  // as after a kill: nothing was written on the way out
  writing.begin();
  writing.clock += 1min;
  writing.commit();
  CHECK(writing.table() == "0-5 counting");
}

TEST_CASE("coverage in the store: readings that say where people were lost prove nothing after a kill") {
  Writing writing;
  writing.stored(0, 1);
  writing.rows.line(
      {.line = "1", .started_at = count_ms(minute(1)), .duration = 60'000, .in = 1, .flags = 4});
  writing.start();
  writing.begin();
  writing.clock += 1min;
  writing.commit();
  CHECK(writing.table() == "0-1 counting");
}

TEST_CASE(
    "coverage in the store: an undone transaction takes its coverage along, and the frames bring it again") {
  Writing writing;
  writing.stored(0, 10);
  writing.stored(10, 20);
  writing.begin();
  writing.window(20, 30);
  writing.window(60, 70);
  writing.window(0, 10, "new");
  writing.rollback();
  CHECK(writing.table() == "0-10 counting");
  CHECK(writing.table("new").empty());
  writing.clock += 1min;
  writing.begin();
  writing.window(20, 30);
  writing.window(60, 70);
  writing.window(0, 10, "new");
  writing.commit();
  CHECK(writing.table() == "0-30 counting, 60-70 counting");
  CHECK(writing.table("new") == "0-10 counting");
}

TEST_CASE("coverage in the store: an idle store is asked for a commit of its own every few minutes at most") {
  Writing writing;
  auto& rules = writing.coverage->rules();
  writing.stored(0, 10);
  rules.way(1, {false, false}, minute(10));
  rules.way(1, {false, false}, minute(11));
  CHECK_FALSE(writing.coverage->overdue());  // somebody else may commit soon
  writing.clock += 5min;
  rules.way(1, {false, false}, minute(12));
  CHECK(writing.coverage->overdue());
  writing.begin();
  writing.commit();
  CHECK(writing.table() == "0-10 counting, 10-12 down");
  rules.way(1, {false, false}, minute(13));
  CHECK_FALSE(writing.coverage->overdue());
  writing.clock += 4min;
  rules.way(1, {false, false}, minute(14));
  CHECK_FALSE(writing.coverage->overdue());
  writing.clock += 1min;
  CHECK(writing.coverage->overdue());
  writing.begin();
  writing.commit();
  CHECK(writing.table() == "0-10 counting, 10-14 down");
  CHECK_FALSE(writing.coverage->overdue());
}

TEST_CASE("coverage in the store: growth is no news for HQ, a new span is, and numbers never come twice") {
  Writing writing;
  const auto news = [&] { return writing.rows.db().scalar("select coverage_news from writer_state"); };
  const auto highest = [&] { return writing.rows.db().scalar("select max(revision) from coverage"); };
  writing.stored(0, 10);
  const auto first = news();
  CHECK(first == highest());
  writing.clock += 1min;
  writing.stored(10, 20);
  CHECK(news() == first);
  const auto grown = highest();
  CHECK(grown > first);
  writing.stored(30, 40);
  CHECK(news() > grown);
  const auto last = news();
  writing.rows.db().execute("delete from coverage");
  writing.start();
  writing.stored(50, 60);
  CHECK(highest() > last);
}

TEST_CASE(
    "coverage in the store: when the clock is learnt, the rows move, and HQ hears what was taken back") {
  Writing writing;
  writing.stored(0, 10);
  writing.stored(10, 20);
  writing.begin();
  writing.coverage->shift(minute(-5), minute(60), 600min);
  writing.commit();
  CHECK(writing.table() == "0-20 unknown, 600-620 counting");
  writing.stored(620, 630);
  writing.clock += 1min;
  writing.stored(630, 640);
  CHECK(writing.table() == "0-20 unknown, 600-640 counting");
}

TEST_CASE("coverage in the store: after a restart a quiet door goes on where the broker kept its messages") {
  Writing writing;
  writing.begin();
  Statement passage;
  passage.kind = bridge::Kind::event;
  passage.at = passage.from = minute(0);
  passage.count_in = 1;
  const auto outcome = count(writing.series->of(1, ""), passage);
  writing.coverage->counted(1, "", passage, outcome);
  writing.coverage->rules().heard(1, {minute(2), 5min, true});
  writing.commit();
  CHECK(writing.table("") == "0-2 counting");
  writing.start();
  writing.coverage->rules().way(1, {true, true}, minute(100));
  writing.coverage->rules().heard(1, {minute(101), 5min, true});
  writing.clock += 1min;
  writing.begin();
  writing.commit();
  CHECK(writing.table("") == "0-101 counting");
}
