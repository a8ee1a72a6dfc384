#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "firmware-bridge/core/time.hpp"

namespace lintel::clock {

/// The kernel's id of the running boot; all zero where /proc does not tell.
BootId boot_id();
/// Time since this boot on CLOCK_BOOTTIME.
BootTime boot_now();

/// Where a boot's wall time comes from, the better one last.
enum class Source {
  none,  ///< nothing plausible: readings wait
  host,  ///< the machine's own clock, nobody vouches for it
  ntp,   ///< the kernel says that its clock is disciplined
};

const char* to_string(Source source);
Source source_from(std::string_view name);

/// Wall time as a property of a boot: utc = offset + boot clock.
struct Offset {
  Millis offset{0};
  Source source = Source::none;
};

/// What the machine says about its clock at one moment.
struct Sample {
  UtcMs wall{};
  BootTime boot{};
  bool synchronised = false;  ///< the kernel's NTP state
};

Sample sample_machine();

/// Maps arrivals to wall time. The first plausible offset of a boot holds for the whole boot: slewing
/// (below two seconds between two samples) is followed, a step is taken over only from a better source.
/// So no step of the machine's clock moves a reading. Not thread-safe; the writer owns it.
class WallClock {
 public:
  using Sampler = std::function<Sample()>;

  /// `known` are the offsets of earlier runs and boots; `build_date` is the earliest believable time.
  WallClock(BootId boot, std::map<BootId, Offset> known, UtcMs build_date, Sampler sampler = sample_machine);

  /// Looks at the machine's clock. True when this boot's offset or source changed enough to be stored.
  bool observe();

  [[nodiscard]] std::optional<UtcMs> at(const BootId& boot, BootTime arrived) const;
  [[nodiscard]] std::optional<UtcMs> now() const;
  [[nodiscard]] Offset current() const;
  [[nodiscard]] const BootId& boot() const { return boot_; }
  /// A step that was seen and not followed, machine minus ours; zero when they agree.
  [[nodiscard]] Millis disagreement() const { return disagreement_; }

 private:
  BootId boot_;
  std::map<BootId, Offset> offsets_;
  UtcMs build_date_;
  Sampler sampler_;
  Millis last_seen_{0};  ///< machine's offset at the previous look: slewing is judged against it
  bool seen_ = false;
  Millis stored_{0};
  Millis disagreement_{0};
};

/// The day before this executable was built: earlier clocks are unset clocks.
UtcMs build_date();

}  // namespace lintel::clock
