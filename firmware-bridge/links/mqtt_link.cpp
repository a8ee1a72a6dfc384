#include "firmware-bridge/links/mqtt_link.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
// Paho C++ 1.2 shows the C message, which alone holds the packet identifier, only under this name. It
// adds an inline accessor and changes no layout; this is the only file of the product that includes it.
#define UNIT_TESTS
#include <mqtt/async_client.h>

#include "firmware-bridge/links/mqtt_socket.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 10'000ms;
constexpr auto kConnectLimit = 15s;

struct Address {
  std::string paho;  ///< as Paho writes it: tcp://host:port, ssl://host:port
  std::string shown;
  std::uint16_t port = 1883;
  bool tls = false;
};

Address parse(const std::string& url) {
  Address address;
  address.tls = url.starts_with("mqtts://");
  std::string rest = url.substr(std::min(url.size(), url.find("://") + 3));
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
  address.port = address.tls ? 8883 : 1883;
  if (has_port) {
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), address.port);
  } else {
    rest += fmt::format(":{}", address.port);
  }
  address.shown = rest;
  address.paho = (address.tls ? "ssl://" : "tcp://") + rest;
  return address;
}

/// CONNACK's refusals (MQTT 3.1.1, table 3.1) and Paho's own errors, as sentences.
std::string explain(const mqtt::exception& error, const Address& address, const std::string& user) {
  switch (error.get_return_code()) {
    case 2:
      return fmt::format("the broker {} refuses the client id: give this link another client_id",
                         address.shown);
    case 4:
    case 5:
      return fmt::format(
          "the broker {} refuses {}: check user and password of this link, and the broker's accounts",
          address.shown, user.empty() ? "a connection without user" : "user \"" + user + "\"");
    default: break;
  }
  if (address.tls) {
    return fmt::format(
        "no trusted TLS connection to the broker {} ({}): check its address, its certificate, and "
        "ca_file of this link",
        address.shown, error.what());
  }
  return fmt::format(
      "the broker {} cannot be reached ({}): is it running, and is the url of this link right?",
      address.shown, error.what());
}

}  // namespace

struct MqttLink::Session {
  Session(const Options& options, Address where)
      : address(std::move(where)), client(address.paho, options.client_id) {}

  Address address;
  mqtt::async_client client;
};

MqttLink::MqttLink(Options options, FrameSink& sink) : options_(std::move(options)), sink_(sink) {}

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
      Session session(options_, parse(options_.url));
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

bool MqttLink::connect(Session& session) {
  {
    const std::lock_guard lock(mutex_);
    lost_ = false;
  }
  session.client.set_connection_lost_handler([this](const std::string& why) {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    lost_why_ = why;
    changed_.notify_all();
  });
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

  mqtt::connect_options connect;
  connect.set_clean_session(false);
  connect.set_mqtt_version(MQTTVERSION_3_1_1);
  connect.set_keep_alive_interval(20);
  connect.set_connect_timeout(10);
  if (!options_.user.empty()) {
    connect.set_user_name(options_.user);
    connect.set_password(options_.password);
  }
  if (session.address.tls) {
    mqtt::ssl_options tls;
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);
    if (!options_.ca_file.empty()) tls.set_trust_store(options_.ca_file.string());
    connect.set_ssl(tls);
  }
  try {
    auto token = session.client.connect(connect);
    if (!token->wait_for(kConnectLimit)) {
      say(false,
          fmt::format("the broker {} does not answer: is the address right, does a firewall drop packets?",
                      session.address.shown));
      return false;
    }
    for (const auto& topic : options_.topics) {
      auto subscribed = session.client.subscribe(topic, 1);
      subscribed->wait_for(kConnectLimit);
    }
  } catch (const mqtt::exception& error) {
    say(false, explain(error, session.address, options_.user));
    return false;
  }
  say(true, {});
  return true;
}

/// Runs inside Paho's callback: nothing may leave it but a return, which acknowledges.
void MqttLink::take(Session& session, const Frame& frame) {
  if (sink_.append(frame)) {
    frames_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(frame.payload.size(), std::memory_order_relaxed);
    return;
  }
  shut_down_connections_to(session.address.port);
  const std::lock_guard lock(mutex_);
  lost_ = true;
  lost_why_ = "what arrives cannot be kept, so the broker has to keep it";
  changed_.notify_all();
}

void MqttLink::stay(Session& session) {
  std::string why;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || lost_; });
    if (lost_) why = lost_why_.empty() ? "the connection was lost" : lost_why_;
  }
  if (why.empty()) {
    session.client.disconnect(1000)->wait_for(2s);
    return;
  }
  say(false,
      fmt::format("connection to the broker {} lost ({}); connecting again", session.address.shown, why));
}

}  // namespace lintel::bridge::links
