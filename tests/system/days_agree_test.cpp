// Days and hours of stores, as the gateway's code and its SQLite, PostgreSQL, and a reckoning of this test's
// own see them. The reckoning reads the zones' files itself and follows the definition to the letter: a day
// begins at the first instant at which the clock on the wall shows its start or later.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/app/open_store.hpp"
#include "gateway/clock/store_days.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr const char* kZones[] = {"Europe/Berlin",       "America/Sao_Paulo", "Asia/Kathmandu",
                                  "Australia/Lord_Howe", "Pacific/Apia",      "Africa/Casablanca"};
constexpr int kStarts[] = {0, 240, 1410};
constexpr std::int64_t kFrom = 14'245;  // 1 January 2009
constexpr std::int64_t kTo = 22'280;    // 1 January 2031

/// A zone's file, RFC 8536, the part with 64-bit times.
class ZoneFile {
 public:
  struct Stretch {
    std::int64_t from;  ///< ms
    std::int64_t offset;
  };

  explicit ZoneFile(const std::string& name) {
    std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    bytes_ = bytes.str();
    REQUIRE(bytes_.starts_with("TZif"));
    const auto first = sizes(0);
    const auto start =
        44 + first.times * 5 + first.types * 6 + first.chars + first.leaps * 8 + first.isstd + first.isut;
    const auto second = sizes(start);
    const auto times = start + 44, kinds = times + second.times * 8, types = kinds + second.times;
    REQUIRE(second.leaps == 0);
    stretches.push_back({std::numeric_limits<std::int64_t>::min(), number(types, 4) * 1000});
    for (std::size_t k = 0; k < second.times; ++k) {
      const auto kind = static_cast<unsigned char>(bytes_[kinds + k]);
      stretches.push_back({number(times + k * 8, 8) * 1000, number(types + kind * 6u, 4) * 1000});
    }
  }

  /// First instant at which this or more is shown.
  [[nodiscard]] std::int64_t first_showing(std::int64_t wall) const {
    for (std::size_t k = 0; k < stretches.size(); ++k) {
      const auto candidate = std::max(stretches[k].from, wall - stretches[k].offset);
      if (k + 1 == stretches.size() || candidate < stretches[k + 1].from) return candidate;
    }
    return 0;
  }

  std::vector<Stretch> stretches;

 private:
  struct Sizes {
    std::size_t isut, isstd, leaps, times, types, chars;
  };
  [[nodiscard]] Sizes sizes(std::size_t at) const {
    const auto field = [&](std::size_t n) { return static_cast<std::size_t>(number(at + 20 + n * 4, 4)); };
    return {field(0), field(1), field(2), field(3), field(4), field(5)};
  }
  [[nodiscard]] std::int64_t number(std::size_t at, std::size_t length) const {
    std::int64_t value = static_cast<signed char>(bytes_.at(at));
    for (std::size_t k = 1; k < length; ++k)
      value = value * 256 + static_cast<unsigned char>(bytes_.at(at + k));
    return value;
  }
  std::string bytes_;
};

