#include "gateway/status/analytics_page.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/calendar.hpp"
#include "gateway/status/parameters.hpp"
#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;
using By = AnalyticsQuery::By;
using namespace std::chrono_literals;

constexpr clock::StoreDay kMostDaysByHour = 31;
constexpr clock::StoreDay kMostDaysByDay = 400;
constexpr std::size_t kAnswers = 16;
constexpr auto kTodayHolds = 500ms;
constexpr auto kPastHolds = 30s;

using Asked = tl::expected<AnalyticsQuery, std::string>;

/// The parameters, or what is wrong with them. Without days it is today.
Asked asked(const Request& request, clock::StoreDay today) {
  if (const auto odd = unknown_parameter(request, {"by", "from", "to", "sensor"}))
    return tl::unexpected(*odd);
  AnalyticsQuery query;
  const auto by = parameter(request, "by");
  if (by != "hour" && by != "day") return tl::unexpected(std::string("by has to be hour or day"));
  query.by = by == "hour" ? By::hour : By::day;
  const auto day_of = [&](const char* name, clock::StoreDay other) {
    const auto text = parameter(request, name);
    return text.empty() ? std::optional(other) : clock::parse_day(text);
  };
  const auto to = day_of("to", today);
  if (!to) return tl::unexpected(std::string("to has to be a day like 2026-07-31"));
  const auto from = day_of("from", *to);
  if (!from) return tl::unexpected(std::string("from has to be a day like 2026-07-31"));
  if (*from > *to) return tl::unexpected(std::string("from has to be no later than to"));
  const auto most = query.by == By::hour ? kMostDaysByHour : kMostDaysByDay;
  if (*to - *from >= most)
    return tl::unexpected(fmt::format("by {} it is at most {} days at once", by, most));
  query.from = *from;
  query.to = *to;
  const auto sensor = parameter(request, "sensor");
  if (sensor.empty()) return query;
  query.sensor = whole_number(sensor);
  if (!query.sensor)
    return tl::unexpected(std::string("sensor has to be the id of a sensor in /api/sensors"));
  return query;
}

bool is_known(store::Database& db, std::int64_t sensor) {
  auto row = db.prepare("select 1 from sensor_metadata where id = ? and deleted_at is null");
  return row.bind(sensor).step();
}

std::string timezone_of(store::Database& db) {
  auto row = db.prepare("select timezone from stores where id = 1");
  return row.step() ? std::string(row.text(0)) : std::string();
}

}  // namespace

std::shared_ptr<const std::string> AnalyticsPage::remembered(const std::string& key) {
  const auto found =
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.key == key; });
  if (found == answers_.end()) return nullptr;
  if (found->until > Clock::now()) return found->body;
  answers_.erase(found);
  return nullptr;
}

Response AnalyticsPage::answer(const Request& request) {
  const auto now = now_();
  if (!now) return refusal(503, "the database cannot be read now");
  try {
    const auto today = store_days(db_).day(*now);
    const auto query = asked(request, today);
    if (!query) return refusal(400, query.error());
    if (query->sensor && !is_known(db_, *query->sensor))
      return refusal(404, fmt::format("there is no sensor {}: see /api/sensors", *query->sensor));
    const std::string by = query->by == By::hour ? "hour" : "day";
    const auto key = fmt::format("{} {} {} {}", by, query->from, query->to, query->sensor.value_or(-1));
    if (auto body = remembered(key)) return {200, "application/json", std::move(body)};
    json result{{"time", format_utc(*now)},
                {"timezone", timezone_of(db_)},
                {"by", by},
                {"from", clock::format_day(query->from)},
                {"to", clock::format_day(query->to)},
                {"buckets", analytics(db_, *query, *now, closed_)}};
    if (query->sensor) result["sensor"] = *query->sensor;
    auto response = json_response(200, dump(result) + "\n");
    if (answers_.size() >= kAnswers) answers_.pop_front();
    answers_.push_back(
        {key, Clock::now() + (query->to < today ? Clock::duration(kPastHolds) : kTodayHolds), response.body});
    return response;
  } catch (const store::SqliteError& error) {
    return refusal(503, "the database cannot be read now: " + error.message);
  }
}

/// The store's bucket of the hour and of the day that it is.
std::shared_ptr<const std::string> AnalyticsPage::event() {
  if (looked_ != Clock::time_point{} && Clock::now() - looked_ < kTodayHolds) return event_;
  looked_ = Clock::now();
  const auto now = now_();
  if (!now) return event_;
  const auto today = store_days(db_).day(*now);
  const auto last = [&](By by) {
    const auto buckets = analytics(db_, {by, today, today, std::nullopt}, *now, closed_);
    return buckets.empty() ? json(nullptr) : buckets.back();
  };
  auto text = dump({{"hour", last(By::hour)}, {"day", last(By::day)}});
  if (!event_ || *event_ != text) event_ = std::make_shared<const std::string>(std::move(text));
  return event_;
}

void AnalyticsPage::add_to(Routes& routes, Now now) {
  now_ = std::move(now);
  routes.handlers["/api/analytics"] = [this](const Request& request) { return answer(request); };
  const auto beat = [this] {
    const auto instant = now_();
    return instant ? dump({{"time", format_utc(*instant)}}) : std::string("{}");
  };
  routes.streams["/api/analytics/stream"] = {[this] { return event(); }, beat};
}

}  // namespace lintel::status
