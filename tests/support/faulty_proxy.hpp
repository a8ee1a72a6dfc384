#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/byte_stream.hpp"

namespace lintel::test {

/// What becomes of one exchange.
struct Fault {
  enum class Kind {
    none,
    hang,         ///< nothing happens until the client gives up
    slow,         ///< the answer comes back `bytes` at a time, every 10 ms
    cut_request,  ///< HQ gets `bytes` of the request, then both connections end
    cut_answer,   ///< HQ handles the request, `bytes` of its answer come back, and no more
    twice,        ///< HQ gets it twice at the same time; the second answer comes back
    late,         ///< it is held back and the connection reset; HQ gets it after two newer ones
    replaced,     ///< HQ gets nothing, `answer` comes back
    lied_about,   ///< HQ handles it, `answer` comes back all the same
    stale,        ///< HQ handles it, and the answer to the request before comes back again
  };
  Kind kind = Kind::none;
  std::size_t bytes = 0;
  std::string answer{};
  bool close = false;  ///< end the connection afterwards, and where it is cut without a reset
};

/// Stands between a gateway and HQ, and does to the bytes of each exchange what a test asks for. It speaks
/// plain HTTP to HQ and, towards the gateway, TLS if it has a context. Any thread may call.
class FaultyProxy {
 public:
  /// Asked for every request that has come in whole.
  using Plan = std::function<Fault(const std::string& request)>;

  /// Listens on a loopback port of its own. `tls` outlives it.
  explicit FaultyProxy(int hq_port, SSL_CTX* tls = nullptr);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  [[nodiscard]] int port() const { return port_; }

  /// For every exchange that begins from now on; runs on the proxy's threads, one call at a time.
  void plan(Plan plan);
  void misbehave(Fault fault);
  void behave();
  /// Connections are refused, and those there are reset, until listen().
  void refuse();
  void listen();
  /// From now on with this certificate; the connections there are reset.
  void serve_as(SSL_CTX* tls);
  void reset_connections();
  /// HQ gets what is still held back.
  void deliver_late();

  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }
  /// Size of HQ's last answer.
  [[nodiscard]] std::size_t answer_size() const { return answer_size_; }

 private:
  struct Connection {
    std::unique_ptr<ByteStream> stream;
    std::thread thread;
    std::atomic<bool> done{false};
  };

  void accept_all();
  void accept_one();
  void open_socket(bool listening);
  void serve(ByteStream& client);
  [[nodiscard]] static bool end(ByteStream& client, const Fault& fault);
  [[nodiscard]] bool treat(ByteStream& client, const std::string& request, const Fault& fault);
  [[nodiscard]] bool relay(ByteStream& client, const std::string& request, const Fault& fault);
  [[nodiscard]] std::string ask_hq(const std::string& request) const;
  [[nodiscard]] std::string ask_hq_twice(const std::string& request) const;
  [[nodiscard]] bool hold_back(const std::string& request);
  void newer_passed();

  const int hq_port_;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::atomic<std::size_t> answer_size_{0};
  std::atomic<bool> stop_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  Plan plan_;                     // guarded by mutex_
  SSL_CTX* tls_;                  // guarded by mutex_
  bool wanted_ = true;            // guarded by mutex_: to listen
  bool listening_ = true;         // guarded by mutex_
  std::deque<std::string> late_;  // guarded by mutex_
  int newer_ = 0;                 // guarded by mutex_: passed since the first of late_
  std::string last_answer_;       // guarded by mutex_: of HQ, or given out in its name
  std::list<Connection> open_;    // guarded by mutex_
  int socket_ = -1;               // of the accepting thread, once it runs
  std::thread acceptor_;
};

}  // namespace lintel::test
