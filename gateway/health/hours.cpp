#include "gateway/health/hours.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "gateway/store/sensor_settings.hpp"

namespace lintel::health {

Hours::Hours(clock::Zone zone, std::optional<clock::OpeningHours> hours, std::chrono::minutes day_start)
    : zone_(std::move(zone)), hours_(std::move(hours)), day_start_(day_start) {}

Hours Hours::of_store(store::Database& db) {
  auto row = db.prepare("select settings, timezone, day_start_minute from stores where id = 1");
  if (!row.step()) return {};
  auto zone = clock::Zone::find(std::string(row.text(1)));
  if (!zone) return {};
  std::optional<clock::OpeningHours> hours;
  const auto settings = store::object_from(row.text(0));
  if (const auto said = settings.find("opening_hours"); said != settings.end()) {
    if (auto parsed = clock::OpeningHours::parse(*said)) hours = std::move(*parsed);
  }
  return {std::move(*zone), std::move(hours), std::chrono::minutes{row.integer(2)}};
}

bool Hours::open_at(UtcMs instant) const {
  if (!hours_) return true;
  if (instant >= known_.from && instant < known_.to) return known_.open;
  known_.open = hours_->open_at(*zone_, instant);
  known_.from = instant;
  known_.to = hours_->next_change(*zone_, instant).value_or(instant + std::chrono::days{1});
  return known_.open;
}

std::vector<Hours::Span> Hours::open(UtcMs from, UtcMs to) const {
  if (from >= to) return {};
  if (!hours_) return {{from, to}};
  const auto date = [this](UtcMs at) {
    return static_cast<clock::StoreDay>(
        std::chrono::floor<std::chrono::days>(zone_->to_wall(at)).time_since_epoch().count());
  };
  std::vector<Span> cut;
  for (const auto& [opens, closes] : hours_->spans(*zone_, date(from), date(to))) {
    const Span span{std::max(opens, from), std::min(closes, to)};
    if (span.first < span.second) cut.push_back(span);
  }
  return cut;
}

std::int64_t Hours::day(UtcMs instant) const {
  return std::chrono::floor<std::chrono::days>(to_wall(instant) - day_start_).time_since_epoch().count();
}

}  // namespace lintel::health
