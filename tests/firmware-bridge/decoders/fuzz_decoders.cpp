#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string_view>

#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "firmware-bridge/decoders/text.hpp"

/// Feeds any bytes to every decoder and aborts when what comes out could not be believed. An entry point for
/// libFuzzer; built with GCC it is called by fuzz_driver.cpp instead.
/// Input: a byte that chooses the decoder, a byte for topic, framing and settings, then the payload.

using namespace lintel::bridge;

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "a decoder broke its promise: %s\n", what);
  std::abort();
}

bool is_count(const std::optional<std::int64_t>& count) {
  return !count || (*count >= 0 && *count <= 999'999'999'999);
}

void check(const Decoded& decoded) {
  for (const Observation& o : decoded.observations) {
    require(is_count(o.count_in) && is_count(o.count_out), "a count is not negative and not absurd");
    const bool unknown = std::find(o.flags.begin(), o.flags.end(), "null_value") != o.flags.end();
    require(unknown || o.kind != Kind::level || (o.occupancy && is_count(o.occupancy)),
            "a level states how many");
    require(unknown || o.count_in || o.count_out || o.occupancy || o.kind == Kind::presence,
            "an observation states a number, or whether somebody is there");
    require(o.from.has_value() == o.to.has_value() && (!o.from || o.from->time <= o.to->time),
            "a window has both its ends");
    require(o.sensor.empty() || decoders::is_name(o.sensor), "an identity can be a key");
    require(o.line.empty() || decoders::is_name(o.line), "a line can be a key");
    require(o.region.empty() || decoders::is_name(o.region), "a region can be a key");
  }
  for (const Reject& reject : decoded.rejects) {
    require(!reject.message.empty() && reject.message.size() < 400, "a reject explains itself shortly");
  }
}

bool same(const Decoded& a, const Decoded& b) {
  return a.observations.size() == b.observations.size() && a.rejects.size() == b.rejects.size() &&
         a.reports.size() == b.reports.size();
}

void decode(const Decoder& decoder, const Frame& frame, const DecodeSettings& settings,
            DecodeSession& session) {
  DecodeSession twin = session;
  Decoded first;
  Decoded second;
  decoder.decode(frame, settings, session, first);
  decoder.decode(frame, settings, twin, second);
  check(first);
  require(same(first, second), "the same arguments give the same answer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::optional<std::uint8_t> kPorts[] = {{}, 1, 2, 10, 26, 27, 82, 83, 85, 102};
  constexpr std::string_view kTopics[] = {"",
                                          "tele/door1/SENSOR",
                                          "door1/stat/STATUS8",
                                          "tele/door1/LWT",
                                          "spBv1.0/Stores/DBIRTH/edge-12/door-a",
                                          "spBv1.0/Stores/DDATA/edge-12/door-a",
                                          "spBv1.0/Stores/NDEATH/edge-12",
                                          "application/1/device/24e124716c000001/event/up"};
  if (size < 2) return 0;
  const auto& all = decoders::Registry::built_in().all();
  const Decoder& decoder = *all[data[0] % all.size()];
  const std::string_view payload(reinterpret_cast<const char*>(data + 2), size - 2);
  DecodeSettings settings;
  if ((data[1] & 0x80) != 0) settings.lines["door"] = {"C1", "C2"};
  DecodeSession session;
  Frame frame;
  const bool streams = decoder.framing() == Framing::lines || decoder.framing() == Framing::packets;
  if (streams && (data[1] & 0x40) != 0) {
    StreamFramer framer(decoder);
    const auto on_frame = [&](std::string_view bytes, bool) {
      frame.payload = bytes;
      decode(decoder, frame, settings, session);
    };
    framer.feed(payload, on_frame);
    framer.finish(on_frame);
    return 0;
  }
  const bool modbus = decoder.framing() == Framing::modbus;
  frame.topic = modbus ? "5a04003c00043cee" : kTopics[data[1] & 7];
  frame.payload = payload;
  if (decoder.framing() == Framing::uplink) frame.port = kPorts[data[1] % std::size(kPorts)];
  decode(decoder, frame, settings, session);
  return 0;
}
