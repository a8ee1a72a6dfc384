#include "tests/gateway/counting/quirks/door.hpp"

#include <ctime>
#include <fstream>
#include <iomanip>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/clock/store_days.hpp"

namespace lintel::test::quirks {

namespace {

UtcMs instant(const std::string& text) {
  std::tm parts{};
  std::istringstream in(text);
  in >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
  REQUIRE_MESSAGE(!in.fail(), text);
  return utc_ms(std::int64_t{timegm(&parts)} * 1000);
}

Result<store::Calendar> calendar(const std::string& zone, int day_start) {
  const auto days =
      std::make_shared<clock::StoreDays>(clock::Zone::find(zone).value(), std::chrono::minutes{day_start});
  return store::Calendar{[days](UtcMs t) { return std::int64_t{days->day(t)}; },
                         [days](std::int64_t day) { return days->begin(static_cast<clock::StoreDay>(day)); }};
}

}  // namespace

std::string bytes(const std::string& hex) {
  std::string result;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    result += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return result;
}

Message Message::with(const std::string& before, const std::string& now) const {
  Message changed = *this;
  const auto at = changed.payload.find(before);
  REQUIRE_MESSAGE(at != std::string::npos, before);
  changed.payload.replace(at, before.size(), now);
  return changed;
}

std::vector<Message> messages_of(const std::string& id) {
  std::ifstream file(std::string(LINTEL_CORPUS_DIR) + "/cases.jsonl");
  std::vector<Message> messages;
  for (std::string line; messages.empty() && std::getline(file, line);) {
    const auto one = nlohmann::json::parse(line);
    if (one["id"] != id) continue;
    for (const auto& frame : one["frames"]) {
      Message message{bytes(frame["hex"]),
                      frame.value("topic", frame.value("request", "")),
                      frame.value("retained", false),
                      {}};
      if (frame.contains("fport")) message.port = frame["fport"].get<std::uint8_t>();
      messages.push_back(std::move(message));
    }
  }
  REQUIRE_MESSAGE(!messages.empty(), id);
  return messages;
}

Message message_of(const std::string& id) {
  return messages_of(id).front();
}

Door::Door(const std::string& format, const std::string& zone, const bridge::LineMap& lines) {
  config::Link link;
  link.name = "door";
  link.type = config::Link::Type::mqtt;
  link.subscriptions = {{format, "#"}};
  config_.links = {link};
  auto store = store::Store::open(dir_.path(), {"", "Test", zone, 0, "gw", "1"}, calendar,
                                  instant("2026-01-01T00:00:00Z"));
  REQUIRE_MESSAGE(store, store.error().message);
  store_ = std::move(*store);
  series_ = std::make_unique<counting::SeriesStates>(store_->db());
  // Under whatever name a device goes, its channels are the ones that are given.
  for (const char* serial : {"door1", "link:door", "link:door/slave 90", "90", "slave 90"}) {
    if (lines.empty()) break;
    config::Sensor sensor;
    sensor.serial = serial;
    sensor.lines = lines;
    config_.sensors.push_back(sensor);
  }
  pipeline_ = std::make_unique<app::Pipeline>(
      config_, *store_, *series_, *clock::Zone::find(zone),
      [](std::string_view name) { return bridge::decoders::Registry::built_in().find(name); });
  pipeline_->observe([this](const store::Sensor&, std::string_view, const counting::Statement&,
                            const counting::Outcome& outcome) { rule_ = outcome.rule; });
  store_->begin();
}

void Door::hear(const Message& message, const std::string& at) {
  bridge::Frame frame;
  frame.link = "door";
  frame.topic = message.topic;
  frame.payload = message.payload;
  frame.retained = message.retained;
  frame.port = message.port;
  pipeline_->process(frame, instant(at));
}

std::int64_t Door::sum(const std::string& column) const {
  return scalar("select coalesce(sum(" + column + "), 0) from people_counting_raw");
}

}  // namespace lintel::test::quirks
