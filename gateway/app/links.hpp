#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/mqtt_link.hpp"
#include "firmware-bridge/links/serial_link.hpp"
#include "gateway/config/config.hpp"
#include "gateway/status/facts.hpp"

namespace lintel::app {

/// The links of the configuration, all filling one sink. Serial links live on the loop, MQTT links on
/// threads of Paho's.
class Links {
 public:
  /// `fair` is the same sink for those whose senders may flood. `heard` gets what `discover` filters bring;
  /// `more` are topics beside those of links.d, by link.
  Links(const config::Config& config, boost::asio::io_context& loop, bridge::FrameSink& sink,
        bridge::FrameSink& fair, bridge::FrameSink& heard,
        const std::vector<std::pair<std::string, std::string>>& more);

  void start();
  /// After this nothing is appended any more, and nothing was acknowledged that is not in the sink. The
  /// loop must not run meanwhile.
  void stop();

  /// Subscribes an MQTT link to one more topic. Any thread, as long as the links are not being stopped.
  void listen(const std::string& link, const std::string& topic);

  /// Any thread.
  [[nodiscard]] std::vector<status::Facts::Link> facts() const;

 private:
  std::vector<std::unique_ptr<bridge::links::MqttLink>> mqtt_;
  std::vector<std::unique_ptr<bridge::links::MqttLink>> discovering_;
  std::vector<std::unique_ptr<bridge::links::SerialLink>> serial_;
};

}  // namespace lintel::app
