#include "firmware-bridge/links/mqtt_link.hpp"

#include <algorithm>

#include <fmt/format.h>
// Paho C++ 1.2 shows the C message, which alone holds the packet identifier, only under this name. It
// adds an inline accessor and changes no layout; this is the only file of the product that includes it.
#define UNIT_TESTS
#include <mqtt/async_client.h>

#include "firmware-bridge/links/mqtt_broker.hpp"
#include "firmware-bridge/links/mqtt_socket.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 10'000ms;
constexpr auto kConnectLimit = 15s;
constexpr auto kLookAgain = 50ms;

mqtt::connect_options connect_options(const MqttLink::Options& options, bool with_tls) {
  auto connect =
      mqtt_connect_options({options.url, options.user, options.password, options.ca_file}, with_tls);
  connect.set_clean_session(options.passing);
  connect.set_keep_alive_interval(20);
  connect.set_connect_timeout(10);
  return connect;
}

}  // namespace

struct MqttLink::Session {
  Session(const Options& options, BrokerAddress where)
      : address(std::move(where)), client(address.paho, options.client_id) {}

  BrokerAddress address;
  mqtt::async_client client;
  std::string subscribing;  ///< the topic being subscribed to; empty while connecting
};

MqttLink::MqttLink(Options options, FrameSink& sink)
    : options_(std::move(options)), sink_(sink), topics_(options_.topics) {}

MqttLink::~MqttLink() {
  stop();
}

void MqttLink::start() {
  thread_ = std::thread([this] { run(); });
}

void MqttLink::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void MqttLink::listen_to(const std::string& topic) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(topics_.begin(), topics_.end(), topic) != topics_.end()) return;
    topics_.push_back(topic);
  }
  lose("to listen to one more topic");
}

LinkState MqttLink::state() const {
  const std::lock_guard lock(mutex_);
  return {options_.name, "mqtt", up_, trouble_, frames_, bytes_};
}

void MqttLink::say(bool up, const std::string& trouble) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = up_ != up || trouble_ != trouble;
    up_ = up;
    trouble_ = trouble;
  }
  if (!news || !options_.log) return;
  options_.log(fmt::format("link {}: {}", options_.name, up ? "connected to " + options_.url : trouble));
}

bool MqttLink::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

void MqttLink::run() {
  auto pause = std::chrono::milliseconds(kShortestPause);
  while (wait(0ms)) {
    try {
      Session session(options_, broker_address(options_.url));
      if (connect(session)) {
        const auto since = std::chrono::steady_clock::now();
        stay(session);
        if (std::chrono::steady_clock::now() - since > kLongestPause) pause = kShortestPause;
      }
    } catch (const std::exception& error) {
      say(false, fmt::format("cannot use the broker {}: {}", options_.url, error.what()));
    }
    if (!wait(pause)) return;
    pause = std::min(2 * pause, std::chrono::milliseconds(kLongestPause));
  }
}

void MqttLink::listen(Session& session) {
  {
    const std::lock_guard lock(mutex_);
    lost_ = false;
  }
  session.client.set_connection_lost_handler([this](const std::string& why) { lose(why); });
  session.client.set_message_callback([this, &session](const mqtt::const_message_ptr& message) {
    const auto& payload = message->get_payload_ref();
    Frame frame;
    frame.link = options_.name;
    frame.topic = message->get_topic();
    frame.payload = {payload.data(), payload.size()};
    frame.boot = options_.boot;
    frame.arrived = options_.boot_clock();
    frame.qos = static_cast<std::uint8_t>(message->get_qos());
    frame.packet_id =
        frame.qos == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(message->c_struct().msgid);
    frame.dup = message->is_duplicate();
    frame.retained = message->is_retained();
    take(session, frame);
  });
}

bool MqttLink::connect(Session& session) {
  listen(session);
  try {
    if (!finished(*session.client.connect(connect_options(options_, session.address.tls)))) {
      say(false,
          fmt::format("the broker {} does not answer: is the address right, does a firewall drop packets?",
                      session.address.shown));
      return false;
    }
    for (const auto& topic : topics()) {
      session.subscribing = topic;
      if (!finished(*session.client.subscribe(topic, options_.passing ? 0 : 1))) {
        say_lost(session, "it did not confirm the subscription to " + topic);
        return false;
      }
    }
  } catch (const mqtt::exception& error) {
    if (session.subscribing.empty()) {
      say(false, why_refused(error.get_return_code(), error.what(), session.address, options_.user));
    } else {
      say_lost(session, "it did not accept the subscription to " + session.subscribing);
    }
    return false;
  }
  say(true, {});
  return true;
}

/// Waits for a request, but not longer than the connection lives and the link is wanted.
bool MqttLink::finished(mqtt::token& token) {
  const auto limit = std::chrono::steady_clock::now() + kConnectLimit;
  while (!token.wait_for(kLookAgain)) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || lost_ || std::chrono::steady_clock::now() > limit) return false;
  }
  return true;
}

std::vector<std::string> MqttLink::topics() const {
  const std::lock_guard lock(mutex_);
  return topics_;
}

void MqttLink::lose(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!lost_) lost_why_ = why;  // what came first is the cause, the rest follows from it
  lost_ = true;
  changed_.notify_all();
}

void MqttLink::say_lost(const Session& session, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (lost_ && !lost_why_.empty()) why = lost_why_;
  }
  say(false,
      fmt::format("connection to the broker {} lost ({}); connecting again", session.address.shown, why));
}

/// Runs inside Paho's callback: nothing may leave it but a return, which acknowledges.
void MqttLink::take(Session& session, const Frame& frame) {
  if (sink_.append(frame)) {
    frames_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(frame.payload.size(), std::memory_order_relaxed);
    return;
  }
  shut_down_connections_to(session.address.port);
  lose("what arrives cannot be kept, so the broker has to keep it");
}

void MqttLink::publish(std::string topic, std::string payload) {
  {
    const std::lock_guard lock(mutex_);
    if (!up_ || outgoing_.size() >= kMostOutgoing) return;
    if (topic.empty() || topic.find_first_of("#+") != std::string::npos) return;  // brokers hang up on those
    outgoing_.push_back({std::move(topic), std::move(payload)});
  }
  changed_.notify_all();
}

/// Nobody waits for these: one that Paho does not take is not worth the connection.
void MqttLink::send(Session& session, const std::vector<Outgoing>& messages) {
  for (const auto& message : messages) {
    try {
      session.client.publish(message.topic, message.payload.data(), message.payload.size(), 0, false);
    } catch (const mqtt::exception& error) {
      if (options_.log) {
        options_.log(
            fmt::format("link {}: cannot publish to {}: {}", options_.name, message.topic, error.what()));
      }
    }
  }
}

void MqttLink::stay(Session& session) {
  bool lost = false;
  for (bool ends = false; !ends;) {
    std::vector<Outgoing> messages;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || lost_ || !outgoing_.empty(); });
      lost = lost_;
      ends = stopping_ || lost_;
      messages.swap(outgoing_);
    }
    if (!ends) send(session, messages);
  }
  if (lost) {
    say_lost(session, "it closed the connection");
  } else {
    session.client.disconnect(1000)->wait_for(2s);
  }
}

}  // namespace lintel::bridge::links
