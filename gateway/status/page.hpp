#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "gateway/status/analytics_page.hpp"
#include "gateway/status/http.hpp"
#include "gateway/status/snapshot.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// The local page and its API over one reading connection. Used by the thread of the HTTP server; must
/// outlive it. A snapshot is taken at most once in half a second, however many ask.
class Page {
 public:
  Page(store::Database reader, Runtime runtime)
      : reader_(std::move(reader)), runtime_(std::move(runtime)), analytics_(reader_, runtime_.closed) {}
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  /// `/` and the other files of gateway/web, `/api/health`, `/api/sensors`, `/api/sensors/data`,
  /// `/api/status`, `/api/stream`, `/api/alerts`, `/api/analytics`, `/api/analytics/stream`, `/metrics`, and
  /// `/api/openapi.json`, which describes them.
  Routes routes();

 private:
  using Clock = std::chrono::steady_clock;

  /// Null when the database cannot be read now; `trouble_` then says why.
  std::shared_ptr<const nlohmann::json> current();
  std::shared_ptr<const std::string> event();
  std::string beat();
  Response part(const std::function<nlohmann::json(const nlohmann::json&)>& choose);
  Response sensor_data(const Request& request);
  Response metrics();

  store::Database reader_;
  Runtime runtime_;
  AnalyticsPage analytics_;
  std::shared_ptr<const nlohmann::json> snapshot_;
  std::string trouble_;
  Clock::time_point taken_{};
  std::string event_key_;
  std::shared_ptr<const std::string> event_;
};

}  // namespace lintel::status
