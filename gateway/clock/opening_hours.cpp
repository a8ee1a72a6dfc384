#include "gateway/clock/opening_hours.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::clock {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::minutes;

constexpr std::size_t kMostSpans = 24;
constexpr StoreDay kFarthest = 400;
constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};

Error refused(const std::string& day, std::string_view what) {
  return {ErrorKind::rejected, fmt::format("opening_hours: {}: {}", day, what)};
}

/// "09:00"; 24:00 is an end.
std::optional<minutes> parse_time(const json& value, bool end) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + text[1] - '0';
  const int minute = (text[3] - '0') * 10 + text[4] - '0';
  if (minute > 59 || hour > 24 || (hour == 24 && (minute != 0 || !end))) return std::nullopt;
  return minutes{hour * 60 + minute};
}

/// Opening and closing as people mean them where clocks change: of a time that occurs twice the second, and
/// of one that is skipped as much later as the clocks skip. PostgreSQL resolves the same way.
UtcMs shown_at(const Zone& zone, StoreDay date, minutes time) {
  const UtcMs wall = UtcMs{std::chrono::days{date}} + time;
  const UtcMs first = zone.to_utc(wall);
  if (zone.to_wall(first) != wall) {
    return first + (wall - (zone.to_wall(first - 1ms) + 1ms));
  }
  const auto back = (zone.to_wall(first) - first) - (zone.to_wall(first + 4h) - (first + 4h));
  return back > 0ms && zone.to_wall(first + back) == wall ? first + back : first;
}

StoreDay date_of(const Zone& zone, UtcMs instant) {
  return static_cast<StoreDay>(
      std::chrono::floor<std::chrono::days>(zone.to_wall(instant)).time_since_epoch().count());
}

}  // namespace

Result<OpeningHours::Hours> OpeningHours::parse_span(const std::string& day, const json& value) {
  const bool pair = value.is_array() && value.size() == 2;
  const auto opens = pair ? parse_time(value[0], false) : std::nullopt;
  const auto closes = pair ? parse_time(value[1], true) : std::nullopt;
  if (!opens || !closes) {
    return tl::unexpected(refused(
        day, fmt::format("has {} where a list of two times from 00:00 to 24:00 is needed", value.dump())));
  }
  return Hours{*opens, *closes <= *opens ? *closes + 24h : *closes};
}

Result<std::vector<OpeningHours::Hours>> OpeningHours::parse_day(const std::string& day, const json& value) {
  if (!value.is_array() || value.size() > kMostSpans) {
    return tl::unexpected(
        refused(day, "needs a list of at most 24 [open, close]; an empty list is a closed day"));
  }
  std::vector<Hours> hours;
  for (const auto& entry : value) {
    const auto span = parse_span(day, entry);
    if (!span) return tl::unexpected(span.error());
    // Only the last span of a day can reach into the next one.
    if (!hours.empty() && span->opens < hours.back().closes) {
      return tl::unexpected(
          refused(day, fmt::format("has {} out of order: a span starts before the one in front of it ends",
                                   entry.dump())));
    }
    hours.push_back(*span);
  }
  return hours;
}

Result<OpeningHours> OpeningHours::parse(const json& value) {
  if (!value.is_object()) return tl::unexpected(refused("all", "is no object of weekdays"));
  OpeningHours result;
  for (const auto& [key, entry] : value.items()) {
    if (key == "exceptions") continue;
    const auto* weekday = std::find(kWeekdays.begin(), kWeekdays.end(), key);
    if (weekday == kWeekdays.end()) {
      return tl::unexpected(refused(key, "is no weekday (monday to sunday) and not exceptions"));
    }
    auto hours = parse_day(key, entry);
    if (!hours) return tl::unexpected(hours.error());
    result.week_[static_cast<std::size_t>(weekday - kWeekdays.begin())] = std::move(*hours);
  }
  const auto exceptions = value.find("exceptions");
  if (exceptions == value.end()) return result;
  if (!exceptions->is_object()) return tl::unexpected(refused("exceptions", "is no object of dates"));
  for (const auto& [key, entry] : exceptions->items()) {
    const auto date = clock::parse_day(key);
    if (!date) return tl::unexpected(refused("exceptions", key + " is no date (year-month-day)"));
    auto hours = parse_day(key, entry);
    if (!hours) return tl::unexpected(hours.error());
    result.exceptions_.emplace(*date, std::move(*hours));
  }
  return result;
}

const std::vector<OpeningHours::Hours>& OpeningHours::of(StoreDay date) const {
  const auto exception = exceptions_.find(date);
  if (exception != exceptions_.end()) return exception->second;
  const std::chrono::weekday weekday{std::chrono::sys_days{std::chrono::days{date}}};
  return week_[weekday.iso_encoding() - 1];
}

std::vector<OpeningHours::Span> OpeningHours::spans(const Zone& zone, StoreDay first, StoreDay last) const {
  std::vector<Span> all;
  // From a day earlier: it may have been open past midnight.
  for (StoreDay date = first - 1; date <= last; ++date) {
    for (const auto& hours : of(date)) {
      const Span span{shown_at(zone, date, hours.opens), shown_at(zone, date, hours.closes)};
      // The hour that the clocks skip can swallow a span whole.
      if (span.first < span.second) all.push_back(span);
    }
  }
  std::sort(all.begin(), all.end());
  std::vector<Span> apart;
  for (const auto& span : all) {
    if (apart.empty() || span.first > apart.back().second) {
      apart.push_back(span);
    } else {
      apart.back().second = std::max(apart.back().second, span.second);
    }
  }
  return apart;
}

bool OpeningHours::open_at(const Zone& zone, UtcMs instant) const {
  return !closed_throughout(zone, instant, instant + 1ms);
}

std::optional<UtcMs> OpeningHours::next_change(const Zone& zone, UtcMs instant) const {
  const auto today = date_of(zone, instant);
  for (const auto& [opens, closes] : spans(zone, today, today + kFarthest)) {
    if (opens > instant) return opens;
    // What is open to the end of the look ahead never closes.
    if (closes > instant) {
      const bool forever = date_of(zone, closes - 1ms) >= today + kFarthest;
      return forever ? std::nullopt : std::optional(closes);
    }
  }
  return std::nullopt;
}

bool OpeningHours::closed_throughout(const Zone& zone, UtcMs from, UtcMs to) const {
  const auto open = spans(zone, date_of(zone, from), date_of(zone, to));
  return std::none_of(open.begin(), open.end(),
                      [&](const Span& span) { return span.first < to && span.second > from; });
}

}  // namespace lintel::clock
