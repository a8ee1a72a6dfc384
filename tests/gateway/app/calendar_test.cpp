// Days of a store whose calendar changes, on the real database with the real zones.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <map>
#include <tuple>

#include <fmt/format.h>

#include "gateway/app/open_store.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/sync/confirmation.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace std::chrono_literals;

namespace {

const UtcMs kFirst = utc_ms(1'790'000'000'000);  // 21 September 2026
constexpr int kDays = 50;                        // past the change of the clocks in October
const UtcMs kLater = kFirst + std::chrono::days{kDays};

class Bench {
 public:
  explicit Bench(const std::string& zone = "UTC") {
    config.state_dir = dir_.path();
    config.timezone = zone;
    open();
  }
  void close() { store.reset(); }
  void open() {
    close();
    auto opened = app::open_store(config);
    REQUIRE_MESSAGE(opened, opened.error().message);
    store = std::move(*opened);
  }
  template <typename F>
  auto batch(F&& work) {
    store->begin();
    auto result = work();
    store->commit(store->position(), "", kLater);
    return result;
  }

  /// A reading every 50 minutes; long ones, estimates and a region among them.
  void fill() {
    batch([this] {
      const auto door = store->sensors().claim("A", "", "m", "l", kFirst)->id;
      const auto till = store->sensors().claim("B", "", "m", "l", kFirst)->id;
      for (int k = 0; k < kDays * 24; ++k) {
        store::Reading reading{kFirst + k * 50min, Millis{k % 11 == 0 ? 5'000'000 : 60'000}, k % 7, 1};
        if (k % 13 == 0) reading.flags = store::kEstimated;
        store->readings().put(door, k % 2 == 0 ? "1" : "2", reading, kFirst);
        store->readings().put(till, "R", store::Presence{kFirst + k * 60min, k % 17}, kFirst);
      }
      return 0;
    });
  }

  /// What HQ says, as the sync thread hands it over.
  store::Recompute::Found hq_says(const clock::CalendarPeriods& periods) {
    sync::Confirmation confirmation;
    auto epoch = store->db().prepare("select epoch from writer_state");
    (void)epoch.step();
    confirmation.epoch = epoch.text(0);
    epoch.reset();
    confirmation.history = "h";
    confirmation.configuration = sync::Configuration{};
    confirmation.configuration->version = ++version_;
    confirmation.configuration->timezone = periods.back().timezone;
    confirmation.configuration->day_start_minute = periods.back().day_start_minute;
    confirmation.configuration->calendar = clock::to_text(periods);
    return batch([&] {
      sync::apply(store->db(), confirmation, kLater);
      const auto found = store->follow_calendar(kLater);
      REQUIRE(found);
      return *found;
    });
  }
  void recount_all() {
    while (store->recomputing()) {
      batch([this] { return store->recompute_next(kLater), 0; });
    }
  }

  config::Config config;
  std::unique_ptr<store::Store> store;

 private:
  test::TempDir dir_;
  std::int64_t version_ = 0;
};

using Figures =
    std::map<std::tuple<std::int64_t, std::string, std::string, std::int64_t>, std::array<std::int64_t, 5>>;

Figures held(store::Database& db) {
  Figures figures;
  auto rows = db.prepare(
      "select sensor_id, line, region, day, count_in, unallocated_in, estimated_in, "
      "coalesce(occupancy_max, -1), readings from daily_analytics");
  while (rows.step()) {
    figures[{rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)), rows.integer(3)}] = {
        rows.integer(4), rows.integer(5), rows.integer(6), rows.integer(7), rows.integer(8)};
  }
  return figures;
}

/// By another road: each raw row by itself.
Figures expected(store::Database& db, const clock::CalendarPeriods& periods) {
  const auto days = clock::StoreDays::make(periods).value();
  Figures figures;
  auto rows = db.prepare(
      "select sensor_id, line, '', started_at, duration_ms, flags, count_in, -1 from people_counting_raw "
      "union all select sensor_id, '', region, started_at, 0, flags, 0, occupancy from "
      "regional_counting_raw");
  while (rows.step()) {
    const auto last = rows.integer(3) + std::max<std::int64_t>(rows.integer(4) - 1, 0);
    auto& sum = figures
                    .try_emplace({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)),
                                  days.day(utc_ms(last))},
                                 std::array<std::int64_t, 5>{0, 0, 0, -1, 0})
                    .first->second;
    const bool estimated = (rows.integer(5) & store::kEstimated) != 0;
    sum[estimated ? 2 : rows.integer(4) > 3'600'000 ? 1 : 0] += rows.integer(6);
    sum[3] = std::max(sum[3], rows.integer(7));
    ++sum[4];
  }
  return figures;
}

clock::CalendarPeriods ever(const std::string& zone, int minute = 0) {
  return {{std::nullopt, zone, minute}};
}

std::int64_t people(store::Database& db) {
  return db.scalar("select sum(count_in + unallocated_in + estimated_in) from daily_analytics");
}

