#include <memory>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/time.hpp"
#include "firmware-bridge/decoders/envelopes/base64.hpp"
#include "firmware-bridge/decoders/envelopes/chirpstack.hpp"
#include "firmware-bridge/decoders/envelopes/things_stack.hpp"

using namespace lintel;
using namespace lintel::bridge;
using namespace lintel::bridge::decoders;
using nlohmann::json;

namespace {

/// A format whose payload is a letter and a count: what envelopes need of a decoder, and no more.
class Letter final : public Decoder {
 public:
  Letter(std::string name, char letter) : name_(std::move(name)), letter_(letter) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view summary() const override { return "a letter and a count"; }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession&,
              Decoded& out) const override {
    if (!frame.payload.starts_with(letter_)) {
      out.rejects.push_back({RejectKind::integrity, "byte 0: expected another letter"});
      return;
    }
    for (std::size_t i = 1; i < frame.payload.size(); ++i) {
      Observation observation;
      observation.kind = Kind::total;
      observation.line = settings.lines.empty() ? "" : settings.lines.begin()->first;
      observation.count_in = frame.payload[i];
      if (frame.port) observation.flags.push_back(fmt::format("port={}", *frame.port));
      out.observations.push_back(std::move(observation));
    }
    DeviceReport report;
    report.battery_percent = 77;
    out.reports.push_back(std::move(report));
  }

 private:
  std::string name_;
  char letter_;
};

std::unique_ptr<Registry> letters() {
  auto registry = std::make_unique<Registry>();
  registry->add(std::make_unique<Letter>("acme-ab1x-lorawan", 'A'));
  registry->add(std::make_unique<Letter>("acme-ab20-ab22-lorawan", 'A'));
  registry->add(std::make_unique<Letter>("hut-people-counter", 'H'));
  registry->add(std::make_unique<envelopes::ChirpStack>(*registry));
  registry->add(std::make_unique<envelopes::ThingsStack>(*registry));
  return registry;
}

constexpr const char* kEui = "24e124716c000001";
constexpr const char* kUpTopic = "application/17/device/24e124716c000001/event/up";

/// ChirpStack v4: the letter H and a count of 5, "SAU=".
json v4() {
  return {
      {"deduplicationId", "9d1e7a52-0d52-4c53-9c0b-6a3a2b1a0f11"},
      {"time", "2022-07-18T09:34:15.775023242+00:00"},
      {"deviceInfo", {{"deviceProfileName", "Some profile"}, {"devEui", kEui}}},
      {"fPort", 85},
      {"fCnt", 1042},
      {"data", "SAU="},
      {"rxInfo", json::array({{{"gatewayId", "a"}, {"rssi", -97}}, {{"gatewayId", "b"}, {"rssi", -36}}})}};
}

/// The Things Stack v3, the same payload.
json tts() {
  return {{"end_device_ids", {{"device_id", "door-a"}, {"dev_eui", "24E124716C000001"}}},
          {"uplink_message",
           {{"f_port", 85},
            {"f_cnt", 1042},
            {"frm_payload", "SAU="},
            {"received_at", "2022-07-18T09:34:15.584512315Z"},
            {"rx_metadata", json::array({{{"rssi", -35}, {"time", "1980-01-06T00:00:00Z"}}})}}},
          {"received_at", "2022-07-18T09:34:15.790935284Z"}};
}

Decoded decode_bytes(std::string_view name, const std::string& bytes, std::string_view topic = kUpTopic,
                     const DecodeSettings& settings = {}) {
  const auto registry = letters();
  Frame frame;
  frame.payload = bytes;
  frame.topic = topic;
  DecodeSession session;
  Decoded out;
  registry->find(name)->decode(frame, settings, session, out);
  return out;
}

Decoded chirpstack(const json& document, std::string_view topic = kUpTopic,
                   const DecodeSettings& settings = {}) {
  return decode_bytes("envelope-chirpstack", document.dump(), topic, settings);
}

