#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "firmware-bridge/decoders/envelopes/sparkplug.hpp"
#include "tests/support/sparkplug_message.hpp"

namespace lintel::test {

/// One link's memory, and messages through it.
struct SparkplugLink {
  bridge::DecodeSession session;
  bridge::DecodeSettings settings;

  bridge::Decoded hear(const std::string& where, const std::string& payload) {
    const std::string topic = "spBv1.0/Stores/" + where;
    bridge::Frame frame;
    frame.topic = topic;
    frame.payload = payload;
    bridge::Decoded out;
    bridge::decoders::envelopes::SparkplugB().decode(frame, settings, session, out);
    return out;
  }
  /// Node and door are born: messages 0 and 1.
  bridge::Decoded births(const std::vector<SparkplugMetricText>& of_door) {
    REQUIRE(hear("NBIRTH/edge", sparkplug_message(0, {{"bdSeq", {}, 8, 7}})).rejects.empty());
    return hear("DBIRTH/edge/door", sparkplug_message(1, of_door));
  }
};

inline const std::vector<SparkplugMetricText> kDoor = {
    {"Line/Entrance/In", 1, 8, 100}, {"Line/Entrance/Out", 2, 8, 90}, {"Shop/Occupancy", 3, 8, 6}};

inline bool has(const bridge::Observation& observation, std::string_view flag) {
  const auto& flags = observation.flags;
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

inline std::string only_reject(const bridge::Decoded& out) {
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects.front().message.size() < 400);
  return out.rejects.front().message;
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace lintel::test
