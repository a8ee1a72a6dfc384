// Gateways and HQs that do not speak the same newest version of the contract.
#include <mutex>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/scripted_server.hpp"
#include "tests/gateway/sync/store_under_test.hpp"

using namespace lintel;
using namespace lintel::test;
using nlohmann::json;
using sync::Trouble;

namespace {

constexpr auto kNoon = StoreUnderTest::kNoon;

/// An HQ that keeps the contract, behind a real web server.
class VersionedHq {
 public:
  VersionedHq(std::int64_t lowest, std::int64_t highest) { speak(lowest, highest); }

  [[nodiscard]] std::string url() const { return server_.url(); }
  void speak(std::int64_t lowest, std::int64_t highest) {
    const std::lock_guard lock(mutex_);
    hq_.lowest = lowest;
    hq_.highest = highest;
  }
  [[nodiscard]] std::map<ContractHq::Key, ContractHq::Content> readings() const {
    const std::lock_guard lock(mutex_);
    return hq_.readings;
  }
  /// Whether any request shared keys among series.
  [[nodiscard]] bool was_told_as_one() const {
    const std::lock_guard lock(mutex_);
    return told_as_one_;
  }
  [[nodiscard]] int requests() const { return server_.requests(); }

 private:
  Reply answer(const Asked& asked) {
    const std::lock_guard lock(mutex_);
    told_as_one_ = told_as_one_ || asked.body.find("\"of\":") != std::string::npos;
    try {
      return {http(200, hq_.answer(asked.body)), {}};
    } catch (const std::exception& error) {
      return {http(200, json{{"v", 1}, {"error", {{"code", "malformed"}, {"message", error.what()}}}}.dump()),
              {}};
    }
  }

  mutable std::mutex mutex_;
  ContractHq hq_;
  bool told_as_one_ = false;
  ScriptedServer server_{[this](const Asked& asked) { return answer(asked); }};
};

}  // namespace

TEST_CASE("versions: gateways and HQs one version apart keep everything, and say which one to update") {
  struct Pair {
    sync::Versions gateway, hq;
    std::string advice;
    bool told_as_one;
  };
  for (const auto& pair :
       {Pair{{1, 2}, {1, 2}, "", true}, Pair{{1, 2}, {1, 1}, "HQ's schema is to be updated", false},
        Pair{{1, 1}, {1, 2}, "Update this gateway", false}, Pair{{1, 2}, {1, 3}, "Update this gateway", true},
        Pair{{2, 3}, {1, 2}, "HQ's schema is to be updated", true}}) {
    CAPTURE(pair.gateway.highest);
    CAPTURE(pair.hq.highest);
    VersionedHq hq(pair.hq.lowest, pair.hq.highest);
    StoreUnderTest store;
    store.options.contract = pair.gateway;
    store.rows.minutes(1200, 2, kNoon);
    store.begin(hq.url());
    REQUIRE(store.drained());
    CHECK(hq.readings() == local_readings(store.rows.db()));
    CHECK(hq.was_told_as_one() == pair.told_as_one);
    const auto status = store.sync->status();
    CHECK(status.trouble == Trouble::none);
    CHECK(status.contract_note.empty() == pair.advice.empty());
    CHECK(status.contract_note.find(pair.advice) != std::string::npos);
  }
}

TEST_CASE("versions: an HQ that is put back to an older version is spoken to in that, and nothing is lost") {
  VersionedHq hq(1, 2);
  StoreUnderTest store;
  store.rows.minutes(600, 2, kNoon);
  store.begin(hq.url());
  REQUIRE(store.drained());
  CHECK(store.sync->status().contract_note.empty());
  hq.speak(1, 1);
  store.rows.minutes(600, 2, kNoon + 86'400'000);
  store.sync->notify();
  REQUIRE(store.drained());
  CHECK(hq.readings() == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
  hq.speak(1, 2);
  REQUIRE(eventually([&] {
    store.sync->wake();
    return store.sync->status().contract_note.empty();
  }));
}

TEST_CASE(
    "versions: without one in common nothing is set aside, it is said who is to be updated, and works after "
    "that") {
  struct Pair {
    sync::Versions gateway, hq;
    std::string what, advice;
  };
  for (const auto& pair : {Pair{{1, 2}, {3, 4}, "too old for", "update this gateway"},
                           Pair{{3, 4}, {1, 2}, "too new for", "HQ's schema has to be updated"}}) {
    CAPTURE(pair.what);
    VersionedHq hq(pair.hq.lowest, pair.hq.highest);
    StoreUnderTest store;
    store.options.contract = pair.gateway;
    store.options.timing.slow_retry = Millis{200};
    store.rows.minutes(100, 2, kNoon);
    store.begin(hq.url());
    REQUIRE(store.troubled_by(Trouble::version));
    const auto status = store.sync->status();
    CHECK(status.error.find(pair.what) != std::string::npos);
    CHECK(status.error.find(fmt::format("HQ understands {} to {}, this gateway {} to {}", pair.hq.lowest,
                                        pair.hq.highest, pair.gateway.lowest, pair.gateway.highest)) !=
          std::string::npos);
    CHECK(status.advice.find(pair.advice) != std::string::npos);
    CHECK(store.rows.watermark() == 0);
    CHECK(store.set_aside() == 0);
    // The row in the database is what `lintel sync` shows while nobody runs.
    CHECK(eventually([&] {
      return store.rows.db().scalar(
                 fmt::format("select instr(last_error, '{}') > 0 from sync_state", pair.what)) == 1;
    }));
    hq.speak(1, 4);
    REQUIRE(store.drained());
    CHECK(hq.readings() == local_readings(store.rows.db()));
  }
}

TEST_CASE("versions: with none in common it is tried every few minutes, not in a loop") {
  VersionedHq hq(3, 3);
  StoreUnderTest store;
  store.options.timing.slow_retry = Millis{3'600'000};
  store.rows.minutes(100, 2, kNoon);
  store.begin(hq.url());
  REQUIRE(store.troubled_by(Trouble::version));
  for (int i = 0; i < 50; ++i) store.sync->notify();
  CHECK(hq.requests() == 1);
  CHECK(store.sync->status().next_try > store.sync->status().last_attempt);
}

TEST_CASE("slots: what a person asks for waits for no slot") {
  VersionedHq hq(1, 2);
  StoreUnderTest store;
  store.options.timing.interval = Millis{3'600'000};
  store.begin(hq.url());
  REQUIRE(eventually([&] { return store.sync->status().state == sync::State::current; }));
  store.rows.minutes(10, 2, kNoon);
  store.sync->wake();
  REQUIRE(store.drained());
  CHECK(hq.readings().size() == 10);
}
