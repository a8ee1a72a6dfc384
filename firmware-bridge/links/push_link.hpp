#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/upload.hpp"
#include "firmware-bridge/links/link_state.hpp"
#include "firmware-bridge/links/push_auth.hpp"

namespace lintel::bridge::links {

class PushUpload;

/// What devices send to one address by POST or PUT. Each message becomes a frame, of a multipart message
/// each part that is no picture; the answer is 200 once all of them are rows, flushed to the medium. A
/// message that got no such answer is expected again: its repeat is not appended twice.
/// All members but state() are for the loop's thread.
class PushLink : public std::enable_shared_from_this<PushLink> {
 public:
  struct Options {
    std::string name;
    PushCredentials credentials;
    BootId boot{};
    std::function<BootTime()> boot_clock;
    SteadyClock clock;
    std::function<void(const std::string&)> log;
    std::size_t body_limit = 1U << 20;       ///< of what is kept of a message
    std::size_t multipart_limit = 8U << 20;  ///< with the pictures that are dropped on the way
  };

  PushLink(Options options, FrameSink& sink, Commits& commits);

  /// `below` is the target behind the link's name. Failures to authenticate are told to `limit`.
  [[nodiscard]] tl::expected<std::unique_ptr<Upload>, UploadAnswer> begin(const UploadHead& head,
                                                                          std::string_view below,
                                                                          FailureLimit& limit);
  /// Whether there is a listener; if not, why.
  void listening(bool yes, const std::string& trouble);

  /// Any thread.
  [[nodiscard]] LinkState state() const;

 private:
  friend class PushUpload;
  struct Expected {
    std::size_t mark;  ///< hash of topic and payload
    std::chrono::steady_clock::time_point since;
  };

  [[nodiscard]] std::optional<UploadAnswer> objection(const UploadHead& head) const;
  /// The message's mark, for expect_again(); nothing when it cannot be kept.
  [[nodiscard]] std::optional<std::size_t> append(const std::string& topic, std::string_view payload);
  void expect_again(const std::vector<std::size_t>& marks);
  void note_pictures(std::uint64_t count, const std::string& peer);
  void note_refusal(const std::string& peer, PushAuth::Outcome outcome);
  void note_success(const std::string& peer);

  const Options options_;
  FrameSink& sink_;
  Commits& commits_;
  PushAuth auth_;
  std::deque<Expected> expected_;  ///< appended, and their senders were not told so

  mutable std::mutex mutex_;
  LinkState state_;           // guarded by mutex_
  std::string refused_peer_;  // guarded by mutex_: whom the trouble is about
  std::optional<std::chrono::steady_clock::time_point> refused_at_, logged_at_;  // guarded by mutex_
  std::string listen_trouble_;                                                   // guarded by mutex_
};

/// The links of type http by name: everything below /ingest/.
class PushLinks final : public UploadSink {
 public:
  explicit PushLinks(SteadyClock clock) : limit_(std::move(clock)) {}

  void add(const std::string& name, std::shared_ptr<PushLink> link) { links_.emplace(name, std::move(link)); }
  [[nodiscard]] bool empty() const { return links_.empty(); }
  void listening(bool yes, const std::string& trouble);

  [[nodiscard]] tl::expected<std::unique_ptr<Upload>, UploadAnswer> begin(const UploadHead& head) override;

  /// Any thread.
  [[nodiscard]] std::vector<LinkState> states() const;

 private:
  std::map<std::string, std::shared_ptr<PushLink>, std::less<>> links_;
  FailureLimit limit_;
};

}  // namespace lintel::bridge::links
