// Coverage at HQ is what it is here.
#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/store/coverage.hpp"
#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;

namespace {

using Spans = std::map<std::string, std::string>;  ///< series -> "from-to state, ..." in ms

/// Joined where they touch: HQ keeps a piece for each statement.
std::string joined(std::vector<store::CoverageSpan> spans) {
  std::string text;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i + 1 < spans.size() && spans[i].to == spans[i + 1].from && spans[i].state == spans[i + 1].state) {
      spans[i + 1].from = spans[i].from;
      continue;
    }
    text +=
        fmt::format("{}-{} {}, ", count_ms(spans[i].from), count_ms(spans[i].to), to_string(spans[i].state));
  }
  return text;
}

/// What was taken back is as if it had never been said.
Spans coverage_at(RealHq& hq) {
  std::map<std::string, std::vector<store::CoverageSpan>> spans;
  for (const auto& row : hq.sql().rows(R"(
      select s.public_id || case when regional then ' region ' else ' line ' end || label,
             (extract(epoch from from_at) * 1000)::bigint, (extract(epoch from to_at) * 1000)::bigint, state
        from private.coverage c join data.sensor_metadata s on s.id = c.sensor_id
       where state <> 'unknown' order by 1, from_at)")) {
    spans[row[0]].push_back(
        {utc_ms(std::stoll(row[1])), utc_ms(std::stoll(row[2])), store::coverage_state_from(row[3])});
  }
  Spans out;
  for (const auto& [series, list] : spans) out[series] = joined(list);
  return out;
}

Spans local_coverage(store::Database& db) {
  std::map<std::string, std::vector<store::CoverageSpan>> spans;
  auto rows = db.prepare(
      "select s.public_id || iif(regional, ' region ', ' line ') || label, from_at, to_at, state from "
      "coverage c "
      "join sensor_metadata s on s.id = c.sensor_id where state <> 'unknown' order by 1, from_at");
  while (rows.step()) {
    spans[std::string(rows.text(0))].push_back(
        {utc_ms(rows.integer(1)), utc_ms(rows.integer(2)), store::coverage_state_from(rows.text(3))});
  }
  Spans out;
  for (const auto& [series, list] : spans) out[series] = joined(list);
  return out;
}

/// Statements as counting makes them, in a transaction of the test's own.
void state(StoreUnderTest& store, const store::CoverageSeries& series, const store::CoverageSpan& span) {
  auto& db = store.rows.db();
  db.execute("begin immediate");
  store::CoverageRows rows(db);
  const auto before = rows.touching(series, span.from, span.to);
  std::vector<store::CoverageSpan> after;
  for (const auto& there : before) {
    if (there.from < span.from) after.push_back({there.from, std::min(there.to, span.from), there.state});
    if (there.to > span.to) after.push_back({std::max(there.from, span.to), there.to, there.state});
  }
  after.push_back(span);
  rows.replace(series, before, after);
  db.execute("commit");
}

bool told(StoreUnderTest& store) {
  return store.rows.db().scalar(
             "select coverage_told >= (select coalesce(max(revision), 0) from coverage) from sync_state") ==
         1;
}

bool told_all(StoreUnderTest& store) {
  return eventually(
      [&] {
        store.sync->wake();
        return told(store);
      },
      std::chrono::seconds(30));
}

}  // namespace

