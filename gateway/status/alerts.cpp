#include "gateway/status/alerts.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/parameters.hpp"
#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;

constexpr std::int64_t kUsualLimit = 100;
constexpr std::int64_t kHighestLimit = 500;

constexpr const char* kSelect =
    "select a.id, a.kind, a.dedup_key, a.severity, a.state, a.message, a.sensor_id, s.name, a.opened_at, "
    "a.acknowledged_at, iif(json_valid(a.details), json_extract(a.details, '$.acknowledged_by'), null), "
    "a.resolved_at from alerts a left join sensor_metadata s on s.id = a.sensor_id ";

json instant(const std::optional<std::int64_t>& ms) {
  return ms ? json(format_utc(utc_ms(*ms))) : json(nullptr);
}

}  // namespace

json alerts(store::Database& reader, bool open_only, std::size_t limit) {
  auto rows = reader.prepare(
      std::string(kSelect) +
      (open_only ? "where a.state <> 'resolved' order by case a.severity when 'critical' then 0 when "
                   "'warning' then 1 else 2 end, a.opened_at desc, a.id desc limit ?"
                 : "order by a.id desc limit ?"));
  rows.bind(std::uint64_t{limit});
  auto list = json::array();
  while (rows.step()) {
    const auto sensor = rows.maybe_integer(6);
    list.push_back({{"id", rows.integer(0)},
                    {"kind", rows.text(1)},
                    {"key", rows.text(2)},
                    {"severity", rows.text(3)},
                    {"state", rows.text(4)},
                    {"message", rows.text(5)},
                    {"sensor", sensor ? json(*sensor) : json(nullptr)},
                    {"sensor_name", rows.is_null(7) ? json(nullptr) : json(rows.text(7))},
                    {"opened_at", instant(rows.integer(8))},
                    {"acknowledged_at", instant(rows.maybe_integer(9))},
                    {"acknowledged_by", rows.is_null(10) ? json(nullptr) : json(rows.text(10))},
                    {"resolved_at", instant(rows.maybe_integer(11))}});
  }
  return list;
}

Response alerts_response(store::Database& reader, const Request& request) {
  if (const auto odd = unknown_parameter(request, {"state", "limit"})) return refusal(400, *odd);
  const auto state = parameter(request, "state");
  if (!state.empty() && state != "open" && state != "all") return refusal(400, "state has to be open or all");
  const auto text = parameter(request, "limit");
  const auto limit = text.empty() ? kUsualLimit : whole_number(text);
  if (!limit || *limit < 1 || *limit > kHighestLimit)
    return refusal(400, fmt::format("limit has to be a number from 1 to {}", kHighestLimit));
  try {
    return json_response(
        200, dump({{"alerts", alerts(reader, state != "all", static_cast<std::size_t>(*limit))}}) + "\n");
  } catch (const store::SqliteError& error) {
    return refusal(503, "the database cannot be read now: " + error.message);
  }
}

}  // namespace lintel::status
