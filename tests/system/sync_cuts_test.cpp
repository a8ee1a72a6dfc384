// A line that breaks at any byte of an exchange, on the way to HQ or back: sync over a real database, the
// real PostgreSQL, and a proxy that counts bytes.
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"
#include "tests/support/faulty_proxy.hpp"
#include "tests/system/store_bench.hpp"

using namespace lintel;
using namespace lintel::test;
using Kind = Fault::Kind;

namespace {

bool holds_readings(const std::string& request) {
  return request.find("\"series\":[{") != std::string::npos;
}

/// Cuts one exchange after the other, each some bytes later than the one before, until they are whole.
class Cuts {
 public:
  /// `first` and `step` in bytes. Greetings hold no readings.
  Cuts(FaultyProxy& proxy, Kind kind, bool greetings, std::size_t first, std::size_t step)
      : proxy_(proxy), greetings_(greetings), at_(first) {
    proxy_.plan([this, kind, step](const std::string& request) {
      if (over_ || holds_readings(request) == greetings_) return Fault{};
      const auto size = kind == Kind::cut_request ? request.size() : proxy_.answer_size();
      // With the last cut the whole of it arrives, and the line breaks behind it.
      if (at_ > size) {
        over_ = true;
        return Fault{};
      }
      ++cuts_;
      return Fault{kind, std::exchange(at_, at_ + step), {}, cuts_ % 2 == 0};
    });
  }
  ~Cuts() { proxy_.behave(); }
  Cuts(const Cuts&) = delete;
  Cuts& operator=(const Cuts&) = delete;

  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] int count() const { return cuts_; }

 private:
  FaultyProxy& proxy_;
  const bool greetings_;
  std::size_t at_;  // of the proxy's threads, as is what follows
  std::atomic<int> cuts_{0};
  std::atomic<bool> over_{false};
};

std::vector<Row> rows_here(store::Database& db) {
  std::vector<Row> rows;
  auto all = db.prepare(
      "select s.serial, r.line, r.started_at, r.seq, r.duration_ms, coalesce(r.count_in, 0), "
      "coalesce(r.count_out, 0) from people_counting_raw r join sensor_metadata s on s.id = r.sensor_id");
  while (all.step()) {
    rows.push_back({std::string(all.text(0)), std::string(all.text(1)), all.integer(2), all.integer(3),
                    all.integer(4), all.integer(5), all.integer(6)});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

TEST_CASE("an exchange with HQ that is cut at any byte, there or back, leads to the same end") {
  if (!ready()) return;
  const char* given = std::getenv("TEST_SEED");
  const auto seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  MESSAGE("seed ", seed, " (TEST_SEED=", seed, " repeats this run)");
  // Every byte in the long run; every day as many places, others each time.
  const std::size_t step = soak() ? 1 : 13;
  const std::size_t first = seed % step;
  RealHq hq;
  FaultyProxy proxy(hq.port());
  StoreUnderTest store;
  store.options.timing.interval = Millis{5};
  store.write_token(hq.token());
  auto start = days_ago(2);
  store.rows.minutes(2, 2, start);
  store.begin(fmt::format("http://127.0.0.1:{}", proxy.port()));
  REQUIRE(store.drained());

  const auto cut = [&](const std::string& what, Kind kind, bool greetings) {
    CAPTURE(what);
    Cuts cuts(proxy, kind, greetings, first, step);
    const auto before = proxy.connections();
    while (!cuts.over()) {
      store.rows.minutes(1, 1, start += kMinute);
      store.sync->notify();
      const auto so_far = cuts.count();
      REQUIRE(eventually([&] { return cuts.over() || cuts.count() > so_far; }));
      if (kind != Kind::cut_request) REQUIRE((cuts.over() || greetings || store.drained()));
    }
    REQUIRE(store.drained());
    MESSAGE(what, ": ", cuts.count(), " cuts, ", proxy.connections() - before, " connections");
    CHECK(static_cast<std::size_t>(cuts.count()) > 200 / step);
    // A connection that ended is replaced, a whole one is kept.
    CHECK(proxy.connections() - before <= 3 * cuts.count() + 3);
    CHECK(store.set_aside() == 0);
  };
  cut("readings cut on their way to HQ", Kind::cut_request, false);
  cut("answers to readings cut", Kind::cut_answer, false);
  cut("greetings cut on their way to HQ", Kind::cut_request, true);
  cut("answers to greetings cut", Kind::cut_answer, true);
  auto sql = hq.sql();
  CHECK(rows_at(sql) == rows_here(store.rows.db()));
  CHECK(wrong_buckets(sql) == "0");
}
