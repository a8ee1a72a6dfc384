#include "gateway/app/links.hpp"

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/app/log.hpp"
#include "gateway/clock/clock.hpp"

namespace lintel::app {

namespace {

bridge::links::MqttLink::Options mqtt_options(const config::Link& link) {
  bridge::links::MqttLink::Options options;
  options.name = link.name;
  options.url = link.url;
  options.client_id = link.client_id;
  options.user = link.user;
  options.password = link.password;
  options.ca_file = link.ca_file;
  for (const auto& subscription : link.subscriptions) options.topics.push_back(subscription.topic);
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  options.log = [](const std::string& text) { log(text); };
  return options;
}

/// A session of its own, which the broker forgets: what is only looked at must neither queue there nor come
/// twice where filters overlap.
bridge::links::MqttLink::Options discover_options(const config::Link& link) {
  auto options = mqtt_options(link);
  options.client_id += "-discover";
  options.topics = link.discover;
  options.passing = true;
  return options;
}

bridge::links::SerialLink::Options serial_options(const config::Link& link) {
  bridge::links::SerialLink::Options options;
  options.name = link.name;
  options.device = link.device;
  // The configuration has refused formats that cannot be read.
  options.format =
      bridge::links::parse_format(link.format, link.baud).value_or(bridge::links::SerialFormat{link.baud});
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  const auto* decoder = bridge::decoders::Registry::built_in().find(link.decoder);
  options.stands_alone = [decoder](std::string_view line) {
    return decoder != nullptr && decoder->stands_alone(line);
  };
  options.log = [](const std::string& text) { log(text); };
  return options;
}

}  // namespace

Links::Links(const config::Config& config, boost::asio::io_context& loop, bridge::FrameSink& sink,
             bridge::FrameSink& fair, bridge::FrameSink& heard,
             const std::vector<std::pair<std::string, std::string>>& more) {
  for (const auto& link : config.links) {
    if (link.type == config::Link::Type::mqtt) {
      auto options = mqtt_options(link);
      for (const auto& [name, topic] : more) {
        if (name == link.name) options.topics.push_back(topic);
      }
      mqtt_.push_back(std::make_unique<bridge::links::MqttLink>(std::move(options), fair));
      if (link.discover.empty()) continue;
      discovering_.push_back(std::make_unique<bridge::links::MqttLink>(discover_options(link), heard));
    } else {
      serial_.push_back(std::make_unique<bridge::links::SerialLink>(loop, serial_options(link), sink));
    }
  }
}

void Links::start() {
  for (auto& link : mqtt_) link->start();
  for (auto& link : discovering_) link->start();
  for (auto& link : serial_) link->start();
}

void Links::stop() {
  for (auto& link : serial_) link->stop();
  for (auto& link : discovering_) link->stop();
  for (auto& link : mqtt_) link->stop();
}

void Links::listen(const std::string& link, const std::string& topic) {
  for (auto& known : mqtt_) {
    if (known->state().name == link) known->listen_to(topic);
  }
}

std::vector<status::Facts::Link> Links::facts() const {
  std::vector<status::Facts::Link> all;
  const auto add = [&all](const bridge::links::LinkState& state) {
    all.push_back({state.name, state.type, state.up, state.trouble, state.frames});
  };
  for (const auto& link : mqtt_) add(link->state());
  for (const auto& link : serial_) add(link->state());
  return all;
}

}  // namespace lintel::app