/// Days of one zone and start, reckoned.
class Reckoned {
 public:
  Reckoned(const ZoneFile& zone, int start) {
    for (auto day = kFrom; day <= kTo; ++day)
      begins.push_back(zone.first_showing(day * kDay + start * 60'000));
  }
  [[nodiscard]] std::int64_t day(std::int64_t at) const {
    return kFrom + (std::upper_bound(begins.begin(), begins.end(), at) - begins.begin()) - 1;
  }
  std::vector<std::int64_t> begins;  ///< from kFrom on
};

/// Half hours around each change of the clocks, and the instants before.
std::vector<std::int64_t> around_changes(const ZoneFile& zone) {
  std::vector<std::int64_t> instants;
  for (const auto& stretch : zone.stretches) {
    if (stretch.from < (kFrom + 4) * kDay || stretch.from > (kTo - 4) * kDay) continue;
    for (auto t = stretch.from - 2 * kDay; t <= stretch.from + 2 * kDay; t += 1'800'000) {
      instants.push_back(t);
      instants.push_back(t - 1);
    }
  }
  for (int k = 0; k < 2000; ++k) instants.push_back((kFrom + 2) * kDay + k * 345'678'901LL);  // and anywhere
  return instants;
}

std::vector<std::int64_t> numbers(test::Sql& sql, const std::string& query) {
  std::vector<std::int64_t> values;
  for (const auto& row : sql.rows(query)) values.push_back(std::stoll(row.at(0)));
  return values;
}

std::vector<std::int64_t> at_hq(test::Sql& sql, const std::string& zone, int start,
                                const std::vector<std::int64_t>& instants) {
  return numbers(
      sql,
      fmt::format("select private.store_day(private.calendar_of('{}', {}), to_timestamp(t / 1000.0)) - "
                  "date '1970-01-01' from unnest('{{{}}}'::bigint[]) with ordinality as x (t, n) order by n",
                  zone, start, fmt::join(instants, ",")));
}

std::vector<std::int64_t> begins_at_hq(test::Sql& sql, const std::string& zone, int start) {
  return numbers(sql, fmt::format("select (extract(epoch from private.day_begins(private.calendar_of('{}', "
                                  "{}), date '1970-01-01' + d)) "
                                  "* 1000)::bigint from generate_series({}, {}) as d order by d",
                                  zone, start, kFrom, kTo));
}

/// How many of these are different, and the first of them.
std::string differences(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  if (a.size() != b.size()) return fmt::format("{} and {} values", a.size(), b.size());
  const auto first = std::mismatch(a.begin(), a.end(), b.begin());
  if (first.first == a.end()) return {};
  return fmt::format("value {} is {} and {}", first.first - a.begin(), *first.first, *first.second);
}

/// A store's own database with a reading of one person at each instant.
std::map<std::int64_t, std::int64_t> counted_days(const std::string& zone, int start,
                                                  const std::vector<std::int64_t>& instants) {
  test::TempDir dir;
  config::Config config;
  config.state_dir = dir.path();
  config.timezone = zone;
  config.day_start_minute = start;
  auto store = app::open_store(config);
  REQUIRE(store);
  auto& db = (*store)->db();
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A", "", "m", "l", utc_ms(0))->id;
  for (const auto at : instants) {
    (*store)->readings().put(sensor, "", store::Reading{utc_ms(at), 0ms, 1, 0, 0, true}, utc_ms(at));
  }
  (*store)->commit((*store)->position(), "", utc_ms(0));
  CHECK(db.scalar("select sum(count_in) from hourly_analytics") ==
        db.scalar("select sum(count_in) from daily_analytics"));
  CHECK(db.scalar("select count(*) from hourly_analytics h where count_in <> (select count(*) from "
                  "people_counting_raw "
                  "where started_at between h.hour_at and h.hour_at + 3599999)") == 0);
  std::map<std::int64_t, std::int64_t> days;
  auto rows = db.prepare("select day, count_in from daily_analytics");
  while (rows.step()) days[rows.integer(0)] = rows.integer(1);
  return days;
}

}  // namespace

TEST_CASE("days: gateway, SQLite, PostgreSQL and a reckoning from the zones' files agree") {
  if (!test::PostgresCluster::available()) {
    MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
    return;
  }
  auto cluster = test::PostgresCluster::with_schema();
  test::Sql sql(cluster.conninfo());
  for (const std::string zone : kZones) {
    const ZoneFile file(zone);
    const auto instants = around_changes(file);
    for (const int start : kStarts) {
      CAPTURE(zone);
      CAPTURE(start);
      const Reckoned reckoned(file, start);
      const auto days = clock::StoreDays::make({{std::nullopt, zone, start}}).value();
      std::vector<std::int64_t> begins, gateway, right;
      for (auto day = kFrom; day <= kTo; ++day)
        begins.push_back(count_ms(days.begin(static_cast<clock::StoreDay>(day))));
      for (const auto t : instants) {
        gateway.push_back(days.day(utc_ms(t)));
        right.push_back(reckoned.day(t));
      }
      CHECK(std::is_sorted(reckoned.begins.begin(), reckoned.begins.end()));
      CHECK(differences(begins, reckoned.begins) == "");
      CHECK(differences(begins_at_hq(sql, zone, start), reckoned.begins) == "");
      CHECK(differences(gateway, right) == "");
      CHECK(differences(at_hq(sql, zone, start, instants), right) == "");

      std::map<std::int64_t, std::int64_t> expected;
      for (const auto day : right) ++expected[day];
      CHECK(counted_days(zone, start, instants) == expected);
    }
  }
}

TEST_CASE("days: the reckoning knows what everybody knows") {
  CHECK(Reckoned(ZoneFile("Pacific/Apia"), 0).begins[15'338 - kFrom] ==
        Reckoned(ZoneFile("Pacific/Apia"), 0).begins[15'339 - kFrom]);
  const Reckoned berlin(ZoneFile("Europe/Berlin"), 0);
  CHECK(berlin.begins[20'542 - kFrom] - berlin.begins[20'541 - kFrom] == 23 * 3'600'000);  // 29 March 2026
  CHECK(berlin.day(1'774'738'800'000) == 20'541);
}