Decoded things_stack(const json& document) {
  return decode_bytes("envelope-tts-v3", document.dump(), "v3/people@tenant/devices/door-a/up");
}

bool silent(const Decoded& out) {
  return out.observations.empty() && out.rejects.empty();
}

std::string only_reject(const Decoded& out) {
  CHECK(out.observations.empty());
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects.front().message.size() < 400);
  return out.rejects.front().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("base64: with and without padding, and nothing of what is damaged") {
  using envelopes::from_base64;
  CHECK(from_base64("") == "");
  CHECK(from_base64("SAU=") == "H\x05");
  CHECK(from_base64("SAU") == "H\x05");
  CHECK(from_base64("qg==") == "\xAA");
  CHECK(from_base64("+/+/") == "\xFB\xFF\xBF");
  for (const char* wrong : {"S", "SAU==", "SA=U", "S U=", "SAV=", "...", "-_-_", "====", "="})
    CHECK_MESSAGE(!from_base64(wrong), wrong);
}

TEST_CASE("chirpstack: the envelope tells who, when and the frame counter, the payload what") {
  const auto out = chirpstack(v4());
  CHECK(out.rejects.empty());
  REQUIRE(out.observations.size() == 1);
  const auto& o = out.observations.front();
  CHECK(o.sensor == kEui);
  CHECK(o.count_in == 5);
  CHECK(format_utc(o.time.value().time) == "2022-07-18T09:34:15.775Z");
  CHECK(o.repeat_key == "fcnt=1042@2022-07-18T09:34:15.775Z");
  CHECK(o.flags == std::vector<std::string>{"port=85", "fcnt=1042"});
}

TEST_CASE("chirpstack: an uplink that several gateways heard is one, and the best signal is reported") {
  const auto out = chirpstack(v4());
  CHECK(out.observations.size() == 1);
  REQUIRE(out.reports.size() == 1);
  CHECK(out.reports.front().sensor == kEui);
  CHECK(out.reports.front().signal_dbm == -36);
  CHECK(out.reports.front().battery_percent == 77);  // the device's own word, in the same report
}

TEST_CASE("chirpstack: without a frame counter the server's own mark tells repeats from news") {
  auto document = v4();
  document.erase("fCnt");
  const auto out = chirpstack(document);
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations.front().repeat_key == "uplink=9d1e7a52-0d52-4c53-9c0b-6a3a2b1a0f11");
  CHECK(out.observations.front().flags == std::vector<std::string>{"port=85"});
}

TEST_CASE("chirpstack: several statements of one line in one uplink do not repeat each other") {
  auto document = v4();
  document["data"] = "SAUGBw==";
  const auto out = chirpstack(document);
  REQUIRE(out.observations.size() == 3);
  CHECK(out.observations[0].repeat_key == "fcnt=1042@2022-07-18T09:34:15.775Z");
  CHECK(out.observations[1].repeat_key == "fcnt=1042@2022-07-18T09:34:15.775Z #2");
  CHECK(out.observations[2].repeat_key == "fcnt=1042@2022-07-18T09:34:15.775Z #3");
}

TEST_CASE("chirpstack v3: device in hex or base64, time of the gateway that heard it best") {
  json document = {{"devEUI", "24E124716C000001"},
                   {"fPort", 85},
                   {"fCnt", 7},
                   {"data", "SAU="},
                   {"objectJSON", "{\"data\":\"nonsense\"}"},
                   {"rxInfo", json::array({{{"rssi", -57}, {"time", "2022-07-18T09:34:15.7Z"}},
                                           {{"rssi", -40}, {"time", nullptr}},
                                           {{"rssi", -51}, {"time", "2022-07-18T09:34:16Z"}}})}};
  for (const char* eui : {"24E124716C000001", "JOEkcWwAAAE=", "JOEkcWwAAAE"}) {
    document["devEUI"] = eui;
    const auto out = chirpstack(document, "application/123/device/24e124716c000001/rx");
    REQUIRE(out.observations.size() == 1);
    CHECK(out.observations.front().sensor == kEui);
    CHECK(format_utc(out.observations.front().time.value().time) == "2022-07-18T09:34:16Z");
    CHECK(out.reports.front().signal_dbm == -40);
  }
  document["rxInfo"][0].erase("time");
  document["rxInfo"][2].erase("time");
  const auto out = chirpstack(document);
  CHECK_FALSE(out.observations.at(0).time);  // the arrival counts
  document["devEUI"] = "JOEkcWwAAA==";
  CHECK(contains(only_reject(chirpstack(document)), "devEUI"));
}

