#include "gateway/app/open_store.hpp"

#include <chrono>

#include "gateway/clock/zone.hpp"

namespace lintel::app {

namespace {

Result<store::Calendar> make_calendar(const std::string& timezone, int day_start_minute) {
  auto zone = clock::Zone::find(timezone);
  if (!zone) return tl::unexpected(zone.error());
  const auto days = std::make_shared<clock::StoreDays>(*zone, std::chrono::minutes{day_start_minute});
  return store::Calendar{[days](UtcMs t) { return std::int64_t{days->day(t)}; },
                         [days](std::int64_t day) { return days->begin(static_cast<clock::StoreDay>(day)); }};
}

}  // namespace

UtcMs machine_now() {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

Result<std::unique_ptr<store::Store>> open_store(const config::Config& config) {
  return store::Store::open(config.state_dir,
                            {config.store_id, config.store_name, config.timezone, config.day_start_minute,
                             config.gateway_name, LINTEL_VERSION},
                            make_calendar, machine_now());
}

}  // namespace lintel::app
