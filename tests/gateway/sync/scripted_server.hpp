#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace lintel::test {

/// A request as it came over the wire.
struct Asked {
  std::string head;
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const;  ///< "" without one
};

/// What the server does with a request.
struct Reply {
  std::string bytes;                     ///< the whole response as it goes over the wire
  std::optional<std::size_t> cut_after;  ///< so many bytes of it, then a reset
  bool hang = false;                     ///< nothing at all until the server goes
};

/// `HTTP/1.1 STATUS` with the body and its length; `extra` holds whole header lines ending in CR LF.
std::string http(int status, const std::string& body, const std::string& type = "application/json",
                 const std::string& extra = "");

/// A real HTTP server on a loopback port that does what a test's script says, wrong things included.
/// The script runs on the server's threads, one call at a time.
class ScriptedServer {
 public:
  using Script = std::function<Reply(const Asked&)>;
  /// Bytes of the next request to read before resetting the connection; unset: all.
  using RequestCut = std::function<std::optional<std::size_t>()>;

  explicit ScriptedServer(Script script, int port = 0, RequestCut cut = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int connections() const { return accepted_; }

 private:
  struct Session {
    int socket = -1;
    std::atomic<bool> over{false};
    std::thread thread;
  };

  static void end(Session& session);
  void accept_all();
  void serve(int socket);
  bool serve_one(int socket, std::string& buffer);

  Script script_;
  RequestCut cut_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::atomic<int> accepted_{0};
  std::atomic<bool> stop_{false};
  std::mutex script_mutex_;
  std::mutex sockets_mutex_;
  std::list<Session> sessions_;
  std::thread acceptor_;
};

}  // namespace lintel::test
