#include "firmware-bridge/decoders/profile/time_format.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

using std::chrono::sys_days;
using std::chrono::year;

/// Last millisecond of the year 9999: what a database takes as an instant.
constexpr std::int64_t kLatestMs = 253'402'300'799'999;
/// From here on a number is no longer seconds but milliseconds: 1973 in the one, 5138 in the other.
constexpr std::int64_t kFirstMs = 100'000'000'000;
/// From here on microseconds: 1973 again.
constexpr std::int64_t kFirstUs = 100'000'000'000'000;

struct Field {
  std::string_view letters;
  int least;
  int most;
};

constexpr Field kFields[] = {
    {"YYYY", 1, 9999}, {"YY", 0, 99}, {"MM", 1, 12}, {"DD", 1, 31},
    {"hh", 0, 23},     {"mm", 0, 59}, {"ss", 0, 59}, {"SSS", 0, 999},
};

/// The field that stands at the front of a pattern, or null.
const Field* field_at(std::string_view pattern) {
  for (const Field& field : kFields)
    if (pattern.starts_with(field.letters)) return &field;
  return nullptr;
}

struct Parts {
  int values[std::size(kFields)] = {0, -1, 1, 1, 0, 0, 0, 0};
  bool four_digit_year = false;

  [[nodiscard]] std::optional<UtcMs> instant() const {
    const int full_year = four_digit_year || values[1] < 0 ? values[0] : 2000 + values[1];
    const std::chrono::year_month_day date{year{full_year},
                                           std::chrono::month{static_cast<unsigned>(values[2])},
                                           std::chrono::day{static_cast<unsigned>(values[3])}};
    if (!date.ok()) return std::nullopt;
    return UtcMs{sys_days{date} + std::chrono::hours{values[4]} + std::chrono::minutes{values[5]} +
                 std::chrono::seconds{values[6]} + Millis{values[7]}};
  }
};

std::optional<int> digits(std::string_view text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<DeviceTime> from_ms(std::int64_t ms) {
  if (ms < 0 || ms > kLatestMs) return std::nullopt;
  return DeviceTime{utc_ms(ms), false};
}

}  // namespace

Result<TimeFormat> TimeFormat::parse(std::string_view text) {
  constexpr std::pair<std::string_view, Kind> kNamed[] = {
      {"iso", Kind::iso}, {"unix", Kind::unix_any}, {"unix_s", Kind::unix_s}, {"unix_ms", Kind::unix_ms}};
  for (const auto& [name, kind] : kNamed)
    if (text == name) return TimeFormat(kind);
  constexpr std::size_t kMaxPattern = 64;
  bool has_year = false;
  bool has_day = false;
  std::vector<Element> pattern;
  for (auto rest = text; !rest.empty();) {
    const Field* field = field_at(rest);
    pattern.push_back({field != nullptr ? static_cast<int>(field - kFields) : -1, rest.front()});
    has_year |= field != nullptr && field->letters.front() == 'Y';
    has_day |= field != nullptr && field->letters == "DD";
    rest.remove_prefix(field != nullptr ? field->letters.size() : 1);
  }
  if (has_year && has_day && text.size() <= kMaxPattern) return TimeFormat(Kind::pattern, std::move(pattern));
  return fail(
      ErrorKind::misconfigured,
      fmt::format("expected iso, unix, unix_s, unix_ms or a pattern like YYYY/MM/DD hh:mm:ss, found {}",
                  excerpt(text)));
}

std::optional<DeviceTime> TimeFormat::read(std::string_view text) const {
  text = trim(text);
  if (kind_ == Kind::iso) return parse_iso_time(text);
  if (kind_ == Kind::pattern) return read_pattern(text);
  if (const auto number = whole_number(text)) return read(*number);
  const std::size_t point = text.find('.');
  if (kind_ == Kind::unix_ms || point == std::string_view::npos || point + 1 == text.size())
    return std::nullopt;
  const auto seconds = whole_number(text.substr(0, point));
  const std::string_view fraction = text.substr(point + 1, 3);
  const auto part = whole_number(fraction);
  if (!seconds || !part || *part < 0 || text.find_first_not_of("0123456789", point + 1) != std::string::npos)
    return std::nullopt;
  constexpr std::int64_t kScale[] = {0, 100, 10, 1};
  auto time = read(*seconds);
  if (time) time->time += Millis{*part * kScale[fraction.size()]};
  return time;
}

std::optional<DeviceTime> TimeFormat::read(std::int64_t number) const {
  if (kind_ == Kind::iso) return std::nullopt;
  if (kind_ == Kind::pattern) return read_pattern(std::to_string(number));
  if (number < 0 || kind_ == Kind::unix_ms) return from_ms(number);
  if (kind_ == Kind::unix_s || number < kFirstMs)
    return number <= kLatestMs / 1000 ? from_ms(number * 1000) : std::nullopt;
  return from_ms(number < kFirstUs ? number : number / 1000);
}

std::optional<DeviceTime> TimeFormat::read(double number) const {
  if (!(number >= 0) || number > 9.0e18) return std::nullopt;
  const double ms = kind_ == Kind::unix_ms ? number : number * 1000;
  const bool seconds = kind_ == Kind::unix_s || (kind_ == Kind::unix_any && number < kFirstMs);
  if (seconds && number != std::floor(number)) return from_ms(static_cast<std::int64_t>(std::floor(ms)));
  return read(static_cast<std::int64_t>(number));
}

std::optional<DeviceTime> TimeFormat::read_pattern(std::string_view text) const {
  Parts parts;
  for (const Element& element : pattern_) {
    if (element.field < 0) {
      if (text.empty() || text.front() != element.literal) return std::nullopt;
      text.remove_prefix(1);
      continue;
    }
    const Field& field = kFields[element.field];
    const auto value = digits(text, field.letters.size());
    if (!value || *value < field.least || *value > field.most) return std::nullopt;
    parts.values[element.field] = *value;
    parts.four_digit_year |= element.field == 0;
    text.remove_prefix(field.letters.size());
  }
  const auto instant = text.empty() ? parts.instant() : std::nullopt;
  return instant ? std::optional(DeviceTime{*instant, true}) : std::nullopt;
}

std::optional<std::chrono::minutes> read_offset(std::string_view text) {
  text = trim(text);
  for (const std::string_view name : {"UTC", "GMT", "utc", "gmt"}) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    break;
  }
  if (text.empty() || text == "Z" || text == "z") return std::chrono::minutes{0};
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  const bool compact = colon == std::string_view::npos && text.size() == 4;
  const auto hours = whole_number(compact ? text.substr(0, 2) : text.substr(0, colon));
  const auto minutes = compact                           ? whole_number(text.substr(2))
                       : colon != std::string_view::npos ? whole_number(text.substr(colon + 1))
                                                         : std::optional<std::int64_t>(0);
  if (!hours || !minutes || *hours < 0 || *hours > 18 || *minutes < 0 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return west ? -offset : offset;
}

std::string_view clock_fault(UtcMs time) {
  constexpr year kEpochs[] = {year{1970}, year{1980}, year{2000}};  // Unix, GPS and DOS, many clock chips
  constexpr auto kLongestBoot = std::chrono::days{366};
  for (const year epoch : kEpochs) {
    const UtcMs begin{sys_days{epoch / 1 / 1}};
    if (time >= begin - std::chrono::days{1} && time < begin + kLongestBoot) return "device_clock_unset";
  }
  return time < UtcMs{sys_days{year{2010} / 1 / 1}} ? "device_clock_implausible" : "";
}

}  // namespace lintel::bridge::decoders::profile
