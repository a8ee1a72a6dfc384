// The real HQ and the real gateway, one version of the contract apart.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;
using sync::Trouble;

namespace {

/// HQ's functions understand versions up to this one.
void let_highest_be(RealHq& hq, int version) {
  hq.sql().rows(fmt::format(
      "create or replace function private.contract_highest() returns bigint language sql immutable return {}",
      version));
}

/// HQ's schema as it was with version 1: it does not know of series that share keys.
void put_back_to_version_1(RealHq& hq) {
  let_highest_be(hq, 1);
  auto sql = hq.sql();
  sql.rows("alter function api.gateway_sync_v1(jsonb) rename to gateway_sync_2");
  sql.rows(R"(create function api.gateway_sync_v1(jsonb) returns jsonb language plpgsql security definer
              set search_path = pg_catalog, pg_temp as $$
begin
  if jsonb_path_exists($1, '$.series[*].of') then
    return private.sync_failure('malformed', 'series[0]: sensor must be a number or a uuid');
  end if;
  return api.gateway_sync_2($1);
end $$)");
  sql.rows("grant execute on function api.gateway_sync_v1(jsonb) to lintel_gateway");
  sql.rows("notify pgrst, 'reload schema'");
}

/// A gateway that speaks these versions tells a few hundred readings, and again after `meanwhile`.
void arrives_at(RealHq& hq, sync::Versions versions, const std::string& note,
                const std::function<void()>& meanwhile = {}) {
  CAPTURE(versions.highest);
  StoreUnderTest store;
  store.options.contract = versions;
  store.write_token(hq.token());
  store.rows.minutes(500, 2, days_ago(3));
  store.rows.region({.sensor = 2, .started_at = days_ago(2), .in = 4});
  store.begin(hq.url());
  REQUIRE(store.drained());
  if (meanwhile) meanwhile();
  store.rows.minutes(500, 2, days_ago(1));
  store.sync->notify();
  REQUIRE(store.drained());
  CHECK(store.set_aside() == 0);
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
  CHECK(store.sync->status().contract_note.empty() == note.empty());
  CHECK(store.sync->status().contract_note.find(note) != std::string::npos);
}

}  // namespace

TEST_CASE("versions with PostgreSQL: a gateway that is as new, one older or one newer tells everything") {
  if (!ready()) return;
  for (const auto& [versions, note] :
       {std::pair{sync::Versions{1, 2}, ""}, std::pair{sync::Versions{1, 1}, "Update this gateway"},
        std::pair{sync::Versions{2, 3}, "HQ's schema is to be updated"}}) {
    RealHq hq;
    arrives_at(hq, versions, note);
  }
}

TEST_CASE("versions with PostgreSQL: an HQ that is one newer is told everything") {
  if (!ready()) return;
  RealHq hq;
  let_highest_be(hq, 3);
  arrives_at(hq, sync::kContract, "Update this gateway");
}

TEST_CASE(
    "versions with PostgreSQL: an HQ put back to version 1 in the middle is told everything in its words") {
  if (!ready()) return;
  RealHq hq;
  arrives_at(hq, sync::kContract, "HQ's schema is to be updated", [&] { put_back_to_version_1(hq); });
}

TEST_CASE(
    "versions with PostgreSQL: without a version in common HQ's words and ours say who is to be updated") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.options.contract = {3, 4};
  store.rows.minutes(20, 2, days_ago(1));
  store.begin(hq.url());
  REQUIRE(store.troubled_by(Trouble::version));
  CHECK(store.sync->status().error.find("HQ understands 1 to 2, this gateway 3 to 4") != std::string::npos);
  CHECK(store.set_aside() == 0);
  CHECK(readings_at(hq).empty());
  let_highest_be(hq, 3);
  REQUIRE(store.drained());
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
}