TEST_CASE("chirpstack: what is no uplink is accepted and counts nobody") {
  for (const char* event : {"join", "ack", "txack", "log", "location", "integration", "error"}) {
    CAPTURE(event);
    auto document = v4();
    CHECK(silent(chirpstack(document, fmt::format("application/17/device/{}/event/{}", kEui, event))));
    CHECK(silent(chirpstack(document, fmt::format("/ingest/lora?event={}", event))));
  }
  CHECK(chirpstack(v4(), "/ingest/lora?x=1&event=up").observations.size() == 1);
  CHECK(chirpstack(v4(), "").observations.size() == 1);
  // A command that the operator sends to the device has a payload, too.
  const json command = {{"devEui", kEui}, {"confirmed", true}, {"fPort", 10}, {"data", "SAU="}};
  CHECK(silent(chirpstack(command, fmt::format("application/17/device/{}/command/down", kEui))));
  CHECK(silent(chirpstack({{"confirmed", true}, {"fPort", 10}, {"data", "SAU="}},
                          fmt::format("application/17/device/{}/command/down", kEui))));
  CHECK(silent(chirpstack(command, "")));
  auto empty = v4();
  empty.erase("data");  // the device only answered the network
  CHECK(silent(chirpstack(empty)));
}

TEST_CASE("chirpstack: a status event reports battery and link margin") {
  json document = {{"deviceInfo", {{"devEui", kEui}}}, {"margin", -7}, {"batteryLevel", 98.42519}};
  for (const char* topic : {"application/17/device/24e124716c000001/event/status", ""}) {
    const auto out = chirpstack(document, topic);
    CHECK(silent(out));
    REQUIRE(out.reports.size() == 1);
    CHECK(out.reports.front().sensor == kEui);
    CHECK(out.reports.front().battery_percent == 98);
    CHECK(out.reports.front().margin_db == -7);
  }
  document["batteryLevel"] = 255;  // cannot measure
  CHECK_FALSE(chirpstack(document, "x/status").reports.at(0).battery_percent);
}

TEST_CASE("chirpstack: binary protobuf is refused with the setting to change") {
  const std::string binaries[] = {std::string("\n$9d1e7a52-0d52-4c53-9c0b-6a3a2b1a0f11\x12\x0c"),
                                  std::string("\x08\x7b\x12\x12temperature", 15)};
  for (const auto& bytes : binaries) {
    const auto out = decode_bytes("envelope-chirpstack", bytes);
    CHECK(contains(only_reject(out), "json=true"));
    CHECK(out.rejects.front().kind == RejectKind::unsupported);
  }
  CHECK(contains(only_reject(decode_bytes("envelope-chirpstack", "")), "cut off"));
}

TEST_CASE("uplink: the installation's word on the payload goes before everything else") {
  DecodeSettings settings;
  settings.payloads[kEui] = "acme-ab20-ab22-lorawan";
  CHECK(contains(only_reject(chirpstack(v4(), kUpTopic, settings)), "acme-ab20-ab22-lorawan: byte 0"));
  settings.payloads[kEui] = "nobody";
  CHECK(contains(only_reject(chirpstack(v4(), kUpTopic, settings)), "payload = nobody"));
  settings.payloads[kEui] = "envelope-tts-v3";
  CHECK(contains(only_reject(chirpstack(v4(), kUpTopic, settings)), "another envelope"));
}

