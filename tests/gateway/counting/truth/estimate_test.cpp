// What a total says of several days at once, through the real gateway.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/counting/truth/gateway.hpp"

using namespace lintel;
using namespace lintel::test::truth;
using namespace std::chrono_literals;

namespace {

/// A Friday.
constexpr UtcMs kFriday{std::chrono::sys_days{std::chrono::year{2026} / 6 / 5}};

/// The people whom each day is estimated to have had, of 240 who came from Friday at 20:00 to Monday at
/// 12:00.
std::vector<std::int64_t> weekend(const std::string& opening_hours) {
  Gateway gateway("UTC", 0, opening_hours);
  std::vector<Message> totals;
  const auto tell = [&](UtcMs at, int people) {
    Message total;
    total.text = fmt::format("total serial=D1 in={} out=7 at={}", people, count_ms(at));
    total.sent = at;
    totals.push_back(std::move(total));
  };
  tell(kFriday + 19h, 1000);
  tell(kFriday + 20h, 1000);
  tell(kFriday + 84h, 1240);
  for (const auto& total : totals) gateway.take({&total, total.sent});
  gateway.commit();
  std::vector<std::int64_t> estimated;
  for (const auto& day : gateway.days()) {
    CHECK(day.in + day.unallocated_in == 0);
    estimated.push_back(day.estimated_in);
  }
  return estimated;
}

}  // namespace

TEST_CASE("estimate: people of a silent weekend came while the store was open, if it says when that is") {
  const std::vector<std::int64_t> by_time{15, 90, 90, 45}, by_hours{0, 180, 0, 60};
  CHECK(weekend("") == by_time);
  CHECK(weekend(R"({"saturday": [["10:00", "16:00"]], "monday": [["10:00", "20:00"]]})") == by_hours);
  CHECK_MESSAGE(weekend(R"({"tuesday": [["10:00", "16:00"]]})") == by_time, "closed throughout");
}
