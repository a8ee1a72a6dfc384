#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/broker_journal.hpp"
#include "firmware-bridge/links/journal_progress.hpp"

namespace lintel::bridge::links {

/// Brings what a broker's journal holds for one MQTT link into the sink, and knows of each message that comes
/// over the network whether the journal brings it anyway. Thread-safe.
class JournalFollower {
 public:
  struct Options {
    std::string link;
    std::filesystem::path directory;
    /// How far the link was, by the database and the frames that wait in the spool; absent: nowhere yet.
    std::optional<JournalProgress> start{};
    /// What is durable of it now. Any thread.
    std::function<std::optional<JournalProgress>()> stored{};
    /// The link has seen the journal for the first time: from where on it counts. To be stored.
    std::function<void(const JournalProgress&)> begun{};
    std::function<bool(std::string_view)> wants{};  ///< whether the link subscribes to a topic
    std::function<void(const std::string&)> log;
  };

  JournalFollower(Options options, FrameSink& sink);

  enum class Way {
    journal,  ///< it is in the sink, from the journal
    network,  ///< the message itself is to be taken; its frame is to name its place
    refused,  ///< it is in the journal, but the sink does not take it now
  };
  /// How a message counts that the broker says stands at `place`.
  Way way_of(const JournalPlace& place);
  /// The message whose way is the network is in the sink.
  void took(const Frame& frame);

  /// Brings everything that is new. False: the sink refused some, which stays for the next time.
  bool catch_up();
  /// Tells the broker which segments need not be kept: those whose messages are in the database.
  void confirm();

  /// Whether it is durable from where on the journal counts, if it can be read.
  [[nodiscard]] bool is_settled();
  /// What is wrong with the journal, and what to try; empty: nothing.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::uint64_t frames() const { return frames_; }  ///< brought since the start
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// "gateway/confirmed" below the journal's directory.
  static std::filesystem::path confirmation(const std::filesystem::path& directory);

 private:
  bool find_journal();
  void begin();
  JournalPlace end_of_journal();
  bool bring(const JournalPlace* until);
  bool hand_over(const Frame& frame);
  void tell_marker(std::string_view payload);
  void say(std::string& what, const std::string& trouble);

  const Options options_;
  FrameSink& sink_;

  std::mutex mutex_;
  BrokerJournal journal_;       // guarded by mutex_, like the next five
  JournalProgress progress_;    // how far it is, ahead of the database
  JournalPlace handed_over_{};  // the last that went into the sink
  std::uint32_t confirmed_ = 0;
  bool known_ = false;  // progress_ says something
  bool begun_ = false;  // the journal is being read
  std::string buffer_;
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> bytes_{0};

  mutable std::mutex trouble_mutex_;
  std::string unreadable_, unconfirmed_, left_out_;  // guarded by trouble_mutex_
};

}  // namespace lintel::bridge::links