TEST_CASE("uplink: a model that the server names finds the decoder, and its reject says what is wrong") {
  auto document = v4();
  document["data"] = "QQU=";  // the letter A, which two formats of one maker begin with
  const auto ambiguous = only_reject(chirpstack(document));
  CHECK(contains(ambiguous, "acme-ab1x-lorawan, acme-ab20-ab22-lorawan"));
  CHECK(contains(ambiguous, "payload = DECODER beside serial = 24e124716c000001"));
  for (const char* model : {"Acme AB13", "ACME ab22 (door)", "acme-ab1x-lorawan"}) {
    document["deviceInfo"]["deviceProfileName"] = model;
    CHECK_MESSAGE(chirpstack(document).observations.size() == 1, model);
  }
  document["deviceInfo"]["deviceProfileName"] = "Some profile";
  document["deviceInfo"]["tags"] = {{"model", "acme-ab20-ab22-lorawan"}};
  CHECK(chirpstack(document).observations.size() == 1);
  document["data"] = "SAU=";
  CHECK(contains(only_reject(chirpstack(document)), "/data: acme-ab20-ab22-lorawan: byte 0"));
}

TEST_CASE("uplink: names of makers and models fit decoders as people write them") {
  using envelopes::fits_model;
  CHECK(fits_model("milesight-vs13x-lorawan", "Milesight VS133"));
  CHECK(fits_model("milesight-vs330-vs340-vs370-lorawan", "milesight-iot vs340"));
  CHECK_FALSE(fits_model("milesight-vs13x-lorawan", "Milesight VS350"));
  CHECK_FALSE(fits_model("milesight-vs13x-lorawan", "Milesight"));
  CHECK_FALSE(fits_model("milesight-vs13x-lorawan", "VS133"));
  CHECK(fits_model("hut-people-counter", "HUT"));
  CHECK_FALSE(fits_model("hut-people-counter", "people counter"));
  CHECK_FALSE(fits_model("hut-people-counter", ""));
}

TEST_CASE("uplink: a payload that nobody recognises is refused with the key to set, the signal is told") {
  auto document = v4();
  document["data"] = "eHk=";
  const auto out = chirpstack(document);
  CHECK(contains(only_reject(out), "no decoder recognises the 2 bytes of 24e124716c000001 on port 85"));
  CHECK(contains(only_reject(out), "payload = DECODER"));
  CHECK(out.reports.at(0).signal_dbm == -36);
  document["data"] = "...";
  CHECK(contains(only_reject(chirpstack(document)), "/data: expected base64"));
  document["data"] = std::string(400, 'A');
  CHECK(contains(only_reject(chirpstack(document)), "more than the 242"));
  document["data"] = "SAU=";
  document["fPort"] = 0;
  CHECK(contains(only_reject(chirpstack(document)), "port 0"));
}

TEST_CASE("uplink: a device listed as it is printed, in upper case, is known by that name") {
  DecodeSettings settings;
  settings.lines["of others"] = {"1", "2"};
  settings.sensors["24E124716C000001"]["door"] = {"1", "2"};
  settings.payloads["24E124716C000001"] = "hut-people-counter";
  const auto out = chirpstack(v4(), kUpTopic, settings);
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations.front().sensor == "24E124716C000001");
  CHECK(out.observations.front().line == "door");
}

