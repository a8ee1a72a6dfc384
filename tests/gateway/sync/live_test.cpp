// The present goes first while a backlog drains behind it.
#include <mutex>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/scripted_server.hpp"
#include "tests/gateway/sync/store_under_test.hpp"

using namespace lintel;
using namespace lintel::test;
using nlohmann::json;

namespace {

constexpr auto kNoon = StoreUnderTest::kNoon;
constexpr std::size_t kBacklog = 12'000;

/// An HQ that keeps the contract, remembers the ranges of requests with changes, and fails those it is told
/// to.
class WatchedHq {
 public:
  using Range = std::pair<std::int64_t, std::int64_t>;  ///< (after, to]

  explicit WatchedHq(std::function<bool(const Range&)> fails = {})
      : fails_(std::move(fails)), server_([this](const Asked& asked) { return answer(asked); }) {}

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::vector<Range> ranges() const {
    const std::lock_guard lock(mutex_);
    return ranges_;
  }
  [[nodiscard]] std::int64_t watermark() const {
    const std::lock_guard lock(mutex_);
    return hq_.watermark();
  }
  [[nodiscard]] bool has(std::int64_t change) const {
    const std::lock_guard lock(mutex_);
    return hq_.applied.contains(change);
  }
  [[nodiscard]] std::map<ContractHq::Key, ContractHq::Content> readings() const {
    const std::lock_guard lock(mutex_);
    return hq_.readings;
  }
  /// The next request with changes waits until `release`.
  void hold() { held_ = true; }
  void release() { held_ = false; }
  void heal() { healed_ = true; }

 private:
  Reply answer(const Asked& asked) {
    const auto body = json::parse(asked.body);
    const Range range{body.at("after").get<std::int64_t>(), body.at("to").get<std::int64_t>()};
    if (range.first < range.second) {
      const bool released = eventually([this] { return !held_; });
      if (!released || (!healed_ && fails_ && fails_(range))) return {http(500, "{}"), {}};
    }
    const std::lock_guard lock(mutex_);
    if (range.first < range.second) ranges_.push_back(range);
    return {http(200, hq_.answer(asked.body)), {}};
  }

  std::function<bool(const Range&)> fails_;
  mutable std::mutex mutex_;
  ContractHq hq_;
  std::vector<Range> ranges_;
  std::atomic<bool> held_{false}, healed_{false};
  ScriptedServer server_;
};

}  // namespace

TEST_CASE("sync: under a backlog the newest changes go first, the rest behind them in order") {
  StoreUnderTest store;
  store.rows.minutes(kBacklog, 2, kNoon);
  const auto last = store.rows.last_change();
  store.options.timing.interval = std::chrono::hours{1};
  WatchedHq hq;
  store.begin(hq.url());
  REQUIRE(store.drained());

  const auto ranges = hq.ranges();
  REQUIRE(ranges.size() > 2);
  CHECK(ranges.front().second == last);
  CHECK(ranges.front().first == last - 500);
  std::int64_t expected = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    CHECK(ranges[i].first == expected);
    expected = ranges[i].second;
  }
  // What HQ already has is not sent again but for the rest of the request that reached it.
  CHECK(ranges.back().first < last - 500);
  CHECK(hq.readings() == local_readings(store.rows.db()));
}

TEST_CASE("sync: what is counted while a backlog drains does not wait for it") {
  StoreUnderTest store;
  store.rows.minutes(kBacklog, 2, kNoon);
  store.options.timing.interval = Millis{5};
  WatchedHq hq;
  hq.hold();
  store.begin(hq.url());
  store.rows.minutes(40, 2, kNoon + 30 * 86'400'000LL);
  const auto fresh = store.rows.last_change();
  hq.release();
  REQUIRE(eventually([&] { return hq.has(fresh); }));
  REQUIRE(store.drained());
  std::size_t told = 0;
  const auto ranges = hq.ranges();
  while (ranges[told].second != fresh) ++told;
  CHECK(told + 3 < ranges.size());
  CHECK(hq.readings() == local_readings(store.rows.db()));
}

TEST_CASE("sync: a backlog that HQ cannot take holds up nothing that is new") {
  StoreUnderTest store;
  store.rows.minutes(kBacklog, 2, kNoon);
  store.options.timing.interval = Millis{5};
  WatchedHq hq([](const WatchedHq::Range& range) { return range.first < 700 && range.second >= 700; });
  store.begin(hq.url());
  store.rows.minutes(40, 2, kNoon + 30 * 86'400'000LL);
  const auto fresh = store.rows.last_change();
  store.sync->notify();
  REQUIRE(eventually([&] { return hq.has(fresh); }));
  CHECK(hq.watermark() < 700);
  CHECK(eventually([&] { return store.sync->status().live == fresh; }));
  hq.heal();
  REQUIRE(store.drained());
  CHECK(hq.readings() == local_readings(store.rows.db()));
}

TEST_CASE("sync: newest changes that HQ cannot take hold up no backlog") {
  StoreUnderTest store;
  store.rows.minutes(kBacklog, 2, kNoon);
  store.options.timing.interval = std::chrono::hours{1};
  const auto last = store.rows.last_change();
  WatchedHq hq([last](const WatchedHq::Range& range) { return range.second >= last - 100; });
  store.begin(hq.url());
  REQUIRE(eventually([&] { return hq.watermark() > last / 2; }));
  CHECK_FALSE(hq.has(last));
  hq.heal();
  REQUIRE(store.drained());
  CHECK(hq.readings() == local_readings(store.rows.db()));
}

TEST_CASE("sync: an HQ that comes from a backup while a backlog drains gets everything") {
  StoreUnderTest store;
  store.rows.minutes(kBacklog, 2, kNoon);
  store.options.timing.interval = Millis{5};
  ContractHq hq;
  int with_changes = 0;
  ScriptedServer server([&](const Asked& asked) {
    const auto body = json::parse(asked.body);
    if (body.at("after") != body.at("to") && ++with_changes == 4) {
      hq.readings.clear();
      hq.applied.clear();
      hq.ids.clear();
      hq.history = "history-2";
    }
    return Reply{http(200, hq.answer(asked.body)), {}};
  });
  store.begin(server.url());
  REQUIRE(eventually(
      [&] { return store.rows.db().scalar("select history_id = 'history-2' from sync_state") == 1; }));
  REQUIRE(store.drained());
  store.sync->stop();
  CHECK(hq.readings == local_readings(store.rows.db()));
}
