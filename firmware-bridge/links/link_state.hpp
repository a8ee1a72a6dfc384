#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lintel::bridge::links {

/// What a link says of itself. A copy; any thread may ask for one.
struct LinkState {
  std::string name;
  std::string type;  ///< as links.d calls it: "mqtt", "serial", "modbus", "http", "poll"
  bool up = false;
  std::string trouble;       ///< what is wrong, with which thing, and what to try; empty while all is well
  std::uint64_t frames = 0;  ///< since the start
  std::uint64_t bytes = 0;
  std::uint64_t pictures = 0;  ///< that came beside the counts, and were dropped
  /// Devices that were asked and do not answer, by the name that their decoder uses; and why.
  std::map<std::string, std::string, std::less<>> silent{};
  int failed_cycles = 0;  ///< of a link that asks one device: rounds in a row that failed
};

}  // namespace lintel::bridge::links
