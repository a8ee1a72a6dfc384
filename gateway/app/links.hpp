#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "firmware-bridge/links/modbus_link.hpp"
#include "firmware-bridge/links/mqtt_link.hpp"
#include "firmware-bridge/links/poller.hpp"
#include "firmware-bridge/links/push_link.hpp"
#include "firmware-bridge/links/serial_link.hpp"
#include "firmware-bridge/links/wire_link.hpp"
#include "gateway/app/ingest.hpp"
#include "gateway/config/config.hpp"
#include "gateway/status/facts.hpp"

namespace lintel::app {

/// The links of the configuration, all filling one sink. Serial and HTTP push links live on the loop, MQTT
/// links on threads of Paho's, Modbus links on one each, polled devices on one thread together.
class Links {
 public:
  /// Where frames go. All outlive the links.
  struct Sinks {
    bridge::FrameSink& all;
    bridge::FrameSink& fair;   ///< the same for those whose senders may flood
    bridge::FrameSink& heard;  ///< gets what `discover` filters bring
    bridge::Commits& commits;
  };
  /// The time, absent while it is not known; what the lintel wire tells its devices.
  using Utc = std::function<std::optional<UtcMs>()>;
  /// What is stored of a link's way through its broker's journal, and how to store where it begins. Any
  /// thread.
  struct JournalKeeping {
    std::map<std::string, bridge::links::JournalProgress, std::less<>> start;
    std::function<std::optional<bridge::links::JournalProgress>(const std::string& link)> stored;
    std::function<void(const std::string& link, const bridge::links::JournalProgress&)> begun;
  };

  /// `decoders` must outlive the links; `more` are topics beside those of links.d, by link.
  Links(const config::Config& config, const bridge::decoders::Registry& decoders,
        boost::asio::io_context& loop, Sinks sinks,
        const std::vector<std::pair<std::string, std::string>>& more, const Utc& utc = {},
        const JournalKeeping& journals = {});

  void start();
  /// After this nothing is appended any more, and nothing was acknowledged that is not in the sink. The
  /// loop must not run meanwhile.
  void stop();

  /// Sends through the link of that name, if it is one that can and is connected. Any thread; does not wait.
  void send(std::string_view link, const bridge::Outbound& message);
  /// Subscribes an MQTT link to one more topic. Any thread, as long as the links are not being stopped.
  void listen(const std::string& link, const std::string& topic);
  /// What the status page's listener passes on, where devices push to that; else null.
  [[nodiscard]] std::shared_ptr<bridge::UploadSink> uploads_of_page() const;

  /// Any thread.
  [[nodiscard]] std::vector<status::Facts::Link> facts() const;

 private:
  std::vector<std::unique_ptr<bridge::links::MqttLink>> mqtt_;
  std::vector<std::unique_ptr<bridge::links::MqttLink>> discovering_;
  std::vector<std::unique_ptr<bridge::links::SerialLink>> serial_;
  std::vector<std::unique_ptr<bridge::links::ModbusLink>> modbus_;
  std::vector<std::unique_ptr<bridge::links::WireLink>> wire_;
  bridge::links::Poller poller_;
  std::shared_ptr<bridge::links::PushLinks> push_;  // shared with connections, which may outlive it
  std::optional<Ingest> ingest_;                    // none: the page's listener, or nobody pushes
};

}  // namespace lintel::app
