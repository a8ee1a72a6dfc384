#include "tests/gateway/sync/against_hq.hpp"

namespace lintel::test {

std::map<ContractHq::Key, ContractHq::Content> readings_at(RealHq& hq) {
  std::map<ContractHq::Key, ContractHq::Content> out;
  const auto number = [](const std::string& text) { return std::stoll(text); };
  for (const auto& row : hq.sql().rows(R"(
      select s.public_id, false, line, (extract(epoch from started_at) * 1000)::bigint, seq, duration_ms,
             count_in, count_out, revision, flags
        from data.people_counting_raw r join data.sensor_metadata s on s.id = r.sensor_id
      union all
      select s.public_id, true, region, (extract(epoch from started_at) * 1000)::bigint, seq, duration_ms,
             occupancy, null, revision, flags
        from data.regional_counting_raw r join data.sensor_metadata s on s.id = r.sensor_id)")) {
    out[{row[0], row[1] == "t", row[2], number(row[3]), number(row[4])}] = {number(row[5]), row[6], row[7],
                                                                            number(row[8]), number(row[9])};
  }
  return out;
}

/// Buckets of the lines that differ from what the raw rows add up to.
std::string wrong_hours(RealHq& hq) {
  return hq.sql().value(R"(
with kept as (select sensor_id, line, hour_at, count_in, count_out, readings::bigint
                from data.hourly_analytics where region = ''),
     counted as (select sensor_id, line, date_trunc('hour', private.last_instant(started_at, duration_ms), 'UTC'),
                        coalesce(sum(count_in), 0)::bigint, coalesce(sum(count_out), 0)::bigint, count(*)
                   from data.people_counting_raw group by 1, 2, 3)
select count(*) from ((table kept except table counted) union all (table counted except table kept)) as d)");
}

std::string wrong_days(RealHq& hq) {
  return hq.sql().value(R"(
with kept as (select sensor_id, line, day, count_in, count_out, readings::bigint
                from data.daily_analytics where region = ''),
     counted as (select sensor_id, line,
                        private.store_day(private.last_instant(started_at, duration_ms), 'Europe/Berlin', 0),
                        coalesce(sum(count_in), 0)::bigint, coalesce(sum(count_out), 0)::bigint, count(*)
                   from data.people_counting_raw group by 1, 2, 3)
select count(*) from ((table kept except table counted) union all (table counted except table kept)) as d)");
}

}  // namespace lintel::test
