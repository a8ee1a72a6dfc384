#include "gateway/status/calendar.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "gateway/clock/opening_hours.hpp"

namespace lintel::status {

namespace {

struct OpenHours {
  clock::OpeningHours hours;
  clock::Zone zone;

  [[nodiscard]] clock::StoreDay date(UtcMs instant) const {
    return static_cast<clock::StoreDay>(
        std::chrono::floor<std::chrono::days>(zone.to_wall(instant)).time_since_epoch().count());
  }
};

std::optional<OpenHours> hours_of(store::Database& db) {
  auto row =
      db.prepare("select timezone, json_extract(settings, '$.opening_hours') from stores where id = 1");
  if (!row.step() || row.is_null(1)) return std::nullopt;
  auto hours = clock::OpeningHours::parse(nlohmann::json::parse(row.text(1), nullptr, false));
  auto zone = clock::Zone::find(std::string(row.text(0)));
  if (!hours || !zone) return std::nullopt;
  return OpenHours{std::move(*hours), std::move(*zone)};
}

}  // namespace

clock::StoreDays store_days(store::Database& db) {
  auto row = db.prepare("select calendar from stores where id = 1");
  if (row.step()) {
    const auto periods = clock::parse_periods(std::string(row.text(0)));
    auto days = periods ? clock::StoreDays::make(*periods) : tl::unexpected(periods.error());
    if (days) return std::move(*days);
  }
  return {*clock::Zone::find("UTC"), std::chrono::minutes{0}};
}

Closed closed_by_hours(store::Database& db) {
  auto known = hours_of(db);
  if (!known) return {};
  return [known = std::move(*known)](UtcMs from, UtcMs to) {
    return known.hours.closed_throughout(known.zone, from, to);
  };
}

Closed closed_by_hours(store::Database& db, UtcMs from, UtcMs to) {
  const auto known = hours_of(db);
  if (!known) return {};
  return
      [spans = known->hours.spans(known->zone, known->date(from), known->date(to))](UtcMs begin, UtcMs end) {
        const auto next = std::partition_point(spans.begin(), spans.end(),
                                               [&](const auto& span) { return span.second <= begin; });
        return next == spans.end() || next->first >= end;
      };
}

}  // namespace lintel::status
