#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "gateway/app/administration.hpp"
#include "gateway/app/open_store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/virtual_store_payloads.hpp"

namespace lintel::test {

inline const UtcMs kNoon = utc_ms(1'785'499'200'000);

/// A gateway without links: frames go in by hand, and requests as the control socket brings them. Real
/// decoders, a real database in a folder of its own.
class Desk {
 public:
  Desk() {
    config.state_dir = dir_.path();
    config::Link broker;
    broker.name = "broker";
    broker.subscriptions = {{"milesight-vs125", "bus/+"}, {"tasmota-counter", "tele/+/SENSOR"}};
    config::Link door;
    door.name = "door";
    door.type = config::Link::Type::serial;
    door.decoder = "st-vl53l1x-arduino-lines";
    config.links = {broker, door};
    open();
  }

  void open() {
    administration.reset();
    pipeline.reset();
    series.reset();
    store.reset();
    store = std::move(*app::open_store(config));
    series = std::make_unique<counting::SeriesStates>(store->db());
    pipeline = std::make_unique<app::Pipeline>(config, *store, *series, *clock::Zone::find("UTC"),
                                               [](std::string_view name) { return registry().find(name); });
    administration = std::make_unique<app::Administration>(app::Administration::Parts{
        config, *store, *pipeline, registry(), &heard,
        [this](const std::string&, const std::string& topic) { listened = topic; }});
  }

  static const bridge::decoders::Registry& registry() { return bridge::decoders::Registry::built_in(); }

  template <typename F>
  auto batch(F&& work) {
    store->begin();
    auto result = work();
    series->flush();
    store->commit(store->position(), "", kNoon);
    return result;
  }

  void frame(std::string_view topic, std::string_view payload, UtcMs at = kNoon,
             std::string_view link = "broker") {
    bridge::Frame frame;
    frame.link = link;
    frame.topic = topic;
    frame.payload = payload;
    frame.boot = {1};
    frame.arrived = at - kNoon + std::chrono::seconds{1000};
    batch([&] {
      pipeline->process(frame, at);
      return 0;
    });
  }

  /// A minute that ended `minutes` after noon.
  void window(int minutes, std::int64_t in, std::int64_t out, const char* serial = "S1") {
    frame("bus/1", payload(minutes, in, out, serial), kNoon + std::chrono::minutes{minutes});
  }
  static std::string payload(int minutes, std::int64_t in, std::int64_t out, const char* serial = "S1") {
    Window window;
    window.end = kNoon + std::chrono::minutes{minutes};
    window.start = window.end - std::chrono::seconds{60};
    window.counted = {in, out};
    return vs125_payload(serial, window, false);
  }

  nlohmann::json ask(const char* verb, const nlohmann::json& request, UtcMs now = kNoon) {
    const auto answer = batch([&] { return administration->run(verb, request, now); });
    return answer ? *answer : nlohmann::json{{"error", answer.error().message}};
  }

  std::int64_t scalar(const std::string& sql) { return store->db().scalar(sql); }
  std::string text(const std::string& sql) {
    auto row = store->db().prepare(sql);
    return row.step() ? std::string(row.text(0)) : std::string();
  }

  config::Config config;
  app::Heard heard;
  std::string listened;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<counting::SeriesStates> series;
  std::unique_ptr<app::Pipeline> pipeline;
  std::unique_ptr<app::Administration> administration;

 private:
  TempDir dir_;
};

}  // namespace lintel::test
