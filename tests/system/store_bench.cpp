#include "tests/system/store_bench.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "tests/support/text_file.hpp"

namespace lintel::test {

namespace fs = std::filesystem;

Gateway::Gateway(RealHq& hq) {
  fs::create_directories(dir() / "links.d");
  fs::create_directories(dir() / "sensors.d");
  std::ofstream(dir() / "credential") << hq.token() << '\n';
  fs::permissions(dir() / "credential", fs::perms::owner_read | fs::perms::owner_write);
  const auto store = hq.sql().value("select public_id from data.stores");
  std::ofstream(dir() / "gateway.conf") << fmt::format(
      "[store]\nid = {}\ntimezone = Europe/Berlin\n[gateway]\nstate_dir = {}/state\nspool_dir = {}/spool\n"
      "[status]\nlisten = 127.0.0.1:0\n[hq]\nurl = {}\ncredential_file = {}/credential\ninterval_seconds = "
      "0.2\n",
      store, dir().string(), dir().string(), hq.url(), dir().string());
  step_clock("+0");
}

void Gateway::add_link(const std::string& name, const std::string& text) {
  std::ofstream(dir() / "links.d" / (name + ".conf")) << text;
}

void Gateway::add_sensor(const std::string& name, const std::string& text) {
  std::ofstream(dir() / "sensors.d" / (name + ".conf")) << text;
}

void Gateway::start(const std::vector<std::string>& environment) {
  auto all = environment;
#ifndef LINTEL_SANITIZED
  all.push_back("LD_PRELOAD=" LINTEL_FAKETIME);
  all.push_back("FAKETIME_DONT_FAKE_MONOTONIC=1");
  all.push_back("FAKETIME_CACHE_DURATION=1");
  all.push_back("FAKETIME_TIMESTAMP_FILE=" + (dir() / "clock").string());
#endif
  process_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir() / "gateway.conf").string()}, all,
                            dir() / "log");
}

void Gateway::kill() {
  process_.kill(SIGKILL);
  process_.wait();
}

int Gateway::stop() {
  process_.kill(SIGTERM);
  return process_.wait();
}

void Gateway::step_clock(const std::string& offset) {
  std::ofstream(dir() / "clock.new") << offset << '\n';
  fs::rename(dir() / "clock.new", dir() / "clock");
}

std::string Gateway::log() const {
  return text_of(dir() / "log");
}

std::vector<Row> rows_at(Sql& hq) {
  std::vector<Row> rows;
  for (const auto& row :
       hq.rows("select s.serial, r.line, (extract(epoch from r.started_at) * 1000)::bigint, r.seq, "
               "r.duration_ms, coalesce(r.count_in, 0), coalesce(r.count_out, 0) "
               "from data.people_counting_raw r join data.sensor_metadata s on s.id = r.sensor_id")) {
    rows.push_back({row[0], row[1], std::stoll(row[2]), std::stoll(row[3]), std::stoll(row[4]),
                    std::stoll(row[5]), std::stoll(row[6])});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string wrong_buckets(Sql& hq) {
  return hq.value(R"(
with raw as (
  select sensor_id, line, coalesce(count_in, 0) as i, coalesce(count_out, 0) as o, duration_ms,
         started_at + greatest(duration_ms - 1, 0) * interval '1 ms' as last
    from data.people_counting_raw where flags & 48 = 0),
hours as (
  select sensor_id, line, date_trunc('hour', last, 'UTC') as at, sum(i) as i, sum(o) as o
    from raw where duration_ms <= 3600000 group by 1, 2, 3),
days as (
  select sensor_id, line, (last at time zone 'Europe/Berlin')::date as day, sum(i) as i, sum(o) as o
    from raw group by 1, 2, 3),
wrong as (
  select 1 from hours h full join (select * from data.hourly_analytics where region = '') a
      on a.sensor_id = h.sensor_id and a.line = h.line and a.hour_at = h.at
   where (h.i, h.o) is distinct from (a.count_in::numeric, a.count_out::numeric)
  union all
  select 1 from days d full join (select * from data.daily_analytics where region = '') a
      on a.sensor_id = d.sensor_id and a.line = d.line and a.day = d.day
   where (d.i, d.o) is distinct from ((a.count_in + a.unallocated_in)::numeric, (a.count_out + a.unallocated_out)::numeric))
select count(*) from wrong)");
}

bool soak() {
  return std::getenv("TEST_SOAK") != nullptr;
}

}  // namespace lintel::test
