#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/status/analytics.hpp"
#include "gateway/status/http.hpp"

namespace lintel::status {

/// /api/analytics and /api/analytics/stream. What has been answered holds for half a second if today is part
/// of it, else for half a minute, and so does the reckoning behind the stream, however many ask. Used by the
/// thread of the HTTP server; must outlive its routes.
class AnalyticsPage {
 public:
  using Now = std::function<std::optional<UtcMs>()>;  ///< absent: the database cannot be read

  /// `reader` outlives it; `closed` as in analytics().
  AnalyticsPage(store::Database& reader, Closed closed) : db_(reader), closed_(std::move(closed)) {}

  void add_to(Routes& routes, Now now);

 private:
  using Clock = std::chrono::steady_clock;
  struct Answer {
    std::string key;
    Clock::time_point until;
    std::shared_ptr<const std::string> body;
  };

  Response answer(const Request& request);
  std::shared_ptr<const std::string> remembered(const std::string& key);
  std::shared_ptr<const std::string> event();

  store::Database& db_;
  const Closed closed_;
  Now now_;
  std::deque<Answer> answers_;  ///< the newest last
  Clock::time_point looked_{};
  std::shared_ptr<const std::string> event_;
};

}  // namespace lintel::status