/// A gateway that counts days anew and says so on a pipe after each, before it is durable; it is killed then.
void killed_while_recounting(const config::Config& config, int after_days) {
  int said[2];
  REQUIRE(::pipe(said) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto store = app::open_store(config);
    if (!store) ::_exit(1);
    while ((*store)->recomputing()) {
      (*store)->begin();
      (*store)->recompute_next(kLater);
      if (::write(said[1], "x", 1) != 1) ::_exit(1);
      if (--after_days == 0) ::pause();  // in the middle of the transaction
      (*store)->commit((*store)->position(), "", kLater);
    }
    ::_exit(0);
  }
  ::close(said[1]);
  char byte = 0;
  for (int k = 0; k < after_days; ++k) REQUIRE(::read(said[0], &byte, 1) == 1);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  ::close(said[0]);
}

}  // namespace

TEST_CASE("calendar: a zone that was wrong is recounted day by day, and a kill in the middle loses nothing") {
  Bench bench;
  bench.fill();
  const auto truth = people(bench.store->db());
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("UTC")));
  const auto found = bench.hq_says(ever("Australia/Lord_Howe", 240));
  CHECK(found.waiting >= kDays);
  CHECK(found.marked == 0);
  CHECK(held(bench.store->db()) != expected(bench.store->db(), ever("Australia/Lord_Howe", 240)));
  bench.close();
  for (const int days : {1, 7, 3}) killed_while_recounting(bench.config, days);
  bench.open();
  CHECK(bench.store->db().scalar("select count(*) from recompute_days") == found.waiting - (0 + 6 + 2));
  // People come while days wait, and a reading is corrected.
  bench.batch([&] {
    const auto door = bench.store->sensors().claim("A", "", "m", "l", kFirst)->id;
    bench.store->readings().put(door, "1", store::Reading{kLater + 1h, 1min, 100, 0}, kLater);
    bench.store->readings().put(door, "1", store::Reading{kFirst + 10 * 50min, 1min, 1000, 0}, kLater);
    return 0;
  });
  bench.recount_all();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("Australia/Lord_Howe", 240)));
  CHECK(people(bench.store->db()) == truth + 100 + 1000 - 10 % 7);
  CHECK(bench.store->db().scalar("select count(*) from daily_analytics where old_calendar") == 0);
}

TEST_CASE("calendar: HQ's change takes effect while the store is open, and a rollback takes it back") {
  Bench bench;
  bench.fill();
  const clock::CalendarPeriods moved{{std::nullopt, "UTC", 0},
                                     {clock::parse_day("2026-10-20"), "Europe/Berlin", 0}};
  const auto past = held(bench.store->db());
  const auto found = bench.hq_says(moved);
  CHECK(found.waiting > 10);
  CHECK(found.waiting < kDays - 20);
  CHECK(bench.store->timezone() == "Europe/Berlin");
  bench.recount_all();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), moved));
  for (const auto& [key, figures] : past) {
    if (std::get<3>(key) < *clock::parse_day("2026-10-19")) CHECK(held(bench.store->db())[key] == figures);
  }

  bench.store->begin();
  bench.store->db().execute(
      fmt::format("update stores set calendar = '{}'", clock::to_text(ever("Asia/Tokyo"))));
  REQUIRE(bench.store->follow_calendar(kLater));
  CHECK(bench.store->recomputing());
  bench.store->rollback();
  CHECK_FALSE(bench.store->recomputing());
  bench.batch([&] {
    const auto door = bench.store->sensors().claim("A", "", "m", "l", kFirst)->id;
    bench.store->readings().put(door, "1", store::Reading{kFirst + 100h, 0min, 5, 0}, kLater);
    return 0;
  });
  CHECK(held(bench.store->db()) == expected(bench.store->db(), moved));
}

TEST_CASE("calendar: a calendar with a zone that is unknown here leaves the one before in force") {
  Bench bench;
  bench.fill();
  bench.store->begin();
  bench.store->db().execute(
      fmt::format("update stores set calendar = '{}'", clock::to_text(ever("Mars/Base"))));
  CHECK_FALSE(bench.store->follow_calendar(kLater));
  bench.store->rollback();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("UTC")));
  // Nor does one that a later tzdata no longer has keep the gateway from starting.
  bench.store->db().execute(
      fmt::format("update sync_state set config_version = 1; update stores set timezone = "
                  "'Mars/Base', calendar = '{}'",
                  clock::to_text(ever("Mars/Base"))));
  bench.open();
  CHECK(bench.store->notice().find("Mars/Base") != std::string::npos);
  CHECK(bench.store->timezone() == "UTC");
}

