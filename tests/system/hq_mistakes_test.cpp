// What people do wrong at headquarters: nothing is set aside for it, nothing is lost, and once it is put
// right all is there without anybody at the store.
#include <algorithm>
#include <functional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/system/fault_bench.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

struct Mistake {
  const char* name;
  const char* harm;  ///< in SQL
  const char* repair;
  const char* says;  ///< the gateway's word for it; none: it takes it for a decision, and keeps them
};

const Mistake kMistakes[] = {
    {"the month has no partition",
     "do $$ declare p record; begin "
     "select * into p from private.partition_bounds where table_name = 'people_counting_raw' and "
     "from_at <= now() - interval '70 hours' and to_at > now() - interval '70 hours'; "
     "execute format('alter table data.people_counting_raw detach partition partitions.%I', "
     "p.partition_name); end $$",
     "do $$ declare name text := (select relname from pg_class where relnamespace = "
     "'partitions'::regnamespace and "
     "relname like 'people_counting_raw_%' and relkind = 'r' and not relispartition); "
     "month timestamp := to_timestamp(right(name, 8), 'YYYYMMDD'); begin "
     "execute format('alter table data.people_counting_raw attach partition partitions.%I for values from "
     "(%L) to "
     "(%L)', name, month, month + interval '1 month'); end $$",
     "overloaded"},
    {"a grant is revoked", "revoke usage on schema api from lintel_gateway",
     "grant usage on schema api to lintel_gateway", "permission"},
    {"a migration forgets a function", "alter function private.sync_terms(bigint) rename to sync_terms_gone",
     "alter function private.sync_terms_gone(bigint) rename to sync_terms", "hq_error"},
    {"a migration leaves a trigger that raises",
     "create function data.broken() returns trigger language plpgsql as $$ begin raise exception 'not "
     "today'; end $$; "
     "create trigger broken before insert on data.people_counting_raw for each row execute function "
     "data.broken()",
     // the table first: `drop function ... cascade` locks its partitions before it, and gateways write the
     // other way round, which PostgreSQL ends as a deadlock
     "drop trigger broken on data.people_counting_raw; drop function data.broken()", "hq_error"},
    {"a migration narrows a rule",
     "alter table data.people_counting_raw add constraint few check (count_in < 0) not valid",
     "alter table data.people_counting_raw drop constraint few", "hq_error"},
    {"the sensors are given to another gateway",
     "insert into data.gateways (organization_id, store_id, name) select organization_id, id, 'other' from "
     "data.stores "
     "limit 1; update data.sensor_metadata set gateway_id = (select id from data.gateways where name = "
     "'other')",
     "update data.sensor_metadata set gateway_id = (select min(id) from data.gateways)", nullptr},
};

bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

void pass(FaultBench& bench, int windows) {
  bench.pass(windows);
  REQUIRE(eventually([&] { return bench.push(); }));
}

void all_there(FaultBench& bench) {
  REQUIRE_MESSAGE(eventually([&] { return bench.at_hq() && bench.set_aside() == 0; }, 60s),
                  bench.difference(), "; ", bench.set_aside(), " set aside\n", bench.log());
  CHECK(eventually([&] { return bench.troubles().empty(); }));
}

}  // namespace

TEST_CASE("HQ's own mistakes cost nothing, and are put right at HQ alone") {
  if (!ready()) return;
  FaultBench bench(FaultBench::Disks::as_they_are);
  bench.start_gateway();
  pass(bench, 40);
  all_there(bench);
  for (const auto& mistake : kMistakes) {
    INFO(std::string(mistake.name));
    bench.hq.sql().rows(mistake.harm);
    pass(bench, 40);
    if (mistake.says != nullptr) {
      CHECK_MESSAGE(eventually([&] {
                      const auto said = bench.troubles();
                      return std::find(said.begin(), said.end(), mistake.says) != said.end();
                    }),
                    bench.log());
      CHECK(bench.set_aside() == 0);
    } else {
      CHECK(eventually([&] { return bench.set_aside() > 0; }));
    }
    bench.hq.sql().rows(mistake.repair);
    all_there(bench);
  }
  auto sql = bench.hq.sql();
  CHECK(wrong_buckets(sql) == "0");
}

TEST_CASE("a backup that HQ goes back to is filled up again, whether or not somebody says that it is one") {
  if (!ready()) return;
  for (const bool said : {true, false}) {
    for (const bool empty : {false, true}) {  // of before HQ knew the sensors
      if (!soak() && said == empty) continue;
      CAPTURE(said);
      CAPTURE(empty);
      FaultBench bench(FaultBench::Disks::as_they_are);
      bench.start_gateway();
      if (!empty) pass(bench, 40);
      if (!empty) all_there(bench);
      bench.hq.cluster.back_up();
      pass(bench, 40);
      all_there(bench);
      bench.proxy->refuse();  // nobody is let in before it is done
      bench.hq.cluster.go_back();
      if (said) bench.hq.sql().rows("select private.new_history()");
      CHECK_FALSE(bench.at_hq());
      bench.proxy->listen();
      pass(bench, 5);
      all_there(bench);
      auto sql = bench.hq.sql();
      CHECK(wrong_buckets(sql) == "0");
    }
  }
}
