#pragma once

#include <string>

#include <mqtt/async_client.h>

namespace lintel::test {

/// A sensor that believes a message delivered once the broker has acknowledged it.
class Publisher {
 public:
  explicit Publisher(const std::string& broker_url, const std::string& id = "sensor")
      : client_("tcp" + broker_url.substr(broker_url.find("://")), id) {
    mqtt::connect_options options;
    options.set_max_inflight(100);
    client_.connect(options)->wait();
  }
  ~Publisher() {
    try {
      client_.disconnect()->wait_for(2000);
    } catch (const mqtt::exception&) {
      // the broker may be gone by now
    }
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void publish(const std::string& topic, const std::string& payload, int qos = 1, bool retained = false) {
    last_ = client_.publish(topic, payload.data(), payload.size(), qos, retained);
    if (++since_flush_ == 50) flush();
  }
  /// Returns when all of it is acknowledged.
  void flush() {
    if (last_) last_->wait();
    since_flush_ = 0;
  }

 private:
  mqtt::async_client client_;
  mqtt::delivery_token_ptr last_;
  int since_flush_ = 0;
};

}  // namespace lintel::test
