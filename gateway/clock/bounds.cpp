#include "gateway/clock/bounds.hpp"

#include <algorithm>

namespace lintel::clock {

namespace {

Millis length_of(const Boot& boot) {
  return std::chrono::ceil<Millis>(boot.last);
}

struct Room {
  UtcMs from, to;
  bool open;  ///< nothing but the build date stands before it
};

/// The boots [first, next) lie in that room, one after another.
void place(const std::vector<Boot>& boots, std::size_t first, std::size_t next, Room room,
           std::vector<Boot>& placed) {
  Millis running{0};
  for (auto i = first; i < next; ++i) running += length_of(boots[i]);
  // Less room than they took: the bound before is wrong, or as far off as a minute's liveness is old.
  const UtcMs from = std::min(room.from, room.to - running);
  const Millis off = room.to - from - running;
  const auto gaps = static_cast<std::int64_t>(next - first) + 1;
  Millis before{0};
  for (auto i = first; i < next; ++i) {
    // A gateway that never knew the time was set up not long ago.
    const auto share = room.open ? off : off * (static_cast<std::int64_t>(i - first) + 1) / gaps;
    Boot boot = boots[i];
    boot.offset.offset = Millis{count_ms(from)} + before + share;
    boot.offset.source = Source::bounds;
    boot.offset.uncertainty = std::max(share, off - share);
    before += length_of(boot);
    placed.push_back(boot);
  }
}

}  // namespace

std::vector<Boot> place_between(const std::vector<Boot>& boots, UtcMs build_date) {
  std::vector<Boot> placed;
  Room room{build_date, {}, true};
  std::size_t first = 0;
  for (std::size_t i = 0; i < boots.size(); ++i) {
    const auto& boot = boots[i];
    if (boot.offset.source == Source::none) continue;
    room.to = UtcMs{boot.offset.offset};
    if (first < i) place(boots, first, i, room, placed);
    room = {UtcMs{boot.offset.offset + length_of(boot)}, {}, false};
    first = i + 1;
  }
  return placed;
}

}  // namespace lintel::clock
