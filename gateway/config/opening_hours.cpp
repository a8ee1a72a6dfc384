#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};

tl::unexpected<std::string> expected(std::string text) {
  return tl::make_unexpected("expected " + std::move(text));
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = whole_number(text.substr(0, 4), 1970, 9999, "", "");
  const auto month = whole_number(text.substr(5, 2), 1, 12, "", "");
  const auto day = whole_number(text.substr(8, 2), 1, 31, "", "");
  if (!year || !month || !day) return false;
  return std::chrono::year_month_day{std::chrono::year{static_cast<int>(*year)},
                                     std::chrono::month{static_cast<unsigned>(*month)},
                                     std::chrono::day{static_cast<unsigned>(*day)}}
      .ok();
}

std::string_view next_word(std::string_view& text) {
  text = trim(text);
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

Parsed<std::string> calendar_from(std::string_view text) {
  if (text != "always" && !is_date(text)) return expected("always, or a day as 2026-11-01");
  return std::string(text);
}

Parsed<OpenOn> open_on(std::string_view text) {
  constexpr const char* kForm =
      "a weekday or a date and its hours, for example monday 09:00-12:30 14:00-02:00";
  const auto day = next_word(text);
  if (std::find(kWeekdays.begin(), kWeekdays.end(), day) == kWeekdays.end() && !is_date(day)) {
    return expected(kForm);
  }
  OpenOn open{std::string(day), {}};
  auto word = next_word(text);
  if (word.empty()) return expected(fmt::format("hours after {}, for example 09:00-20:00 or closed", day));
  if (word == "closed" && trim(text).empty()) return OpenOn{open.day, "[]"};
  std::string_view until;
  for (; !word.empty(); word = next_word(text)) {
    const auto opens = word.substr(0, 5), closes = word.substr(std::min<std::size_t>(6, word.size()));
    if (word.size() != 11 || word[5] != '-' || !minute_of_day(opens) ||
        (closes != "24:00" && !minute_of_day(closes))) {
      return expected(kForm);
    }
    if (opens < until) return expected("hours in their order, none before the last have ended");
    // Only the last hours of a day can reach into the next one.
    until = closes <= opens ? "99" : closes;
    open.spans += fmt::format("{}[\"{}\",\"{}\"]", open.spans.empty() ? "" : ",", opens, closes);
  }
  open.spans = fmt::format("[{}]", open.spans);
  return open;
}

std::string opening_hours(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> weekdays, dates;
  for (const auto& line : lines) {
    const auto open = open_on(line);
    if (!open) continue;  // refused where the file is read
    auto& days = is_date(open->day) ? dates : weekdays;
    days[open->day] = open->spans;
  }
  if (weekdays.empty() && dates.empty()) return {};
  const auto listed = [](const auto& days) {
    std::string text;
    for (const auto& [day, spans] : days) {
      text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", day, spans);
    }
    return text;
  };
  auto text = listed(weekdays);
  if (!dates.empty()) {
    text += fmt::format("{}\"exceptions\":{{{}}}", text.empty() ? "" : ",", listed(dates));
  }
  return fmt::format("{{{}}}", text);
}

}  // namespace lintel::config
