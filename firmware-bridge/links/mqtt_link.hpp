#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/journal_follower.hpp"
#include "firmware-bridge/links/link_state.hpp"

namespace mqtt {
class message;
class token;
}  // namespace mqtt

namespace lintel::bridge::links {

/// A subscription that loses nothing: QoS 1, MQTT 3.1.1, a fixed client id and a session that the broker
/// keeps. Each message is in the sink before Paho acknowledges it, because Paho sends PUBACK when the
/// callback has returned. A message the sink refuses is never acknowledged: its connection is shut down
/// under Paho, and the broker keeps the message for the next one.
///
/// With a journal the link speaks MQTT 5, in which the broker says of each message where in the journal it
/// stands, and takes it from there. What is not in the journal (last wills, what it had no room for) comes
/// over the network as ever.
class MqttLink {
 public:
  struct Options {
    std::string name;
    std::string url;  ///< mqtt://host[:port] or mqtts://host[:port]
    std::string client_id;
    std::string user;
    std::string password;
    std::filesystem::path ca_file;  ///< mqtts: own CA instead of the system's
    std::vector<std::string> topics;
    std::optional<JournalFollower::Options>
        journal{};         ///< the broker keeps one; link, wants and log are ours
    bool passing = false;  ///< only to look: QoS 0, and the broker keeps nothing for this session
    BootId boot{};
    std::function<BootTime()> boot_clock;
    std::function<void(const std::string&)> log;
  };

  MqttLink(Options options, FrameSink& sink);
  ~MqttLink();  ///< stops
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Connects, and connects again for ever, on a thread of its own. Call once.
  void start();
  /// Disconnects; afterwards the sink is not used any more. The broker goes on queueing.
  void stop();

  /// Subscribes to one more topic: at once by a new connection, during which the broker queues. Any thread.
  void listen_to(const std::string& topic);

  [[nodiscard]] LinkState state() const;
  [[nodiscard]] const std::string& name() const { return options_.name; }

  /// Publishes once, QoS 0, not retained. Any thread; returns at once. Best effort: while the broker is away,
  /// and beyond kMostOutgoing waiting messages, it is dropped; so is one to a topic that cannot be.
  void publish(std::string topic, std::string payload);
  static constexpr std::size_t kMostOutgoing = 64;

 private:
  struct Outgoing {
    std::string topic;
    std::string payload;
  };
  struct Session;  // Paho's client and what belongs to one connection

  void run();
  void listen(Session& session);
  bool connect(Session& session);
  bool finished(mqtt::token& token);
  void lose(const std::string& why);
  [[nodiscard]] std::vector<std::string> topics() const;
  [[nodiscard]] bool wants(std::string_view topic) const;
  void say_lost(const Session& session, std::string why);
  void stay(Session& session);
  void send(Session& session, const std::vector<Outgoing>& messages);
  void say(bool up, const std::string& trouble);
  void arrived(Session& session, const mqtt::message& message);
  void take(Session& session, const Frame& frame);
  void refuse(Session& session);
  void look_at_journal();
  void settle_journal();
  bool wait(std::chrono::milliseconds time);

  const Options options_;
  FrameSink& sink_;
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> bytes_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> topics_;  // guarded by mutex_
  bool stopping_ = false;            // guarded by mutex_
  bool lost_ = false;                // guarded by mutex_
  std::string lost_why_;             // guarded by mutex_
  bool up_ = false;                  // guarded by mutex_
  std::string trouble_;              // guarded by mutex_
  std::vector<Outgoing> outgoing_;   // guarded by mutex_
  std::optional<JournalFollower> journal_;
  std::thread thread_;
};

}  // namespace lintel::bridge::links
