#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"
#include "firmware-bridge/decoders/profile/scope.hpp"

namespace lintel::bridge::decoders::profile {

/// What one statement of a profile reads from the item in hand.
class State {
 public:
  /// `made` is fresh and filled in place.
  State(Scope& scope, const DecodeSettings& settings, const Statement& statement,
        std::vector<Reject>& rejects, Observation& made)
      : scope_(scope), settings_(settings), statement_(statement), rejects_(rejects), made_(made) {}

  /// False, and a reject that says why, where a part that the statement needs is missing or cannot be: what
  /// was made is then of no use.
  bool read();

  /// Whether nothing was read because the message does not say who sent it.
  [[nodiscard]] bool nameless() const { return nameless_; }

 private:
  struct Stated {
    std::optional<DeviceTime> value;
    bool fault = false;  ///< stated, but no instant that anybody could have counted at
  };

  bool read_sensor();
  bool read_names();
  bool read_times();
  bool read_window();
  bool close_window(const Window& window);
  bool read_counts();
  bool read_directed();
  bool read_presence();
  bool count(const std::optional<Source>& source, std::optional<std::int64_t>& into);
  bool name(const std::optional<Source>& source, std::string_view what, std::string& into);
  Stated instant(const TimeSource& source);
  [[nodiscard]] std::optional<DeviceTime> plain(const TimeSource& source, const Value& value);
  void in_zone(const TimeSource& source, DeviceTime& time);
  void compare(const TimeSource& source, const DeviceTime& time);
  void add_flags();
  void flag(std::string_view word);
  bool reject(RejectKind kind, const std::string& place, std::string_view what);
  [[nodiscard]] std::int64_t most() const;

  Scope& scope_;
  const DecodeSettings& settings_;
  const Statement& statement_;
  std::vector<Reject>& rejects_;
  Observation& made_;
  bool nameless_ = false;
};

/// What a device says of itself; nothing where the message states none of it.
std::optional<DeviceReport> read_report(Scope& scope, const Report& report);

}  // namespace lintel::bridge::decoders::profile
