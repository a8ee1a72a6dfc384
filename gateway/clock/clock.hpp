#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/machine.hpp"

namespace lintel::clock {

/// Where a boot's wall time comes from, the better one last.
enum class Source {
  none,    ///< nothing plausible: readings wait
  bounds,  ///< reckoned afterwards from the boots before and after it
  host,    ///< the machine's own clock, trusted, but nobody confirms it
  https,   ///< HQ's `Date`, over a connection whose certificates were verified
  ntp,     ///< the kernel says that its clock is disciplined
};

const char* to_string(Source source);
Source source_from(std::string_view name);

/// Wall time as a property of a boot: utc = offset + boot clock, give or take the uncertainty.
struct Offset {
  Millis offset{0};
  Source source = Source::none;
  std::optional<Millis> uncertainty{};  ///< absent: nobody knows
};

/// When something arrived, and how well that is known.
struct Arrival {
  UtcMs at{};
  Source source = Source::ntp;
  Millis uncertainty{0};     ///< only of Source::bounds
  bool unconfirmed = false;  ///< on a clock that nobody vouches for: it may move yet
  bool live = true;          ///< it came just now; else it has waited for its time

  Arrival() = default;
  Arrival(UtcMs known) : at(known) {}  // NOLINT(google-explicit-constructor): an instant that is known
};

/// Maps arrivals to wall time. The first believable offset of a boot holds until a better source tells
/// another one; slewing (below two seconds between two looks) is followed, every step of the machine's own
/// clock is only noted. So no step moves a reading. Not thread-safe; the writer owns it.
class WallClock {
 public:
  using Sampler = std::function<Sample()>;

  /// What is believed of the machine's own clock while nobody confirms it.
  struct Rules {
    UtcMs build_date{};        ///< the earliest believable time
    bool trust_system = true;  ///< false: it is used only once NTP has set it
    UtcMs not_before{};  ///< a confirmed instant of an earlier boot: an unconfirmed clock before it is wrong
  };
  /// A better source has shown that this boot's time was another one than the machine's clock had said.
  struct Replaced {
    Offset was, is;
    [[nodiscard]] Millis by() const { return is.offset - was.offset; }
  };

  /// `known` are the offsets of earlier runs and boots.
  WallClock(BootId boot, std::map<BootId, Offset> known, Rules rules, Sampler sampler = sample_machine);

  /// Looks at the machine's clock. True when this boot's offset or source changed enough to be stored.
  bool observe();
  /// HQ stated over HTTPS that it was `time` at `at`. True as above.
  bool offer(UtcMs time, BootTime at, Millis uncertainty);
  /// What was reckoned of another boot.
  void place(const BootId& boot, const Offset& offset) { offsets_[boot] = offset; }

  /// Since the last call: what the machine's own clock had said was wrong, by more than slewing explains.
  [[nodiscard]] std::optional<Replaced> take_replaced();

  [[nodiscard]] std::optional<UtcMs> at(const BootId& boot, BootTime arrived) const;
  [[nodiscard]] std::optional<Arrival> arrival(const BootId& boot, BootTime arrived) const;
  [[nodiscard]] std::optional<UtcMs> now() const;
  [[nodiscard]] Offset current() const;
  [[nodiscard]] const BootId& boot() const { return boot_; }
  /// A step that was seen and not followed, machine minus ours; zero when they agree.
  [[nodiscard]] Millis disagreement() const { return disagreement_; }

 private:
  [[nodiscard]] Source judge(const Sample& sample) const;
  bool adopt(const Offset& better);
  bool drifted();

  BootId boot_;
  std::map<BootId, Offset> offsets_;
  Rules rules_;
  Sampler sampler_;
  Millis last_seen_{0};  ///< machine's offset at the previous look: slewing is judged against it
  bool seen_ = false;
  Millis stored_{0};
  Millis disagreement_{0};
  std::optional<Replaced> replaced_;
};

}  // namespace lintel::clock
