#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/observation.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/clock/zone.hpp"

namespace lintel::app {

/// What can be wrong with a device's clock.
enum class ClockFault {
  none,
  unset,       ///< it shows a time before any device in use was made
  ahead,       ///< it shows a time that has not come yet
  frozen,      ///< one time in message after message that say different things
  wrong_zone,  ///< off by whole quarters of an hour, always the same: it was told another zone
};

/// Watches the clock of one sensor over its messages. Nothing is corrected in silence: while there is a
/// fault, what came last in a message counts as of its arrival, and the rest of it keeps its distance to
/// that. Writer thread only. The verdict survives a restart (word(), restore()); the few messages that led to
/// it need not, they are found again.
class DeviceClock {
 public:
  /// Looks at a message before its observations are taken: the newest time it states, and `content`, a hash
  /// of its bytes. Only of messages that came just now.
  void look(UtcMs newest, UtcMs arrival, std::uint64_t content);

  /// The instant of a device's time. In the hour that occurs twice the order of arrival decides: the pass
  /// that can have been just now, else the first one that does not lie before what the device stated last.
  [[nodiscard]] UtcMs read(const bridge::DeviceTime& time, const clock::Zone& zone, UtcMs latest) const;
  /// The device has stated that instant last.
  void stated(UtcMs instant) { last_stated_ = instant; }

  [[nodiscard]] ClockFault fault() const { return fault_; }
  /// Of ClockFault::wrong_zone: arrival minus what it shows.
  [[nodiscard]] Millis behind() const { return behind_; }
  /// The newest time of the message that look() was shown.
  [[nodiscard]] UtcMs newest() const { return now_.newest; }

  /// The verdict as it is kept with the sensor; empty: its clock is right.
  [[nodiscard]] std::string word() const;
  void restore(std::string_view word);

 private:
  struct Message {
    UtcMs newest{}, arrival{};
    std::uint64_t content = 0;
    [[nodiscard]] Millis lag() const { return arrival - newest; }
  };
  [[nodiscard]] bool is_frozen() const;
  [[nodiscard]] std::optional<Millis> zone_off() const;

  std::array<Message, 3> before_{};  ///< the newest first
  std::size_t seen_ = 0;             ///< how many of them there are
  Message now_{};
  ClockFault fault_ = ClockFault::none;
  Millis behind_{0};
  UtcMs last_stated_{};
};

/// Whether a device's clock can show this at `latest`: not unset, not ahead by more than ten minutes.
[[nodiscard]] ClockFault plausible(UtcMs stated, UtcMs latest);

}  // namespace lintel::app
