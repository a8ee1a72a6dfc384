// HQ loses what it had and comes back from its backups, made and restored as schema/backup says by the real
// pgBackRest: the gateway fills up the rest by itself, and both ends agree.
#include <chrono>
#include <iostream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/system/backups.hpp"
#include "tests/system/fault_bench.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

bool ready() {
  if (RealHq::available() && Backups::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15, sqitch or pgbackrest is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15, sqitch and pgbackrest are not all installed");
  return false;
}

void pass(FaultBench& bench, int windows) {
  bench.pass(windows);
  REQUIRE(eventually([&] { return bench.push(); }));
}

void all_there(FaultBench& bench) {
  REQUIRE_MESSAGE(eventually([&] { return bench.at_hq() && bench.set_aside() == 0; }, 120s),
                  bench.difference(), "; ", bench.set_aside(), " set aside\n", bench.log());
}

std::size_t rows_at_hq(FaultBench& bench) {
  return std::stoul(bench.hq.sql().value("select count(*) from data.people_counting_raw"));
}

/// Nobody is let in from `shut` on until all of the runbook is done: that is the time it took.
double reopen(FaultBench& bench, Backups& backups, std::chrono::steady_clock::time_point shut,
              const std::string& moment) {
  backups.restore(moment);
  bench.hq.start_api();
  bench.proxy->listen();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - shut).count();
}

std::chrono::steady_clock::time_point shut(FaultBench& bench) {
  bench.proxy->refuse();
  bench.hq.stop_api();
  return std::chrono::steady_clock::now();
}

/// What the gateway itself finds when it compares its days with HQ's.
void both_ends_agree(FaultBench& bench) {
  const auto said = bench.lintel({"sync", "verify", "--days", "7", "--json"});
  INFO(said.out, said.err);
  REQUIRE(said.code == 0);
  const auto days = nlohmann::json::parse(said.out);
  REQUIRE_FALSE(days.empty());
  for (const auto& day : days) CHECK(day["state"] == "equal");
  auto sql = bench.hq.sql();
  CHECK(wrong_buckets(sql) == "0");
}

}  // namespace

TEST_CASE(
    "HQ goes back to the moment before a table was dropped, gateways send the rest again, and both ends "
    "agree") {
  if (!ready()) return;
  FaultBench bench(FaultBench::Disks::as_they_are);
  Backups backups(bench.hq.cluster);
  bench.start_gateway();
  pass(bench, 200);
  all_there(bench);
  backups.make();
  pass(bench, 200);
  all_there(bench);
  const auto before = backups.moment();
  pass(bench, 120);  // HQ says that it has them, and will have lost them
  all_there(bench);
  bench.hq.sql().rows("drop table data.people_counting_raw cascade");
  pass(bench, 40);
  CHECK(eventually([&] { return !bench.troubles().empty(); }));
  backups.archive_all();

  const auto drill = backups.drill(before);
  CHECK(drill["sound"] == true);
  std::cout << fmt::format("drill: RTO {} s, RPO {} s\n", drill["rto_s"].dump(), drill["rpo_s"].dump());

  const auto since = shut(bench);
  bench.hq.cluster.stop();
  const auto rto = reopen(bench, backups, since, before);
  const auto left = rows_at_hq(bench);
  CHECK(left >= 400);
  CHECK(left < 520);
  pass(bench, 20);
  all_there(bench);
  both_ends_agree(bench);
  std::cout << fmt::format(
      "a table dropped: RTO {:.1f} s; {} of {} readings were gone, and sent again by the gateway\n", rto,
      bench.passed() - 20 - left, bench.passed() - 20);

  // The restored server is one like before: its next backup is what the next loss is mended with.
  backups.make("diff");
  pass(bench, 100);
  all_there(bench);
  backups.archive_all();
  pass(bench, 60);
  all_there(bench);
  const auto lost_at = shut(bench);
  bench.hq.cluster.kill9();
  std::filesystem::remove_all(bench.hq.cluster.dir() / "data");
  const auto rto_of_loss = reopen(bench, backups, lost_at, {});
  const auto kept = rows_at_hq(bench);
  CHECK(kept >= bench.passed() - 60);
  pass(bench, 20);
  all_there(bench);
  both_ends_agree(bench);
  std::cout << fmt::format(
      "the server lost with its disk: RTO {:.1f} s; {} of {} readings were gone, and sent again by the "
      "gateway\n",
      rto_of_loss, bench.passed() - 20 - kept, bench.passed() - 20);
}
