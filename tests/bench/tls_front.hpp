#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

typedef struct ssl_ctx_st SSL_CTX;

namespace lintel::bench {

/// What has crossed the wire, as the kernel counts it on the server's sockets.
struct Traffic {
  std::uint64_t up = 0, down = 0;  ///< bytes inside TCP: TLS records, handshakes included
  std::uint64_t segments = 0;      ///< in both directions, acknowledgements included
  std::uint64_t requests = 0;      ///< that are in all the other figures
  std::uint64_t connections = 0;
  // Inside TLS:
  std::uint64_t heads_up = 0, heads_down = 0;  ///< HTTP heads
  std::uint64_t bodies_up = 0, bodies_down = 0;
  std::map<std::string, std::uint64_t> keys;  ///< bytes of the bodies by their outer keys: "up series", ...

  /// With the heads of IP and TCP (52 bytes a segment).
  [[nodiscard]] std::uint64_t everything() const { return up + down + 52 * segments; }
};

/// Ends TLS before an HTTP server on the loopback, as a proxy at HQ does, and counts. One thread a
/// connection.
class TlsFront {
 public:
  /// `certificate` and `key` are PEM files; `behind` is the port of the server. `kept`: connections are, but
  /// for those of a renewed credential, whose next use in life is most of an hour away.
  TlsFront(const std::filesystem::path& certificate, const std::filesystem::path& key, int behind, bool kept);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  [[nodiscard]] std::string url() const { return "https://localhost:" + std::to_string(port_); }
  [[nodiscard]] Traffic traffic() const;

 private:
  void accept_all();
  void serve(int socket);
  void count(int socket, Traffic& before);

  SSL_CTX* context_;
  int behind_;
  bool kept_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  Traffic traffic_;           // guarded by mutex_
  std::vector<int> sockets_;  // guarded by mutex_
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace lintel::bench
