#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"

namespace boost::asio {
class io_context;
}

namespace lintel::status {

/// Where the running daemon of a state directory listens for verbs.
std::filesystem::path control_path(const std::filesystem::path& state_dir);

/// The daemon's ear for the command line: a unix socket (mode 0660) that takes one line of JSON,
/// `{"verb": "status", ...}`, and answers with one, `{"ok": true, "result": ...}` or
/// `{"ok": false, "error": "..."}`. Only root and the daemon's own user are heard. Runs on the loop.
class ControlServer {
 public:
  /// Call it once, from any thread, now or later; the answer goes to the caller if it still waits.
  using Reply = std::function<void(Result<nlohmann::json>)>;
  /// Runs on the loop's thread with the whole request; must not block.
  using Verb = std::function<void(const nlohmann::json& request, Reply reply)>;
  /// `ping` is always there.
  using Verbs = std::map<std::string, Verb, std::less<>>;

  struct Options {
    std::size_t line_bytes = 65'536;
    std::size_t connections = 16;
    std::chrono::milliseconds line_limit{5'000};     ///< for sending the request
    std::chrono::milliseconds answer_limit{30'000};  ///< for the verb
  };

  /// Takes the place of a socket that a dead daemon left; the caller holds the writer's lock, so no other
  /// one is alive. `misconfigured` when the path cannot be used.
  static Result<std::unique_ptr<ControlServer>> open(boost::asio::io_context& loop,
                                                     const std::filesystem::path& path, Verbs verbs,
                                                     Options options);
  /// Closes all and removes the socket. The loop must still exist.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  class Core;

 private:
  explicit ControlServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

/// Asks a running daemon, from any process. Errors: `misconfigured` nobody listens there, `rejected` the
/// daemon (or the file system) refuses, `transient` it runs but did not answer in time.
Result<nlohmann::json> ask(const std::filesystem::path& path, const nlohmann::json& request,
                           std::chrono::milliseconds timeout);

}  // namespace lintel::status