TEST_CASE("uplink: nanoseconds become the nearest millisecond, and a time that is none is flagged") {
  using envelopes::read_server_time;
  const auto ms = [](std::string_view text) { return count_ms(read_server_time(text).value().time) % 1000; };
  CHECK(ms("2022-07-18T09:34:15.584512315Z") == 585);
  CHECK(ms("2022-07-18T09:34:15.584499999Z") == 584);
  CHECK(ms("2022-07-18T09:34:15.7+05:00") == 700);
  CHECK(ms("2022-07-18T09:34:15.775023242+00:00") == 775);
  auto document = v4();
  document["time"] = "yesterday";
  const auto out = chirpstack(document);
  REQUIRE(out.observations.size() == 1);
  CHECK_FALSE(out.observations.front().time);
  CHECK(out.observations.front().flags ==
        std::vector<std::string>{"port=85", "invalid_timestamp", "fcnt=1042"});
  CHECK(out.observations.front().repeat_key == "fcnt=1042");
}

TEST_CASE("tts: identity, the network server's time, and the frame counter") {
  const auto out = things_stack(tts());
  CHECK(out.rejects.empty());
  REQUIRE(out.observations.size() == 1);
  const auto& o = out.observations.front();
  CHECK(o.sensor == kEui);
  CHECK(format_utc(o.time.value().time) == "2022-07-18T09:34:15.585Z");
  CHECK(o.repeat_key == "fcnt=1042@2022-07-18T09:34:15.585Z");
  CHECK(out.reports.at(0).signal_dbm == -35);
}

TEST_CASE("tts: a frame counter that is left out is 0, a port that is left out carries no counts") {
  auto document = tts();
  document["uplink_message"].erase("f_cnt");
  CHECK(things_stack(document).observations.at(0).repeat_key == "fcnt=0@2022-07-18T09:34:15.585Z");
  document["uplink_message"].erase("f_port");
  CHECK(contains(only_reject(things_stack(document)), "port 0"));
  document["uplink_message"].erase("frm_payload");
  CHECK(silent(things_stack(document)));
}

TEST_CASE("tts: a device without EUI goes by the operator's name, the application server's time will do") {
  auto document = tts();
  document["end_device_ids"].erase("dev_eui");
  document["uplink_message"].erase("received_at");
  const auto out = things_stack(document);
  CHECK(out.observations.at(0).sensor == "door-a");
  CHECK(format_utc(out.observations.at(0).time.value().time) == "2022-07-18T09:34:15.791Z");
  document["end_device_ids"].clear();
  CHECK(contains(only_reject(things_stack(document)), "end_device_ids"));
}

TEST_CASE("tts: maker and model of the device repository find the decoder") {
  auto document = tts();
  document["uplink_message"]["frm_payload"] = "QQU=";
  document["uplink_message"]["version_ids"] = {{"brand_id", "acme"}, {"model_id", "ab17"}};
  CHECK(things_stack(document).observations.size() == 1);
}

TEST_CASE("tts: joins, downlinks and the normalized copy count nobody; a simulated uplink is refused") {
  for (const char* kind : {"join_accept", "downlink_ack", "downlink_queued", "location_solved",
                           "service_data", "uplink_normalized"}) {
    auto document = tts();
    document[kind] = document["uplink_message"];
    document.erase("uplink_message");
    CHECK_MESSAGE(silent(things_stack(document)), kind);
  }
  auto document = tts();
  document["uplink_message"]["simulated"] = true;
  CHECK(contains(only_reject(things_stack(document)), "console"));
  document.erase("uplink_message");
  CHECK(contains(only_reject(things_stack(document)), "neither uplink_message"));
}

TEST_CASE("envelopes recognise their own and not each other") {
  const auto registry = letters();
  const auto recognises = [&](std::string_view name, const json& document) {
    const std::string bytes = document.dump();
    Frame frame;
    frame.payload = bytes;
    return registry->find(name)->recognises(frame);
  };
  CHECK(recognises("envelope-chirpstack", v4()));
  CHECK(recognises("envelope-tts-v3", tts()));
  CHECK_FALSE(recognises("envelope-chirpstack", tts()));
  CHECK_FALSE(recognises("envelope-tts-v3", v4()));
  CHECK_FALSE(recognises("envelope-chirpstack", {{"devEUI", kEui}}));
  CHECK_FALSE(recognises("envelope-tts-v3", json::array()));
}
