#include "gateway/clock/opening_hours.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace lintel;
using namespace std::chrono_literals;
using clock::OpeningHours;
using nlohmann::json;

namespace {

UtcMs utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / month / day} + std::chrono::hours{hour} +
         std::chrono::minutes{minute};
}

OpeningHours hours(const char* text) {
  auto parsed = OpeningHours::parse(json::parse(text));
  REQUIRE_MESSAGE(parsed, parsed.error().message);
  return *parsed;
}

clock::Zone berlin() {
  return clock::Zone::find("Europe/Berlin").value();
}

}  // namespace

TEST_CASE("opening hours: a weekday that is not named is closed, an exception stands in its place") {
  // 21 December 2026 is a Monday.
  const auto shop = hours(R"({"monday": [["09:00", "12:30"], ["14:00", "20:00"]],
                             "exceptions": {"2026-12-28": [], "2026-12-29": [["10:00", "11:00"]]}})");
  const auto zone = berlin();
  CHECK_FALSE(shop.open_at(zone, utc(2026, 12, 21, 7, 59)));
  CHECK(shop.open_at(zone, utc(2026, 12, 21, 8)));
  CHECK(shop.open_at(zone, utc(2026, 12, 21, 11, 29)));
  CHECK_FALSE(shop.open_at(zone, utc(2026, 12, 21, 11, 30)));
  CHECK(shop.open_at(zone, utc(2026, 12, 21, 13)));
  CHECK_FALSE(shop.open_at(zone, utc(2026, 12, 22, 10)));
  CHECK(shop.closed_throughout(zone, utc(2026, 12, 27, 23), utc(2026, 12, 28, 23)));
  CHECK(shop.open_at(zone, utc(2026, 12, 29, 9, 30)));
  CHECK(shop.next_change(zone, utc(2026, 12, 21, 8)) == utc(2026, 12, 21, 11, 30));
  CHECK(shop.next_change(zone, utc(2026, 12, 21, 19)) == utc(2026, 12, 29, 9));
}

TEST_CASE("opening hours: a bar is open past midnight, also where the next day is closed") {
  const auto bar = hours(R"({"saturday": [["20:00", "03:00"]], "exceptions": {"2026-12-27": []}})");
  CHECK(bar.open_at(berlin(), utc(2026, 12, 27, 1, 59)));
  CHECK_FALSE(bar.open_at(berlin(), utc(2026, 12, 27, 2)));
  CHECK(bar.next_change(berlin(), utc(2026, 12, 26, 20)) == utc(2026, 12, 27, 2));
}

TEST_CASE("opening hours: a change of the clocks makes a night an hour shorter or longer") {
  const auto bar = hours(R"({"saturday": [["20:00", "04:00"]]})");
  const auto night = [&](int month, int day) {
    const clock::StoreDay saturday = static_cast<clock::StoreDay>(
        std::chrono::sys_days{std::chrono::year{2026} / month / day}.time_since_epoch().count());
    const auto spans = bar.spans(berlin(), saturday, saturday);
    REQUIRE(spans.size() == 1);
    return spans[0].second - spans[0].first;
  };
  CHECK(night(3, 28) == 7h);
  CHECK(night(3, 21) == 8h);
  CHECK(night(10, 24) == 9h);
}

TEST_CASE("opening hours: times that occur twice mean the second, skipped ones as much later, as at HQ") {
  const auto odd = hours(R"({"sunday": [["02:30", "02:45"]]})");
  const auto spans = odd.spans(berlin(), 20751, 20751);  // 25 October 2026
  REQUIRE(spans.size() == 1);
  CHECK(spans[0] == OpeningHours::Span{utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 1, 45)});
  const auto skipped = odd.spans(berlin(), 20541, 20541);  // 29 March 2026
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0] == OpeningHours::Span{utc(2026, 3, 29, 1, 30), utc(2026, 3, 29, 1, 45)});
}

TEST_CASE("opening hours: who is always open, or never, has no next change") {
  CHECK_FALSE(hours("{}").next_change(berlin(), utc(2026, 12, 21, 8)));
  CHECK(hours("{}").closed_throughout(berlin(), utc(2026, 1, 1, 0), utc(2026, 12, 31, 0)));
  const auto always = hours(
      R"({"monday": [["00:00", "24:00"]], "tuesday": [["00:00", "24:00"]], "wednesday": [["00:00", "24:00"]],
    "thursday": [["00:00", "24:00"]], "friday": [["00:00", "24:00"]], "saturday": [["00:00", "24:00"]], "sunday": [["00:00", "24:00"]]})");
  CHECK(always.open_at(berlin(), utc(2026, 12, 21, 23)));
  CHECK_FALSE(always.next_change(berlin(), utc(2026, 12, 21, 8)));
}

TEST_CASE("opening hours: what nobody could understand is refused, naming the place") {
  const auto refusal = [](const char* text) {
    const auto parsed = OpeningHours::parse(json::parse(text));
    return parsed ? std::string() : parsed.error().message;
  };
  CHECK(refusal("[]").find("no object") != std::string::npos);
  CHECK(refusal(R"({"mondey": []})").find("mondey") != std::string::npos);
  CHECK(refusal(R"({"monday": [["9:00", "20:00"]]})").find("monday") != std::string::npos);
  CHECK(refusal(R"({"monday": [["24:00", "20:00"]]})") != "");
  CHECK(refusal(R"({"monday": [["09:00"]]})") != "");
  CHECK(refusal(R"({"monday": [["09:00", "12:00"], ["11:00", "13:00"]]})").find("order") !=
        std::string::npos);
  CHECK(refusal(R"({"monday": [["20:00", "02:00"], ["21:00", "22:00"]]})").find("order") !=
        std::string::npos);
  CHECK(refusal(R"({"exceptions": {"2026-02-30": []}})").find("2026-02-30") != std::string::npos);
  CHECK(refusal(R"({"exceptions": []})") != "");
}
