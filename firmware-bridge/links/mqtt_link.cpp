#include "firmware-bridge/links/mqtt_link.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
// Paho C++ 1.2 shows the C message, which alone holds the packet identifier, only under this name. It
// adds an inline accessor and changes no layout; this is the only file of the product that includes it.
#define UNIT_TESTS
#include <mqtt/async_client.h>

#include "firmware-bridge/core/topic.hpp"
#include "firmware-bridge/links/mqtt_broker.hpp"
#include "firmware-bridge/links/mqtt_socket.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 10'000ms;
constexpr auto kConnectLimit = 15s;
constexpr auto kLookAgain = 50ms;
constexpr auto kLookAtJournal = 2s;
constexpr auto kSettleLimit = 5s;
constexpr std::uint32_t kNever = UINT32_MAX;  // expires a session

mqtt::connect_options connect_options(const MqttLink::Options& options, bool with_tls) {
  auto connect =
      mqtt_connect_options({options.url, options.user, options.password, options.ca_file}, with_tls);
  if (options.journal) {
    connect.set_mqtt_version(MQTTVERSION_5);
    connect.set_clean_start(false);
    connect.set_properties({mqtt::property(mqtt::property::SESSION_EXPIRY_INTERVAL, kNever)});
  } else {
    connect.set_clean_session(options.passing);
  }
  connect.set_keep_alive_interval(20);
  connect.set_connect_timeout(10);
  return connect;
}

/// Where in its journal the broker's plugin says that the message is: the last such property, which is the
/// plugin's own.
JournalPlace place_of(const mqtt::message& message) {
  JournalPlace place;
  const auto& properties = message.get_properties();
  const auto count = properties.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = count; i > 0; --i) {
    const auto [name, value] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i - 1);
    if (name != "lintel-journal") continue;
    const char *at = value.data(), *end = at + value.size();
    const auto number = [&](std::uint32_t& into, int base) {
      while (at != end && *at == ' ') ++at;
      at = std::from_chars(at, end, into, base).ptr;
    };
    number(place.journal, 16);
    number(place.segment, 10);
    number(place.offset, 10);
    return place;
  }
  return place;
}

int version_of(const MqttLink::Options& options) {
  return options.journal ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
}

}  // namespace

struct MqttLink::Session {
  Session(const Options& options, BrokerAddress where)
      : address(std::move(where)),
        client(address.paho, options.client_id, mqtt::create_options(version_of(options))) {}

  BrokerAddress address;
  mqtt::async_client client;
  std::string subscribing;  ///< the topic being subscribed to; empty while connecting
};

MqttLink::MqttLink(Options options, FrameSink& sink)
    : options_(std::move(options)), sink_(sink), topics_(options_.topics) {
  if (!options_.journal) return;
  auto journal = *options_.journal;
  journal.link = options_.name;
  journal.log = options_.log;
  journal.wants = [this](std::string_view topic) { return wants(topic); };
  journal_.emplace(std::move(journal), sink_);
}

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
  LinkState state{options_.name, "mqtt", up_, trouble_, frames_, bytes_};
  if (!journal_) return state;
  state.frames += journal_->frames();
  state.bytes += journal_->bytes();
  if (state.trouble.empty()) state.trouble = journal_->trouble();
  return state;
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
    look_at_journal();  // it needs no connection
    settle_journal();
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
  session.client.set_disconnected_handler(
      [this](const mqtt::properties&, mqtt::ReasonCode) { lose("it ended the connection"); });
  session.client.set_message_callback([this, &session](const mqtt::const_message_ptr& message) {
    try {
      arrived(session, *message);
    } catch (const std::exception&) {  // no memory: the message is not kept, so it is not acknowledged
      refuse(session);
    }
  });
}

/// Runs inside Paho's callback: nothing may leave it but a return, which acknowledges.
void MqttLink::arrived(Session& session, const mqtt::message& message) {
  const auto& payload = message.get_payload_ref();
  Frame frame;
  frame.link = options_.name;
  frame.topic = message.get_topic();
  frame.payload = {payload.data(), payload.size()};
  frame.boot = options_.boot;
  frame.arrived = options_.boot_clock();
  frame.qos = static_cast<std::uint8_t>(message.get_qos());
  frame.packet_id = frame.qos == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(message.c_struct().msgid);
  frame.dup = message.is_duplicate();
  frame.retained = message.is_retained();
  // What the session still has of subscriptions that are gone is nobody's in the journal.
  if (!journal_ || frame.retained || !wants(frame.topic)) return take(session, frame);
  frame.journal = place_of(message);
  if (frame.journal.journal == 0) return take(session, frame);
  switch (journal_->way_of(frame.journal)) {
    case JournalFollower::Way::journal: return;
    case JournalFollower::Way::refused: return refuse(session);
    case JournalFollower::Way::network: return take(session, frame);
  }
}

/// Brings what came while nobody was connected, or what the broker has forgotten or dropped.
void MqttLink::look_at_journal() {
  if (!journal_) return;
  (void)journal_->catch_up();  // what is refused is brought the next time
  journal_->confirm();
}

/// Before the broker queues for us for the first time it has to be durable from where on the journal counts:
/// a gateway killed at once would take what comes meanwhile for older. A database that cannot write stops
/// nobody.
void MqttLink::settle_journal() {
  if (!journal_) return;
  const auto limit = std::chrono::steady_clock::now() + kSettleLimit;
  while (!journal_->is_settled() && std::chrono::steady_clock::now() < limit && wait(5ms)) {
  }
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
  look_at_journal();
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

bool MqttLink::wants(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(topics_, [&](const auto& filter) { return topic_matches(filter, topic); });
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

void MqttLink::take(Session& session, const Frame& frame) {
  if (!sink_.append(frame)) return refuse(session);
  frames_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(frame.payload.size(), std::memory_order_relaxed);
  if (frame.journal.journal != 0) journal_->took(frame);
}

void MqttLink::refuse(Session& session) {
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
      const auto news = [this] { return stopping_ || lost_ || !outgoing_.empty(); };
      if (journal_) {
        changed_.wait_for(lock, kLookAtJournal, news);
      } else {
        changed_.wait(lock, news);
      }
      lost = lost_;
      ends = stopping_ || lost_;
      messages.swap(outgoing_);
    }
    if (ends) break;
    send(session, messages);
    look_at_journal();
  }
  if (lost) {
    say_lost(session, "it closed the connection");
  } else {
    session.client.disconnect(1000)->wait_for(2s);
  }
}

}  // namespace lintel::bridge::links
