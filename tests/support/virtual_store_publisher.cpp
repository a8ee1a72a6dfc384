#include "tests/support/virtual_store_publisher.hpp"

#include <thread>

namespace lintel::test {

namespace {
constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::milliseconds kAcknowledgeWithin{5000};
}  // namespace

Publisher::Publisher(const std::string& url, const std::string& client_id, std::size_t window,
                     std::stop_token stop)
    : window_(window), stop_(std::move(stop)), client_(url, client_id, static_cast<int>(window)) {}

Publisher::~Publisher() {
  try {
    if (client_.is_connected()) client_.disconnect()->wait_for(kAcknowledgeWithin);
  } catch (const mqtt::exception&) {
    // A broker that is gone needs no goodbye.
  }
}

bool Publisher::publish(const std::string& topic, std::string payload, Acknowledged acknowledged) {
  while (under_way_.size() >= window_) {
    if (!settle_first(kAcknowledgeWithin) && !reconnect()) return false;
  }
  while (!under_way_.empty() && under_way_.front().token != nullptr &&
         under_way_.front().token->is_complete()) {
    if (!settle_first(kAcknowledgeWithin) && !reconnect()) return false;
  }
  under_way_.push_back(
      {mqtt::make_message(topic, std::move(payload), 1, false), std::move(acknowledged), nullptr});
  try {
    if (client_.is_connected()) {
      under_way_.back().token = client_.publish(under_way_.back().content);
      return true;
    }
  } catch (const mqtt::exception&) {
    // The connection broke just now: reconnecting sends everything that is under way.
  }
  return reconnect();
}

bool Publisher::drain(std::chrono::steady_clock::duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!under_way_.empty()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    if (!settle_first(kAcknowledgeWithin) && !reconnect()) return false;
  }
  return true;
}

/// Waits for the oldest message's PUBACK. False when the connection has to be made again.
bool Publisher::settle_first(std::chrono::milliseconds patience) {
  Message& first = under_way_.front();
  try {
    if (first.token == nullptr || !first.token->wait_for(patience)) return false;
  } catch (const mqtt::exception&) {
    return false;
  }
  if (first.acknowledged) first.acknowledged();
  under_way_.pop_front();
  return true;
}

/// Connects, however long it takes, and sends again what was not acknowledged.
bool Publisher::reconnect() {
  const auto options = mqtt::connect_options_builder()
                           .mqtt_version(MQTTVERSION_3_1_1)
                           .clean_session(true)
                           .max_inflight(static_cast<int>(window_))
                           .connect_timeout(std::chrono::seconds(5))
                           .finalize();
  while (!stop_.stop_requested()) {
    try {
      if (client_.is_connected()) client_.disconnect()->wait_for(kAcknowledgeWithin);
      if (!client_.connect(options)->wait_for(kAcknowledgeWithin)) continue;
      for (auto& message : under_way_) message.token = client_.publish(message.content);
      return true;
    } catch (const mqtt::exception&) {
      std::this_thread::sleep_for(kRetry);
    }
  }
  return false;
}

}  // namespace lintel::test
