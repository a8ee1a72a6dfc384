#include "gateway/clock/store_days.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::clock {

namespace {

using nlohmann::json;
using std::chrono::minutes;

constexpr std::size_t kMostPeriods = 100;
constexpr StoreDay kEver = std::numeric_limits<StoreDay>::min();
constexpr UtcMs kEverMs{Millis{std::numeric_limits<std::int64_t>::min()}};

Error refused(std::string what) {
  return {ErrorKind::rejected, "calendar: " + std::move(what)};
}

Result<CalendarPeriod> parse_period(const json& entry) {
  if (!entry.is_object()) return tl::unexpected(refused("an entry is no object"));
  CalendarPeriod period;
  const auto timezone = entry.find("timezone");
  if (timezone == entry.end() || !timezone->is_string() || timezone->get_ref<const std::string&>().empty()) {
    return tl::unexpected(refused("an entry has no \"timezone\""));
  }
  period.timezone = timezone->get<std::string>();
  const auto minute = entry.find("day_start_minute");
  if (minute == entry.end() || !minute->is_number_integer() || *minute < 0 || *minute > 1439) {
    return tl::unexpected(refused("\"day_start_minute\" must be a whole number from 0 to 1439"));
  }
  period.day_start_minute = minute->get<int>();
  const auto from = entry.find("from");
  if (from == entry.end() || from->is_null()) return period;
  period.from = from->is_string() ? parse_day(from->get_ref<const std::string&>()) : std::nullopt;
  if (!period.from) return tl::unexpected(refused("\"from\" must be null or a day, as 2026-11-01"));
  return period;
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<StoreDay> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      text.find_first_not_of("0123456789-") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto year = number(text.substr(0, 4)), month = number(text.substr(5, 2)),
             day = number(text.substr(8, 2));
  if (!year || !month || !day || *month < 0 || *day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<StoreDay>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::string format_day(StoreDay day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Result<CalendarPeriods> parse_periods(const json& value) {
  if (!value.is_array() || value.empty() || value.size() > kMostPeriods) {
    return tl::unexpected(refused(fmt::format("needs a list of 1 to {} entries", kMostPeriods)));
  }
  CalendarPeriods periods;
  for (const auto& entry : value) {
    auto period = parse_period(entry);
    if (!period) return tl::unexpected(period.error());
    const bool first = periods.empty();
    if (first != !period->from || (!first && periods.back().from && *period->from <= *periods.back().from)) {
      return tl::unexpected(refused("the first entry is from null, and each later one from a later day"));
    }
    periods.push_back(std::move(*period));
  }
  return periods;
}

Result<CalendarPeriods> parse_periods(const std::string& text) {
  const auto value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return tl::unexpected(refused("is no JSON"));
  return parse_periods(value);
}

std::string to_text(const CalendarPeriods& periods) {
  auto list = json::array();
  for (const auto& period : periods) {
    list.push_back({{"from", period.from ? json(format_day(*period.from)) : json(nullptr)},
                    {"timezone", period.timezone},
                    {"day_start_minute", period.day_start_minute}});
  }
  return list.dump();
}

CalendarPeriods changed_from(CalendarPeriods periods, StoreDay from, const std::string& timezone,
                             int day_start_minute) {
  std::erase_if(periods, [from](const CalendarPeriod& p) { return p.from && *p.from >= from; });
  const auto& last = periods.back();
  if (last.timezone != timezone || last.day_start_minute != day_start_minute) {
    periods.push_back({from, timezone, day_start_minute});
  }
  return periods;
}

Result<CalendarPeriods> changed_from_now(const CalendarPeriods& periods, const std::string& timezone,
                                         int day_start_minute, UtcMs now) {
  const auto held = StoreDays::make(periods);
  const auto wanted = StoreDays::make({{std::nullopt, timezone, day_start_minute}});
  if (!held) return tl::unexpected(held.error());
  if (!wanted) return tl::unexpected(wanted.error());
  const StoreDay from = std::max(held->day(now), wanted->day(now)) + 1;
  const auto then = std::find_if(periods.rbegin(), periods.rend(), [from](const CalendarPeriod& period) {
    return !period.from || *period.from <= from;
  });
  // A change that was asked for since yesterday is taken back; one planned for later stays.
  const bool about_to_change =
      std::any_of(periods.begin(), periods.end(), [from](const CalendarPeriod& period) {
        return period.from && *period.from > from && *period.from <= from + 2;
      });
  if (!about_to_change && then->timezone == timezone && then->day_start_minute == day_start_minute) {
    return periods;
  }
  return changed_from(periods, from, timezone, day_start_minute);
}

StoreDays::StoreDays(Zone zone, minutes day_start) {
  add(kEver, std::move(zone), day_start);
}

Result<StoreDays> StoreDays::make(const CalendarPeriods& periods) {
  if (periods.empty()) return tl::unexpected(refused("has no entry"));
  StoreDays days;
  for (const auto& period : periods) {
    auto zone = Zone::find(period.timezone);
    if (!zone) return tl::unexpected(zone.error());
    days.add(period.from.value_or(kEver), std::move(*zone), minutes{period.day_start_minute});
  }
  return days;
}

void StoreDays::add(StoreDay from, Zone zone, minutes day_start) {
  UtcMs starts = kEverMs;
  if (!periods_.empty()) {
    starts = std::max(periods_.back().starts, zone.to_utc(UtcMs{std::chrono::days{from}} + day_start));
  }
  periods_.push_back({from, std::move(zone), day_start, starts});
}

StoreDay StoreDays::day(UtcMs instant) const {
  if (instant >= cached_begin_ && instant < cached_end_) return cached_day_;
  auto period = periods_.end() - 1;
  while (period->starts > instant) --period;
  const auto wall = period->zone.to_wall(instant) - period->day_start;
  auto day = static_cast<StoreDay>(std::chrono::floor<std::chrono::days>(wall).time_since_epoch().count());
  // A day that the next period does not start with goes on until it does.
  if (period + 1 != periods_.end()) day = std::min(day, (period + 1)->from - 1);
  day = std::max(day, period->from);
  // Where the clocks have just gone back, the day that had begun by then goes on.
  while (begin(day + 1) <= instant) ++day;
  cached_day_ = day;
  cached_begin_ = begin(day);
  cached_end_ = begin(day + 1);
  return day;
}

UtcMs StoreDays::begin(StoreDay day) const {
  auto period = periods_.end() - 1;
  while (period->from > day) --period;
  // The first of two, and of times that the clocks skip the instant at which they do.
  auto begins = period->zone.to_utc(UtcMs{std::chrono::days{day}} + period->day_start);
  if (period + 1 != periods_.end()) begins = std::min(begins, (period + 1)->starts);
  return std::max(begins, period->starts);
}

std::string tzdata_version() {
  std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
  std::string line;
  constexpr std::string_view kIntroduction = "# version ";
  if (!std::getline(file, line) || !line.starts_with(kIntroduction)) return {};
  return line.substr(kIntroduction.size());
}

}  // namespace lintel::clock
