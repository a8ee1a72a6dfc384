#include "gateway/sync/checksums.hpp"

#include <fmt/format.h>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::size_t kMostOfDay = 1000;
constexpr int kMostResends = 3;
constexpr std::size_t kSeriesInDay = 128;

// private.reading_checksum() at HQ: the same in every digit.
constexpr const char* kLines = R"(
select s.public_id, r.line, count(*),
       sum((r.started_at % 86400000 + 1)
           * (1 + (coalesce(r.count_in, -1) + 1) % 1000003 * 31 + (coalesce(r.count_out, -1) + 1) % 1000003 * 1009
              + r.duration_ms % 1000003 * 17 + r.seq * 7919 + r.flags * 104729) % 2147483629)
  from people_counting_raw r
  join sensor_metadata s on s.id = r.sensor_id
 where r.started_at >= ?1 and r.started_at < ?2 and r.change_no <= ?3
   and not exists (select 1 from set_aside a where a.change_no = r.change_no)
 group by 1, 2)";

constexpr const char* kRegions = R"(
select s.public_id, r.region, count(*),
       sum((r.started_at % 86400000 + 1)
           * (1 + (coalesce(r.occupancy, -1) + 1) % 1000003 * 31
              + r.duration_ms % 1000003 * 17 + r.seq * 7919 + r.flags * 104729) % 2147483629)
  from regional_counting_raw r
  join sensor_metadata s on s.id = r.sensor_id
 where r.started_at >= ?1 and r.started_at < ?2 and r.change_no <= ?3
   and not exists (select 1 from set_aside a where a.change_no = r.change_no)
 group by 1, 2)";

void collect(store::Statement& sums, std::int64_t day, std::int64_t watermark, bool region,
             DayChecksums& out) {
  sums.bind(day * kDay, (day + 1) * kDay, watermark);
  while (sums.step()) {
    out.series.push_back(
        {std::string(sums.text(0)), region, std::string(sums.text(1)), sums.integer(2), sums.integer(3)});
  }
  sums.reset();
}

std::optional<std::int64_t> local_id(store::Database& db, const std::string& public_id) {
  auto row = db.prepare("select id from sensor_metadata where public_id = ?");
  row.bind(public_id);
  if (!row.step()) return std::nullopt;
  return row.integer(0);
}

bool has_readings(store::Database& db, const Resend& series) {
  auto row = db.prepare(series.region ? "select 1 from regional_counting_raw where started_at >= ? and "
                                        "started_at < ? and sensor_id = ? and region = ? limit 1"
                                      : "select 1 from people_counting_raw where started_at >= ? and "
                                        "started_at < ? and sensor_id = ? and line = ? limit 1");
  row.bind(series.day * kDay, (series.day + 1) * kDay, series.sensor, series.label);
  return row.step();
}

}  // namespace

ChecksumReader::ChecksumReader(store::Database& reader)
    : days_(reader.prepare("select day from day_checks where state <> 'equal' and day < ?1 and next_at <= ?2 "
                           "order by day limit 10")),
      lines_(reader.prepare(kLines)),
      regions_(reader.prepare(kRegions)) {}

std::optional<DayChecksums> ChecksumReader::next(UtcMs now, std::int64_t watermark) {
  std::optional<DayChecksums> found;
  days_.bind(count_ms(now) / kDay, count_ms(now));
  while (!found && days_.step()) {
    DayChecksums day;
    day.day = days_.integer(0);
    collect(lines_, day.day, watermark, false, day);
    collect(regions_, day.day, watermark, true, day);
    if (day.series.size() <= kMostOfDay) found = std::move(day);
  }
  days_.reset();
  return found;
}

void append_checksums(std::string& out, const DayChecksums& day) {
  out += ",\"checksums\":[{\"t\":";
  append_number(out, day.day * kDay);
  out += ",\"series\":[";
  bool first = true;
  for (const auto& series : day.series) {
    if (!first) out += ',';
    first = false;
    out += "{\"sensor\":";
    append_json_string(out, series.sensor);
    out += series.region ? ",\"region\":" : ",\"line\":";
    append_json_string(out, series.label);
    out += ",\"n\":";
    append_number(out, series.readings);
    out += ",\"h\":";
    append_number(out, series.sum);
    out += '}';
  }
  out += "]}]";
}

std::size_t width_of(const DayChecksums& day) {
  std::size_t bytes = 64;
  for (const auto& series : day.series) bytes += kSeriesInDay + 6 * series.label.size();
  return bytes;
}

void owe_comparison(store::Database& writer, std::int64_t after, std::int64_t to) {
  for (const char* table : {"people_counting_raw", "regional_counting_raw"}) {
    writer
        .prepare(fmt::format("insert into day_checks (day, state, next_at) "
                             "select distinct started_at / {0}, 'owed', 0 from {1} "
                             "where change_no > ? and change_no <= ? "
                             "on conflict (day) do update set state = 'owed', next_at = 0 "
                             "where state <> 'owed' or next_at <> 0",
                             kDay, table))
        .bind(after, to)
        .run();
  }
}

void owe_all_comparisons(store::Database& writer) {
  writer.execute("update day_checks set state = 'owed', resends = 0, next_at = 0");
}

std::vector<Resend> keep_verdict(store::Database& writer, const DayVerdict& verdict, UtcMs now) {
  std::vector<Resend> resend;
  auto known = writer.prepare("select resends from day_checks where day = ?");
  known.bind(verdict.day);
  const auto resends = known.step() ? known.integer(0) : 0;
  known.reset();
  for (const auto& series : verdict.differs) {
    const auto sensor = local_id(writer, series.sensor);
    if (!sensor) continue;
    Resend again{verdict.day, *sensor, series.region, series.label};
    if (resends < kMostResends && has_readings(writer, again)) resend.push_back(std::move(again));
  }
  const bool equal = verdict.code.empty() && verdict.differs.empty();
  // Past the horizon HQ holds nothing to compare with.
  const bool over = equal || verdict.code == "too_old";
  std::string note = verdict.code;
  if (!verdict.differs.empty()) {
    note = fmt::format("{} series differ{}", verdict.differs.size(), resend.empty() ? "" : ", sent again");
  }
  writer
      .prepare(
          "update day_checks set state = ?, resends = iif(?, 0, resends + ?), checked_at = ?, next_at = ?, "
          "note = ? where day = ?")
      .bind(over ? "equal" : "differs", over, resend.empty() ? 0 : 1, count_ms(now),
            over ? std::int64_t{0} : count_ms(now) + kDay, note, verdict.day)
      .run();
  return resend;
}

}  // namespace lintel::sync
