#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "firmware-bridge/links/push_link.hpp"
#include "gateway/status/http_server.hpp"
#include "tests/firmware-bridge/links/frames.hpp"

namespace lintel::test {

inline constexpr const char* kSecret = "0123456789abcdef0123";

/// Commits at once, or when the test says so.
class HeldCommits final : public bridge::Commits {
 public:
  explicit HeldCommits(boost::asio::io_context& loop) : loop_(loop) {}
  void when_committed(std::function<void()> done) override {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
    if (!held_) release_locked();
  }
  void hold(bool yes) {
    const std::lock_guard lock(mutex_);
    held_ = yes;
    if (!held_) release_locked();
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  void release_locked() {
    for (auto& done : waiting_) boost::asio::post(loop_, std::move(done));
    waiting_.clear();
  }
  boost::asio::io_context& loop_;
  std::mutex mutex_;
  bool held_ = false;                           // guarded by mutex_
  std::vector<std::function<void()>> waiting_;  // guarded by mutex_
};

/// The real server and one push link of each kind of authentication, on a loop of their own.
class UploadBench {
 public:
  explicit UploadBench(status::HttpServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    add("path", bridge::links::PushAuthKind::path);
    add("bearer", bridge::links::PushAuthKind::bearer);
    add("basic", bridge::links::PushAuthKind::basic);
    add("digest", bridge::links::PushAuthKind::digest);
    links->listening(true, {});
    status::Routes routes;
    routes.handlers["/"] = [](const status::Request&) { return status::text_response(200, "page"); };
    routes.uploads = links;
    server = std::move(*status::HttpServer::open(loop, std::move(options), std::move(routes)));
    port = server->port();
    thread = std::thread([this] { loop.run(); });
  }
  ~UploadBench() {
    boost::asio::post(loop, [this] { server.reset(); });
    thread.join();
  }
  UploadBench(const UploadBench&) = delete;
  UploadBench& operator=(const UploadBench&) = delete;

  void add(const std::string& name, bridge::links::PushAuthKind kind) {
    bridge::links::PushLink::Options options;
    options.name = name;
    options.credentials = {
        kind,
        kind == bridge::links::PushAuthKind::basic || kind == bridge::links::PushAuthKind::digest ? "cam"
                                                                                                  : "",
        kSecret};
    options.boot_clock = [] { return BootTime{1}; };
    options.clock = [] { return std::chrono::steady_clock::now(); };
    options.log = [this](const std::string& text) {
      const std::lock_guard lock(log_mutex);
      log += text + "\n";
    };
    links->add(name, std::make_shared<bridge::links::PushLink>(std::move(options), sink, commits));
  }

  [[nodiscard]] std::string url(const std::string& target) const {
    return fmt::format("http://127.0.0.1:{}/ingest/{}", port, target);
  }
  [[nodiscard]] std::string at_path(const std::string& rest = "") const {
    return url(std::string("path/") + kSecret + rest);
  }
  [[nodiscard]] bridge::links::LinkState state(const std::string& name) const {
    for (auto& state : links->states()) {
      if (state.name == name) return state;
    }
    return {};
  }
  std::string logged() {
    const std::lock_guard lock(log_mutex);
    return log;
  }

  boost::asio::io_context loop;
  MemorySink sink;
  HeldCommits commits{loop};
  std::shared_ptr<bridge::links::PushLinks> links =
      std::make_shared<bridge::links::PushLinks>([] { return std::chrono::steady_clock::now(); });
  std::mutex log_mutex;
  std::string log;  // guarded by log_mutex
  std::unique_ptr<status::HttpServer> server;
  std::uint16_t port = 0;
  std::thread thread;
};

}  // namespace lintel::test
