#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/device_key.hpp"
#include "firmware-bridge/links/link_state.hpp"
#include "firmware-bridge/links/multipart.hpp"

struct curl_slist;

namespace lintel::bridge::links {

enum class PollAuth { none, basic, digest, bearer };

struct PollOptions {
  std::string name;
  std::vector<std::string> urls;  ///< of one device, asked one after the other
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{10'000};
  PollAuth auth = PollAuth::none;
  std::string user;
  std::string secret;  ///< password or token
  std::string pin;     ///< sha256//BASE64 of the device's key; empty: ca_file vouches, or nobody
  std::filesystem::path ca_file;
  bool stream = false;  ///< one answer that never ends, a part for each message
  BootId boot{};
  std::function<BootTime()> boot_clock;
  std::function<void(const std::string&)> log;
  std::size_t body_limit = 1U << 20;
  std::chrono::milliseconds first_pause{5'000};  ///< after a failure; doubles up to longest_pause
  std::chrono::milliseconds longest_pause{300'000};
  std::chrono::milliseconds refused_pause{
      300'000};  ///< at least, after wrong credentials: devices lock users out
};

/// One polled device: what to ask next and when, and what its answers mean for the link. All members but
/// state() are for the poller's thread.
class PollDevice {
 public:
  using Clock = std::chrono::steady_clock;

  PollDevice(PollOptions options, FrameSink& sink, Clock::time_point now, std::mt19937& random);
  ~PollDevice();
  PollDevice(const PollDevice&) = delete;
  PollDevice& operator=(const PollDevice&) = delete;

  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] Clock::time_point due() const { return due_; }
  /// A handle ready to be performed; done() follows.
  [[nodiscard]] CURL* begin(Clock::time_point now);
  void done(int curl_code, Clock::time_point now);

  [[nodiscard]] CURL* handle() const { return curl_; }
  [[nodiscard]] LinkState state() const;

 private:
  /// What is known of one URL's last answer.
  struct Page {
    std::string etag;
    std::string modified;
    std::string body;  ///< empty: too large to keep, so it is asked for anew
  };
  struct Failure {
    std::string what;
    bool refused = false;  ///< by the device's user administration
  };

  static std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* device);
  static std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* device);
  [[nodiscard]] bool take(std::string_view bytes);
  void take_header(std::string_view line);
  void prepare();
  void prepare_credentials();
  void prepare_headers();
  [[nodiscard]] const std::string& url() const { return options_.urls[page_]; }
  [[nodiscard]] bool may_talk() const;
  [[nodiscard]] bool begin_parts();
  [[nodiscard]] bool append(std::string_view payload);
  [[nodiscard]] std::optional<Failure> judge(int curl_code);
  [[nodiscard]] std::optional<Failure> judge_status();
  [[nodiscard]] std::optional<Failure> keep_answer();
  [[nodiscard]] Failure unknown_key(int curl_code);
  void next(Clock::time_point now);
  void fail_with(const Failure& failure, Clock::time_point now);
  void say(bool up, const std::string& trouble);
  [[nodiscard]] std::chrono::milliseconds spread(std::chrono::milliseconds time);

  const PollOptions options_;
  FrameSink& sink_;
  std::mt19937& random_;
  CURL* curl_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<char, 256> error_{};  ///< CURL_ERROR_SIZE
  std::vector<Page> pages_;
  std::size_t page_ = 0;  ///< index of the URL being asked, or next to be
  Clock::time_point due_;
  Clock::time_point cycle_;  ///< when the first URL was asked
  Clock::time_point begun_;
  int failures_ = 0;
  bool running_ = false;

  std::string body_;
  std::string etag_, modified_, content_type_;
  bool too_large_ = false;
  bool not_kept_ = false;
  std::unique_ptr<MultipartSplitter> splitter_;

  mutable std::mutex mutex_;
  LinkState state_;  // guarded by mutex_
};

}  // namespace lintel::bridge::links
