// What HQ rejected, when HQ's rules become others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"
#include "tests/gateway/sync/card.hpp"

using namespace lintel;
using namespace lintel::test;

namespace {

constexpr const char* kStrict = "update private.settings set value = '1' where key = 'raw_retention_months'";
constexpr const char* kMild = "update private.settings set value = '13' where key = 'raw_retention_months'";

/// A card that has told HQ two passages: one of yesterday, and one that lies before HQ's horizon.
struct Rejected {
  Rejected() : card({hq.url(), hq.token()}) {
    hq.sql().rows(kStrict);
    const auto old = utc_ms(days_ago(60)), fresh = utc_ms(days_ago(1));
    card.window(old, old + Millis{kMinute}, 3, 1);
    card.window(fresh, fresh + Millis{kMinute}, 5, 0);
    REQUIRE(card.sync());
    REQUIRE(at_hq() == "5/0");
    REQUIRE(set_aside() == "too_old");
  }

  std::string at_hq() {
    return hq.sql().value(
        "select string_agg(count_in || '/' || count_out, ' ' order by started_at) from "
        "data.people_counting_raw");
  }
  std::string set_aside() {
    auto rows = card.db().prepare("select group_concat(code, ' ') from set_aside");
    return rows.step() ? std::string(rows.text(0)) : std::string();
  }
  /// Number of the refused change: another one each time it is owed again.
  std::int64_t change() { return card.db().scalar("select change_no from set_aside"); }
  std::int64_t retried_at() {
    return card.db().scalar("select coalesce(refused_retried_at, 0) from sync_state");
  }

  RealHq hq;
  Card card;
};

}  // namespace

TEST_CASE("rules: what HQ rejected arrives by itself once HQ has a version that takes it") {
  if (!ready()) return;
  Rejected rejected;
  auto sql = rejected.hq.sql();
  sql.rows(kMild);
  REQUIRE(rejected.card.sync());
  CHECK(rejected.set_aside() == "too_old");
  sql.rows(
      "create or replace function private.schema_version() returns integer language sql immutable return 2");
  REQUIRE(rejected.card.sync());
  CHECK(rejected.at_hq() == "3/1 5/0");
  CHECK(rejected.set_aside().empty());
  CHECK(rejected.retried_at() > 0);
}

TEST_CASE("rules: a DBA can have everything that was rejected sent once more") {
  if (!ready()) return;
  Rejected rejected;
  rejected.hq.sql().rows(kMild);
  rejected.hq.sql().rows("update private.settings set value = '1' where key = 'retry_rejected'");
  REQUIRE(rejected.card.sync());
  CHECK(rejected.at_hq() == "3/1 5/0");
}

TEST_CASE(
    "rules: what is rejected again is set aside again, and sent no more than once for each change of rules") {
  if (!ready()) return;
  Rejected rejected;
  const auto first = rejected.change();
  rejected.hq.sql().rows("update private.settings set value = '1' where key = 'retry_rejected'");
  REQUIRE(rejected.card.sync());
  const auto second = rejected.change();
  CHECK(second > first);
  for (int i = 0; i < 20; ++i) (void)rejected.card.request();
  rejected.card.restart();
  REQUIRE(rejected.card.sync());
  CHECK(rejected.change() == second);
  CHECK(rejected.set_aside() == "too_old");
  rejected.hq.sql().rows("update private.settings set value = '2' where key = 'retry_rejected'");
  REQUIRE(rejected.card.sync());
  CHECK(rejected.change() > second);
}