TEST_CASE("calendar: days whose readings are gone keep their numbers and are marked") {
  Bench bench;
  bench.fill();
  const auto before = held(bench.store->db());
  const auto gone = count_ms(kFirst + 20 * 24h);
  bench.store->db().execute(fmt::format("delete from people_counting_raw where started_at < {0}", gone));
  bench.store->db().execute(fmt::format("delete from regional_counting_raw where started_at < {0}", gone));
  const auto found = bench.hq_says(ever("Asia/Kathmandu"));
  CHECK(found.marked >= 20);
  CHECK(found.marked <= 24);
  bench.recount_all();
  auto& db = bench.store->db();
  const auto last_marked = db.scalar("select max(day) from daily_analytics where old_calendar = 1");
  CHECK(db.scalar(fmt::format("select count(*) from daily_analytics where old_calendar = 0 and day <= {}",
                              last_marked)) == 0);
  auto after = held(db);
  auto right = expected(db, ever("Asia/Kathmandu"));
  for (const auto& [key, figures] : before) {
    if (std::get<3>(key) <= last_marked) CHECK(after[key] == figures);
  }
  for (const auto& [key, figures] : right) {
    if (std::get<3>(key) > last_marked) CHECK(after[key] == figures);
  }
  bench.open();
  CHECK_FALSE(bench.store->recomputing());
}

TEST_CASE("calendar: gateway.conf's zone holds from the next day on, unless it says since when or always") {
  Bench bench;
  bench.fill();
  const auto past = held(bench.store->db());
  bench.config.timezone = "America/Sao_Paulo";
  bench.open();
  CHECK_FALSE(bench.store->recomputing());
  CHECK(held(bench.store->db()) == past);
  CHECK(bench.store->timezone() == "America/Sao_Paulo");
  CHECK(bench.store->db().scalar("select json_array_length(calendar) from stores") == 2);
  bench.open();
  CHECK(bench.store->db().scalar("select json_array_length(calendar) from stores") == 2);

  bench.config.calendar_from = "2026-10-01";
  bench.open();
  CHECK(bench.store->recomputing());
  bench.recount_all();
  CHECK(held(bench.store->db()) ==
        expected(bench.store->db(),
                 {{std::nullopt, "UTC", 0}, {clock::parse_day("2026-10-01"), "America/Sao_Paulo", 0}}));

  bench.config.calendar_from = "always";
  bench.open();
  bench.recount_all();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("America/Sao_Paulo")));
}

TEST_CASE("calendar: from the next day on is behind all that was counted, also where the clock is not") {
  test::TempDir dir;
  const auto utc = clock::StoreDays::make(ever("UTC")).value();
  const auto calendar = [&](const std::string&) {
    return store::Calendar{[&](UtcMs t) { return std::int64_t{utc.day(t)}; },
                           [&](std::int64_t day) { return utc.begin(static_cast<clock::StoreDay>(day)); }};
  };
  UtcMs asked{};
  const store::CalendarRules rules{
      calendar, [&](const std::string&, const store::Identity&, bool, UtcMs now) -> Result<std::string> {
        asked = now;
        return clock::to_text(ever("UTC"));
      }};
  auto opened = store::Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, rules, kFirst);
  REQUIRE(opened);
  (*opened)->begin();
  const auto door = (*opened)->sensors().claim("A", "", "m", "l", kFirst)->id;
  (*opened)->readings().put(door, "1", store::Reading{kFirst, 1min, 5, 0}, kFirst);
  (*opened)->commit((*opened)->position(), "", kFirst);
  opened->reset();
  opened = store::Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, rules, utc_ms(1000));
  REQUIRE(opened);
  CHECK(utc.day(asked) == utc.day(kFirst));
}

TEST_CASE("calendar: once HQ has told one, gateway.conf's is not asked any more") {
  Bench bench;
  bench.fill();
  bench.hq_says(ever("Asia/Tokyo"));
  bench.config.timezone = "Europe/Berlin";
  bench.config.opening_hours = R"({"monday":[["09:00","20:00"]]})";
  bench.open();
  CHECK(bench.store->timezone() == "Asia/Tokyo");
  bench.recount_all();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("Asia/Tokyo")));
  CHECK(bench.store->db().scalar("select settings = '{}' from stores") == 1);
}

TEST_CASE("calendar: new tzdata recounts the days that it moves, at the next start") {
  Bench bench("Europe/Berlin");
  bench.fill();
  // As if the tzdata of then had let two days begin an hour earlier.
  auto& db = bench.store->db();
  const auto day = *clock::parse_day("2026-10-12");
  db.execute(fmt::format("update day_bounds set ends_at = ends_at - 3600000 where day between {} and {}",
                         day - 1, day));
  db.execute(fmt::format("update day_bounds set begins_at = begins_at - 3600000 where day between {} and {}",
                         day, day + 1));
  db.execute(fmt::format("update daily_analytics set count_in = count_in + 9 where day between {} and {}",
                         day - 1, day));
  bench.open();
  CHECK(bench.store->db().scalar("select group_concat(day - " + std::to_string(day) +
                                 ", '') = '-101' from (select day from recompute_days order by day)") == 1);
  bench.recount_all();
  CHECK(held(bench.store->db()) == expected(bench.store->db(), ever("Europe/Berlin")));
  CHECK(bench.store->db().scalar("select tzdata = '" + clock::tzdata_version() + "' from writer_state") == 1);
  bench.open();
  CHECK_FALSE(bench.store->recomputing());
}
