#include "gateway/sync/given_up.hpp"

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {
constexpr std::size_t kMostDays = 500;  // HQ takes 1,000
constexpr std::size_t kDayFrame = 190;
}  // namespace

std::size_t width_of(const OwedGivenUp& owed) {
  std::size_t bytes = owed.empty() ? 0 : 24;
  for (const auto& day : owed.items) bytes += kDayFrame + 6 * day.label.size();
  return bytes;
}

GivenUpReader::GivenUpReader(store::Database& reader)
    : select_(
          reader.prepare("select revision, sensor_id, regional, label, day, readings, count_in, count_out "
                         "from given_up where revision > ? order by revision limit ?")) {}

OwedGivenUp GivenUpReader::owed(std::int64_t told) {
  select_.bind(told, std::uint64_t{kMostDays + 1});
  return read_owed<GivenUp>(select_, kMostDays, [](auto& days, const store::Statement& row) {
    days.push_back({row.integer(1), row.integer(2) != 0, std::string(row.text(3)), row.integer(4),
                    row.integer(5), row.integer(6), row.integer(7)});
  });
}

void append_given_up(std::string& out, const OwedGivenUp& owed,
                     const std::function<const std::string&(std::int64_t sensor)>& id) {
  if (owed.empty()) return;
  out += ",\"given_up\":";
  char separator = '[';
  for (const auto& day : owed.items) {
    out += separator;
    separator = ',';
    out += "{\"sensor\":" + id(day.sensor) + (day.region ? ",\"region\":" : ",\"line\":");
    append_json_string(out, day.label);
    fmt::format_to(std::back_inserter(out), R"(,"day":"{}","readings":{},"in":{},"out":{}}})",
                   format_utc(utc_ms(day.day * 86'400'000)).substr(0, 10), day.readings, day.in, day.out);
  }
  out += ']';
}

void note_unresendable(store::Database& writer, std::int64_t watermark, const std::string& history,
                       UtcMs now) {
  const auto removed = writer.scalar("select removed_to from writer_state");
  const auto key = "not_resendable:" + history;
  const auto ms = count_ms(now);
  writer
      .prepare(
          "insert into alerts (organization_id, store_id, gateway_id, public_id, kind, dedup_key, severity, "
          "message, opened_at, created_at, updated_at) select 1, 1, 1, ?1, 'not_resendable', ?2, 'critical', "
          "?3, "
          "?4, ?4, ?4 where not exists (select 1 from alerts where dedup_key = ?2)")
      .bind(
          store::random_uuid(), key,
          fmt::format("HQ was restored to a state that ends with change {}, and the changes up to {} are not "
                      "kept here any more: HQ lacks them for good unless an older gateway card or a later "
                      "backup has them. [storage] keep_days should reach further back than HQ's backups.",
                      watermark, removed),
          ms)
      .run();
}

}  // namespace lintel::sync