TEST_CASE("sync with PostgreSQL: coverage ends up at HQ as it is here, through cut lines and restarts") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  std::minstd_rand random(5);
  const auto start = days_ago(2);
  for (int i = 0; i < 120; ++i) {
    const store::CoverageSeries series{1 + static_cast<std::int64_t>(random() % 2), random() % 4 == 0,
                                       random() % 2 == 0 ? "1" : ""};
    const auto from = start + static_cast<std::int64_t>(random() % 500) * kMinute;
    const auto states = {store::CoverageState::counting, store::CoverageState::down,
                         store::CoverageState::unknown};
    state(store, series,
          {utc_ms(from), utc_ms(from + static_cast<std::int64_t>(1 + random() % 90) * kMinute),
           *(states.begin() + random() % 3)});
    if (random() % 3 == 0) mishap(hq, random);
    if (random() % 4 == 0) store.rows.minutes(3, 1, start + i * 10 * kMinute);
    store.sync->notify();
    if (i % 40 == 20) hq.restart_api();
    if (i % 50 == 30) {
      store.sync->stop();
      store.writer.drop_queued();
      store.begin(hq.url());
    }
  }
  REQUIRE(told_all(store));
  CHECK(coverage_at(hq) == local_coverage(store.rows.db()));
  CHECK(store.rows.db().scalar("select count(*) from coverage where state = 'unknown'") == 0);
  CHECK(store.sync->status().coverage_refused.empty());
}

TEST_CASE(
    "sync with PostgreSQL: a span that grows is told again from its start, with the next liveness and not "
    "before") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  // Readings are told after this, growth with a sign of life after five times as much; nobody asks for a
  // request, for that would carry growth too.
  store.options.timing.interval = Millis{2'000};
  const auto start = days_ago(1);
  state(store, {1, false, "1"}, {utc_ms(start), utc_ms(start + kMinute), store::CoverageState::counting});
  store.begin(hq.url());
  store.sync->notify();
  REQUIRE(eventually([&] { return told(store); }, std::chrono::seconds(30)));
  auto& db = store.rows.db();
  {
    db.execute("begin immediate");
    store::CoverageRows(db).grow({1, false, "1"}, utc_ms(start + kMinute), utc_ms(start + 9 * kMinute));
    db.execute("commit");
  }
  store.rows.minutes(5, 1, start);
  store.sync->notify();
  REQUIRE(store.drained());  // readings pass, growth waits
  CHECK(coverage_at(hq).begin()->second == fmt::format("{}-{} counting, ", start, start + kMinute));
  REQUIRE(told_all(store));  // a request that somebody asked for carries everything
  CHECK(coverage_at(hq).begin()->second == fmt::format("{}-{} counting, ", start, start + 9 * kMinute));
}

TEST_CASE("sync with PostgreSQL: an HQ with a new history is told all coverage anew") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.rows.minutes(5, 2, days_ago(1));
  store.begin(hq.url());
  for (int i = 0; i < 1500; ++i) {
    const auto from = days_ago(2) + 2 * i * 10'000;
    state(store, {1, false, "1"}, {utc_ms(from), utc_ms(from + 10'000), store::CoverageState::counting});
  }
  REQUIRE(told_all(store));
  CHECK(coverage_at(hq) == local_coverage(store.rows.db()));
  (void)hq.sql().rows("delete from private.coverage");
  (void)hq.sql().value("select private.new_history()");
  store.sync->wake();
  REQUIRE(eventually(
      [&] {
        store.sync->wake();
        return coverage_at(hq) == local_coverage(store.rows.db());
      },
      std::chrono::seconds(30)));
}

TEST_CASE("sync with PostgreSQL: coverage that HQ leaves out is logged and shown, and holds up nothing") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  const auto ahead = days_ago(-3);
  state(store, {1, false, "1"}, {utc_ms(ahead), utc_ms(ahead + kMinute), store::CoverageState::counting});
  state(store, {2, false, "1"},
        {utc_ms(days_ago(1)), utc_ms(days_ago(1) + kMinute), store::CoverageState::counting});
  REQUIRE(told_all(store));
  CHECK(store.sync->status().coverage_refused.find("a day ahead") != std::string::npos);
  CHECK(store.rows.db().scalar("select coverage_refused like '%a day ahead%' from sync_state") == 1);
  CHECK(coverage_at(hq).size() == 1);
  const std::lock_guard lock(store.log_mutex);
  CHECK(std::count_if(store.log.begin(), store.log.end(), [](const std::string& line) {
          return line.find("coverage: HQ left out 1 of 2 spans") != std::string::npos;
        }) == 1);
}
