#include "gateway/cli/moments.hpp"

#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace lintel::cli {

namespace {

using namespace std::chrono_literals;

/// The numbers of a text that consists of digits and these separators, one after the other; empty: it does
/// not.
std::vector<int> numbers(std::string_view text, std::string_view separators) {
  std::vector<int> found;
  for (std::size_t i = 0; i <= separators.size(); ++i) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || text.starts_with('-')) return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    found.push_back(value);
    if (i == separators.size()) break;
    if (text.empty() || text.front() != separators[i]) return {};
    text.remove_prefix(1);
  }
  return text.empty() ? found : std::vector<int>{};
}

std::optional<std::chrono::sys_days> date_of(std::string_view word) {
  const auto parts = numbers(word, "--");
  if (parts.size() != 3 || parts[1] > 12 || parts[2] > 31) return std::nullopt;  // before they wrap at 256
  const auto date = std::chrono::year{parts[0]} / parts[1] / parts[2];
  if (parts[0] < 1970 || parts[0] > 9999 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

std::optional<std::chrono::seconds> time_of(std::string_view word) {
  auto parts = numbers(word, "::");
  if (parts.empty()) parts = numbers(word, ":");
  if (parts.empty()) return std::nullopt;
  parts.resize(3);
  if (parts[0] > 24 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  const auto time = parts[0] * 1h + parts[1] * 1min + parts[2] * 1s;
  return time <= 24h ? std::optional<std::chrono::seconds>(time) : std::nullopt;
}

/// What one word means: a store day, or an instant, of which `to` equals `from`.
std::optional<Span> meaning(std::string_view word, const clock::StoreDays& days, UtcMs now) {
  const auto whole = [&](clock::StoreDay day) { return Span{days.begin(day), days.begin(day + 1)}; };
  if (word == "now") return Span{now, now};
  if (word == "today") return whole(days.day(now));
  if (word == "yesterday") return whole(days.day(now) - 1);
  const auto at = [&](std::chrono::sys_days date, std::chrono::seconds time) {
    const auto instant = days.zone().to_utc(UtcMs{date.time_since_epoch()} + time);
    return Span{instant, instant};
  };
  if (const auto time = time_of(word)) {
    return at(std::chrono::floor<std::chrono::days>(days.zone().to_wall(now)), *time);
  }
  if (const auto date = date_of(word)) {
    return whole(static_cast<clock::StoreDay>(date->time_since_epoch().count()));
  }
  const auto gap = word.find_first_of("T ");
  if (gap == std::string_view::npos) return std::nullopt;
  const auto date = date_of(word.substr(0, gap));
  const auto time = time_of(word.substr(gap + 1));
  return date && time ? std::optional(at(*date, *time)) : std::nullopt;
}

}  // namespace

Result<Span> span_of(std::string_view from, std::optional<std::string_view> to, const clock::StoreDays& days,
                     UtcMs now) {
  const auto unknown = [](std::string_view word) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format(
            "{} is no time: expected a day (2026-11-21, today, yesterday), a time of today (09:00) or "
            "both (2026-11-21T09:00)",
            word));
  };
  const auto first = meaning(from, days, now);
  if (!first) return unknown(from);
  Span span = *first;
  if (to) {
    const auto last = meaning(*to, days, now);
    if (!last) return unknown(*to);
    span.to = last->to;
    if (span.to <= span.from) {
      return fail(ErrorKind::misconfigured, fmt::format("{} does not come after {}", *to, from));
    }
  } else if (span.to == span.from) {
    span.to = span.from + 1h;
  }
  return span;
}

std::string local_text(UtcMs instant, const clock::Zone& zone) {
  const auto wall = zone.to_wall(instant);
  const auto date = std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(wall)};
  const auto time = wall - std::chrono::floor<std::chrono::days>(wall);
  const auto s = std::chrono::floor<std::chrono::seconds>(time);
  const auto ms = (time - s).count();
  auto text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), s / 1h,
                          s % 1h / 1min, s % 1min / 1s);
  if (ms != 0) text += fmt::format(".{:03}", ms);
  return text;
}

}  // namespace lintel::cli
