#include "gateway/app/opening.hpp"

#include "gateway/clock/opening_hours.hpp"
#include "gateway/store/sensor_settings.hpp"

namespace lintel::app {

counting::OpenSpans opening_of(store::Database& db) {
  auto row = db.prepare("select settings, timezone from stores where id = 1");
  if (!row.step()) return {};
  const auto settings = store::object_from(row.text(0));
  const auto said = settings.find("opening_hours");
  if (said == settings.end()) return {};
  auto hours = clock::OpeningHours::parse(*said);
  auto zone = clock::Zone::find(std::string(row.text(1)));
  if (!hours || !zone) return {};
  return [hours = std::move(*hours), zone = std::move(*zone)](UtcMs from, UtcMs to) {
    const auto date = [&](UtcMs at) {
      return static_cast<clock::StoreDay>(
          std::chrono::floor<std::chrono::days>(zone.to_wall(at)).time_since_epoch().count());
    };
    return hours.spans(zone, date(from), date(to));
  };
}

}  // namespace lintel::app
