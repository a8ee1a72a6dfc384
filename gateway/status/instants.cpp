#include "gateway/status/instants.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace lintel::status {

namespace {

constexpr std::int64_t kEnd = 253'402'300'800'000;  // the year 10000

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

/// Milliseconds of ".123".
std::optional<int> fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
  std::string digits(text.substr(1));
  if (!number(digits)) return std::nullopt;
  digits.resize(3, '0');
  return number(digits);
}

std::optional<UtcMs> calendar(std::string_view text) {
  namespace chrono = std::chrono;
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto y = number(text.substr(0, 4)), mo = number(text.substr(5, 2)), d = number(text.substr(8, 2));
  const auto h = number(text.substr(11, 2)), mi = number(text.substr(14, 2)), s = number(text.substr(17, 2));
  const auto ms = fraction(text.substr(19, text.size() - 20));
  if (!y || !mo || !d || !h || !mi || !s || !ms || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
  const chrono::year_month_day date{chrono::year{*y}, chrono::month{static_cast<unsigned>(*mo)},
                                    chrono::day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *y < 1970) return std::nullopt;
  return UtcMs{chrono::sys_days{date} + chrono::hours{*h} + chrono::minutes{*mi} + chrono::seconds{*s} +
               Millis{*ms}};
}

}  // namespace

std::optional<UtcMs> parse_instant(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc{} && end == text.data() + text.size()) {
    return ms >= 0 && ms < kEnd ? std::optional(utc_ms(ms)) : std::nullopt;
  }
  return calendar(text);
}

std::optional<UtcMs> instant_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return parse_instant(found->get_ref<const std::string&>());
}

}  // namespace lintel::status
