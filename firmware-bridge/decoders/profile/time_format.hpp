#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/result.hpp"

namespace lintel::bridge::decoders::profile {

/// One way in which a device writes an instant.
class TimeFormat {
 public:
  /// `iso`, `unix`, `unix_s`, `unix_ms`, or a pattern of YYYY, YY, MM, DD, hh, mm, ss, SSS and any other
  /// characters, which stand for themselves. `misconfigured` otherwise, with the reason.
  static Result<TimeFormat> parse(std::string_view text);

  /// The instant, `local` where neither text nor format has a zone.
  [[nodiscard]] std::optional<DeviceTime> read(std::string_view text) const;

  /// The same for a value that is a number; whole numbers are exact.
  [[nodiscard]] std::optional<DeviceTime> read(std::int64_t number) const;
  [[nodiscard]] std::optional<DeviceTime> read(double number) const;

 private:
  enum class Kind { iso, unix_any, unix_s, unix_ms, pattern };
  /// One part of a pattern.
  struct Element {
    int field = -1;       ///< number of the field; negative: a character that stands for itself
    char literal = '\0';  ///< that character
  };
  explicit TimeFormat(Kind kind, std::vector<Element> pattern = {})
      : kind_(kind), pattern_(std::move(pattern)) {}
  [[nodiscard]] std::optional<DeviceTime> read_pattern(std::string_view text) const;

  Kind kind_;
  std::vector<Element> pattern_;
};

/// `+02:00`, `-5`, `UTC+8:00`, `GMT+0530`, `Z`, `UTC`: minutes east of UTC.
std::optional<std::chrono::minutes> read_offset(std::string_view text);

/// What is wrong with an instant that no counter could have counted at: the flag `device_clock_unset` for a
/// clock that started at an epoch and was never set, `device_clock_implausible` for others before 2010;
/// empty for all else.
std::string_view clock_fault(UtcMs time);

}  // namespace lintel::bridge::decoders::profile
