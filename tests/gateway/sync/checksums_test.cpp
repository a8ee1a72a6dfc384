// Whether both ends hold the same readings of a day.
#include "gateway/sync/checksums.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/fill_store.hpp"

using namespace lintel;
using namespace lintel::sync;
using lintel::test::FilledStore;
using nlohmann::json;

namespace {

constexpr std::int64_t kDay = 86'400'000, kHour = 3'600'000;
constexpr std::int64_t kToday = 20'660;
const UtcMs kNow = utc_ms(kToday * kDay + 12 * kHour);

/// The formula of schema/SYNC.md, written down once more.
std::int64_t checksum(std::int64_t t, std::int64_t dur, std::int64_t in1, std::int64_t out1,
                      std::int64_t seq = 0, std::int64_t flags = 0) {
  return (t % kDay + 1) *
         (1 + in1 % 1'000'003 * 31 + out1 % 1'000'003 * 1009 + dur % 1'000'003 * 17 + seq * 7919 +
          flags * 104'729) %
         2'147'483'629;
}

std::int64_t on(std::int64_t day, std::int64_t hour) {
  return day * kDay + hour * kHour;
}

std::optional<DayChecksums> next(FilledStore& store, std::int64_t watermark = 1000) {
  return ChecksumReader(store.db()).next(kNow, watermark);
}

std::string state(FilledStore& store, std::int64_t day) {
  auto row = store.db().prepare("select state, note from day_checks where day = ?");
  row.bind(day);
  return row.step() ? fmt::format("{} {}", row.text(0), row.text(1)) : "none";
}

}  // namespace

TEST_CASE("checksums: a day that is over and confirmed adds up by the formula of the contract") {
  FilledStore store;
  const auto door = store.sensor("A", "Door");
  store.line({door, "1", on(kToday - 1, 9), 0, 60'000, 4, 0});
  store.line({door, "1", on(kToday - 1, 9), 1, 0, 1, std::nullopt, 2});
  store.line({door, "2", on(kToday - 1, 23), 0, 60'000, 7, 8});
  store.region({door, "till", on(kToday - 1, 10), 0, 0, 3});
  store.line({door, "1", on(kToday, 9), 0, 60'000, 4, 0});
  owe_comparison(store.db(), 0, 100);
  const auto day = next(store);
  REQUIRE(day);
  CHECK(day->day == kToday - 1);
  REQUIRE(day->series.size() == 3);
  const auto id = FilledStore::public_id(door);
  CHECK(day->series[0] ==
        SeriesChecksum{id, false, "1", 2,
                       checksum(on(0, 9), 60'000, 5, 1) + checksum(on(0, 9), 0, 2, 0, 1, 2)});
  CHECK(day->series[1] == SeriesChecksum{id, false, "2", 1, checksum(on(0, 23), 60'000, 8, 9)});
  CHECK(day->series[2] == SeriesChecksum{id, true, "till", 1, checksum(on(0, 10), 0, 4, 0)});

  std::string text;
  append_checksums(text, *day);
  CHECK(text.size() <= width_of(*day));
  const auto sent = json::parse("{\"v\":1" + text + "}");
  CHECK(sent["checksums"][0]["t"] == (kToday - 1) * kDay);
  CHECK(sent["checksums"][0]["series"][2]["region"] == "till");
}

TEST_CASE("checksums: what HQ has not confirmed or has refused is left out, and today is not over") {
  FilledStore store;
  const auto door = store.sensor("A", "Door");
  const auto first = store.line({door, "1", on(kToday - 1, 9), 0, 60'000, 4, 0});
  const auto refused = store.line({door, "1", on(kToday - 1, 10), 0, 60'000, 4, 0});
  store.line({door, "1", on(kToday - 1, 11), 0, 60'000, 4, 0});
  store.line({door, "1", on(kToday, 9), 0, 60'000, 4, 0});
  store.db().execute(
      fmt::format("insert into set_aside (change_no, code, at) values ({}, 'future', 0)", refused));
  owe_comparison(store.db(), 0, 100);
  const auto day = next(store, refused);
  REQUIRE(day);
  REQUIRE(day->series.size() == 1);
  CHECK(day->series[0].readings == 1);
  CHECK(first < refused);
  CHECK(keep_verdict(store.db(), {kToday - 1, "", {}}, kNow).empty());
  CHECK_FALSE(next(store));
  CHECK(state(store, kToday) == "owed ");
}

TEST_CASE("checksums: a series that differs is sent again three times, then named and tried daily") {
  FilledStore store;
  const auto door = store.sensor("A", "Door");
  store.line({door, "1", on(kToday - 1, 9), 0, 60'000, 4, 0});
  owe_comparison(store.db(), 0, 100);
  const DayVerdict differs{kToday - 1, "", {{FilledStore::public_id(door), false, "1", 0, 0}}};
  for (int round = 0; round < 3; ++round) {
    const auto resend = keep_verdict(store.db(), differs, kNow);
    REQUIRE(resend.size() == 1);
    CHECK(resend[0].sensor == door);
    CHECK_FALSE_MESSAGE(next(store), "not before it was sent");
    owe_comparison(store.db(), 0, 100);  // HQ has confirmed it
    CHECK(next(store));
  }
  CHECK(keep_verdict(store.db(), differs, kNow).empty());
  CHECK(state(store, kToday - 1) == "differs 1 series differ");
  CHECK_FALSE(next(store));
  CHECK(ChecksumReader(store.db()).next(kNow + std::chrono::days{1}, 1000));
  (void)keep_verdict(store.db(), {kToday - 1, "", {}}, kNow);
  CHECK(state(store, kToday - 1) == "equal ");
}

TEST_CASE("checksums: what only HQ has cannot be mended by sending, and is named") {
  FilledStore store;
  const auto door = store.sensor("A", "Door");
  store.line({door, "1", on(kToday - 1, 9), 0, 60'000, 4, 0});
  owe_comparison(store.db(), 0, 100);
  const DayVerdict more{kToday - 1, "", {{FilledStore::public_id(door), false, "9", 5, 77}}};
  CHECK(keep_verdict(store.db(), more, kNow).empty());
  CHECK(state(store, kToday - 1) == "differs 1 series differ");
}

TEST_CASE("checksums: a correction of an old day has it compared again, and another HQ everything") {
  FilledStore store;
  const auto door = store.sensor("A", "Door");
  const auto change = store.line({door, "1", on(kToday - 9, 9), 0, 60'000, 4, 0});
  owe_comparison(store.db(), 0, change);
  (void)keep_verdict(store.db(), {kToday - 9, "", {}}, kNow);
  CHECK_FALSE(next(store));
  const auto corrected = store.revise(change, 5);
  owe_comparison(store.db(), change, corrected);
  CHECK(next(store));
  (void)keep_verdict(store.db(), {kToday - 9, "too_old", {}}, kNow);
  CHECK_FALSE(next(store));
  owe_all_comparisons(store.db());
  CHECK(next(store));
}
