#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tests/gateway/counting/truth/people.hpp"
#include "tests/gateway/counting/truth/scenario.hpp"

namespace lintel::test::truth {

/// What a device says, and what is true about it.
struct Message {
  std::string text;  ///< the frame
  UtcMs sent{};      ///< when it was made; `text` may state something else
  UtcMs from{};      ///< true begin of what a window tells
  bool total = false;
  bool repeatable = true;  ///< saying it twice says the same
  bool history = false;    ///< made before, and told again
  bool starting = false;   ///< shows zero, whatever has been counted
  std::optional<std::int64_t> in, out;
};

/// A total that began anew without a word.
struct HiddenReset {
  UtcMs at{};
};

/// Counted too much, and taken back later or (at the end of time) never.
struct Ghosts {
  UtcMs counted{}, taken_back{};
  std::int64_t people = 0;
  bool in = true;
};

/// Another device is put behind the door.
struct Swap {
  UtcMs at{};
};

/// What happened at a door, as nobody but the simulator knows.
struct Life {
  std::vector<Message> messages;  ///< in the order in which they were made
  std::vector<Passage> seen;      ///< everybody whom the device has seen
  std::vector<HiddenReset> resets;
  std::vector<Ghosts> ghosts;
  std::vector<Swap> swaps;
};

/// What a device makes of the people at its door, faults included.
Life live(const Scenario& scenario, const std::vector<Passage>& people);

}  // namespace lintel::test::truth
