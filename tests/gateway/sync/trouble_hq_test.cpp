// Credentials that are not good, and mistakes of HQ's own.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;
using lintel::sync::State;
using lintel::sync::Trouble;

TEST_CASE("sync with PostgreSQL: an expired, foreign or revoked credential is said, and a good one used") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  auto expired = hq.token("1 second");
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  store.write_token(expired.substr(0, expired.size() - 4) + "AAAA");
  store.rows.minutes(10, 2, days_ago(1));
  store.begin(hq.url());
  REQUIRE(store.troubled_by(Trouble::credential));
  store.write_token(hq.token());
  REQUIRE(store.drained());

  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  store.rows.minutes(10, 2, days_ago(1) + 86'400'000 / 2);
  store.sync->notify();
  REQUIRE(store.troubled_by(Trouble::permission));
  CHECK(store.sync->status().error.find("revoked") != std::string::npos);
  hq.sql().rows("update data.gateways set lifecycle = 'active'");
  REQUIRE(store.drained());
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
}

TEST_CASE("sync with PostgreSQL: HQ's own mistakes set nothing aside") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  REQUIRE(eventually([&] { return store.sync->status().state == State::current; }));
  auto sql = hq.sql();
  std::int64_t start = days_ago(2);
  const auto through = [&](const std::string& harm, Trouble trouble, const std::string& repair) {
    CAPTURE(harm);
    sql.rows(harm);
    store.rows.minutes(50, 2, start += 3'600'000);
    store.sync->notify();
    CHECK(store.troubled_by(trouble));
    sql.rows(repair);
    REQUIRE(store.drained());
    CHECK(store.set_aside() == 0);
  };
  through("revoke execute on function api.gateway_sync_v1(jsonb) from lintel_gateway", Trouble::permission,
          "grant execute on function api.gateway_sync_v1(jsonb) to lintel_gateway");
  through(
      "alter function api.gateway_sync_v1(jsonb) rename to gateway_sync_gone; notify pgrst, 'reload schema'",
      Trouble::schema_older,
      "alter function api.gateway_sync_gone(jsonb) rename to gateway_sync_v1; notify pgrst, 'reload schema'");
  through("alter table data.hourly_analytics rename to hourly_gone", Trouble::hq_error,
          "alter table data.hourly_gone rename to hourly_analytics");
  through(
      "alter function api.gateway_sync_v1(jsonb) set statement_timeout = '1ms';"
      "alter role authenticator set statement_timeout = '1ms'; alter role lintel_gateway set "
      "statement_timeout "
      "= '1ms'; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'",
      Trouble::overloaded,
      "alter function api.gateway_sync_v1(jsonb) reset statement_timeout;"
      "alter role authenticator reset statement_timeout; alter role lintel_gateway reset statement_timeout;"
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'");
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
  CHECK(wrong_hours(hq) == "0");
}
