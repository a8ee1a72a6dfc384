#include "tests/firmware-bridge/decoders/corpus.hpp"

#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/decoders/byte_reader.hpp"
#include "firmware-bridge/decoders/registry.hpp"

namespace lintel::test {

using namespace lintel::bridge;
using nlohmann::json;

namespace {

Case::Message read_message(const json& frame) {
  Case::Message message;
  message.topic = frame.value("request", frame.value("topic", ""));
  const auto payload = decoders::from_hex(frame.at("hex").get<std::string>());
  REQUIRE(payload);
  message.payload = *payload;
  message.retained = frame.value("retained", false);
  if (frame.contains("fport")) message.port = frame.at("fport").get<std::uint8_t>();
  return message;
}

Case read_case(const json& line) {
  Case test;
  test.id = line.at("id");
  test.decoder = decoders::Registry::built_in().find(line.at("decoder").get<std::string>());
  REQUIRE_MESSAGE(test.decoder != nullptr, test.id);
  test.stream = line.value("stream", false);
  test.expect = line.at("expect");
  test.rejects = line.value("rejects", std::size_t{0});
  for (const json& frame : line.at("frames")) test.messages.push_back(read_message(frame));
  const json map = line.value("/settings/map"_json_pointer, json::object());
  for (const auto& [name, channels] : map.items())
    test.settings.lines[name] = {channels.value("in", ""), channels.value("out", "")};
  return test;
}

template <class T>
void append(const std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

class Collector {
 public:
  explicit Collector(const Case& test) : test_(test), framer_(*test.decoder) {}

  /// `payload` stands in for the message's own.
  void message(std::string_view payload, const Case::Message& message) {
    Frame frame;
    frame.topic = message.topic;
    frame.payload = payload;
    frame.retained = message.retained;
    frame.port = message.port;
    Decoded decoded;
    test_.decoder->decode(frame, test_.settings, session_, decoded);
    append(decoded.observations, all.observations);
    append(decoded.rejects, all.rejects);
    append(decoded.reports, all.reports);
  }

  void chunk(std::string_view bytes) {
    framer_.feed(bytes, [this](std::string_view line, bool) { message(line, {}); });
  }

  void finish() {
    framer_.finish([this](std::string_view line, bool) { message(line, {}); });
  }

  Decoded all;

 private:
  const Case& test_;
  DecodeSession session_;
  StreamFramer framer_;
};

std::string describe(const std::optional<DeviceTime>& time) {
  return time ? format_utc(time->time) + (time->local ? " local" : "") : "-";
}

std::string describe(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

}  // namespace

std::vector<Case> read_corpus() {
  std::ifstream file(LINTEL_CORPUS_DIR "/cases.jsonl");
  REQUIRE_MESSAGE(file, "cannot open " LINTEL_CORPUS_DIR "/cases.jsonl");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) cases.push_back(read_case(json::parse(line)));
  return cases;
}

const std::string& bytes_of(const Case& test) {
  REQUIRE(test.messages.size() == 1);
  return test.messages.front().payload;
}

Decoded decode(const Case& test) {
  Collector collector(test);
  for (const Case::Message& message : test.messages) {
    if (test.stream) {
      collector.chunk(message.payload);
    } else {
      collector.message(message.payload, message);
    }
  }
  collector.finish();
  return collector.all;
}

Decoded decode_bytes(const Case& test, std::string_view bytes) {
  if (test.stream) return decode_chunks(test, {bytes});
  Collector collector(test);
  collector.message(bytes, test.messages.front());
  return collector.all;
}

Decoded decode_chunks(const Case& test, const std::vector<std::string_view>& chunks) {
  Collector collector(test);
  for (const std::string_view chunk : chunks) collector.chunk(chunk);
  collector.finish();
  return collector.all;
}

std::string describe(const Observation& o) {
  std::string text = fmt::format(
      "{} {}{} at {} from {} to {} line '{}' region '{}' in {} out {} people {}", o.sensor, to_string(o.kind),
      o.wraps_at ? fmt::format(" below {}", *o.wraps_at) : "", describe(o.time), describe(o.from),
      describe(o.to), o.line, o.region, describe(o.count_in), describe(o.count_out), describe(o.occupancy));
  for (const std::string& flag : o.flags) text += " [" + flag + "]";
  if (!o.repeat_key.empty()) text += " key " + o.repeat_key;
  return text;
}

std::string describe(const DeviceReport& r) {
  std::string text =
      fmt::format("report {} connected {} uptime {}", r.sensor,
                  r.connected ? (*r.connected ? "yes" : "no") : "-", describe(r.uptime_seconds));
  if (r.battery_percent) text += fmt::format(" battery {} %", *r.battery_percent);
  if (r.battery_mv) text += fmt::format(" battery {} mV", *r.battery_mv);
  if (r.signal_dbm) text += fmt::format(" signal {} dBm", *r.signal_dbm);
  if (r.tampered) text += *r.tampered ? " tampered" : " untouched";
  if (!r.firmware.empty()) text += " firmware " + r.firmware;
  for (const std::string& fault : r.faults) text += " [" + fault + "]";
  return text;
}

std::vector<std::string> describe(const Decoded& decoded) {
  std::vector<std::string> lines;
  for (const Observation& o : decoded.observations) lines.push_back(describe(o));
  for (const DeviceReport& r : decoded.reports) lines.push_back(describe(r));
  for (const Reject& r : decoded.rejects)
    lines.push_back(fmt::format("reject {} {}", to_string(r.kind), r.message));
  return lines;
}

}  // namespace lintel::test
