#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include <mqtt/async_client.h>

namespace lintel::test {

/// An MQTT publisher as a counting sensor has one: QoS 1, messages in order, up to `window` of them under
/// way, and what the broker has not acknowledged is sent again on a new connection. One thread.
class Publisher {
 public:
  using Acknowledged = std::function<void()>;

  Publisher(const std::string& url, const std::string& client_id, std::size_t window, std::stop_token stop);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Returns when the message is under way, waiting for room and for the broker as long as it takes;
  /// `acknowledged` runs inside a later call. False once a stop was requested.
  bool publish(const std::string& topic, std::string payload, Acknowledged acknowledged);

  /// Waits until the broker has acknowledged everything. False when it has not by then.
  bool drain(std::chrono::steady_clock::duration patience);

 private:
  struct Message {
    mqtt::message_ptr content;
    Acknowledged acknowledged;
    mqtt::delivery_token_ptr token;
  };

  bool settle_first(std::chrono::milliseconds patience);
  bool reconnect();

  std::size_t window_;
  std::stop_token stop_;
  mqtt::async_client client_;
  std::deque<Message> under_way_;
};

}  // namespace lintel::test
