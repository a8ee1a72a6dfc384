#include "firmware-bridge/decoders/iso_time.hpp"

#include <chrono>

namespace lintel::bridge::decoders {

namespace {

/// Takes digits and separators off the front of a text; remembers whether all were as expected.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= text_.size() || text_[i] < '0' || text_[i] > '9') return fail();
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }

  bool accept(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) {
    if (!accept(any_of)) fail();
  }

  /// Up to any number of digits after a decimal point, as milliseconds.
  int fraction() {
    int value = 0;
    int scale = 100;
    int seen = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; text_.remove_prefix(1), ++seen) {
      value += (text_.front() - '0') * scale;
      scale /= 10;
    }
    return seen > 0 ? value : fail();
  }

  [[nodiscard]] char front() const { return text_.empty() ? '\0' : text_.front(); }
  [[nodiscard]] bool complete() const { return good_ && text_.empty(); }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  int fail() {
    good_ = false;
    return 0;
  }

  std::string_view text_;
  bool good_ = true;
};

struct Clock {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
};

Clock scan_clock(Scanner& in) {
  Clock clock;
  clock.hour = in.digits(2);
  in.expect(":");
  clock.minute = in.digits(2);
  in.expect(":");
  clock.second = in.digits(2);
  if (in.accept(".,")) clock.ms = in.fraction();
  return clock;
}

/// Offset east of UTC; nothing where no zone is given.
std::optional<std::chrono::minutes> scan_offset(Scanner& in, bool& valid) {
  if (in.at_end()) return std::nullopt;
  if (in.accept("Zz")) return std::chrono::minutes{0};
  const bool west = in.front() == '-';
  in.expect("+-");
  const int hours = in.digits(2);
  in.accept(":");
  const int minutes = in.digits(2);
  valid = hours <= 18 && minutes <= 59;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return west ? -offset : offset;
}

}  // namespace

std::optional<DeviceTime> parse_iso_time(std::string_view text) {
  Scanner in(text);
  const std::chrono::year year{in.digits(4)};
  in.expect("-");
  const std::chrono::month month{static_cast<unsigned>(in.digits(2))};
  in.expect("-");
  const std::chrono::day day{static_cast<unsigned>(in.digits(2))};
  in.expect("Tt ");
  const Clock clock = scan_clock(in);
  bool offset_valid = true;
  const auto offset = scan_offset(in, offset_valid);

  const std::chrono::year_month_day date{year, month, day};
  if (!in.complete() || !offset_valid || !date.ok()) return std::nullopt;
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 59) return std::nullopt;
  const auto wall = std::chrono::sys_days{date} + std::chrono::hours{clock.hour} +
                    std::chrono::minutes{clock.minute} + std::chrono::seconds{clock.second} +
                    Millis{clock.ms};
  return DeviceTime{wall - offset.value_or(std::chrono::minutes{0}), !offset.has_value()};
}

}  // namespace lintel::bridge::decoders
