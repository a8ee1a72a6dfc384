#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace lintel::test {

/// One end of a TCP connection, plain or TLS. Used by one thread, but for interrupt().
class ByteStream {
 public:
  /// Takes over a connected socket; serves TLS with `context` unless that is null, see handshake().
  ByteStream(int socket, SSL_CTX* context);
  /// To a port of the loopback interface; null: nobody listens there.
  static std::unique_ptr<ByteStream> connect(int port);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// False: the other side would not have our certificate, or is gone. True at once without TLS.
  [[nodiscard]] bool handshake();
  /// All of it; false: the other side is gone.
  bool write(std::string_view bytes);
  /// What is there next; empty: the end.
  [[nodiscard]] std::string read();
  /// The next whole HTTP message with a Content-Length, or without a body; nothing: it ended before.
  /// What came behind it stays for the next call.
  [[nodiscard]] std::optional<std::string> read_message();
  /// Closes the connection by a reset, as when a machine on the way has forgotten it.
  void reset();
  void close();
  /// Ends what another thread does here. Any thread.
  void interrupt();

 private:
  std::mutex mutex_;
  int socket_;  // closed under mutex_, so that nobody interrupts the next of that number
  SSL* tls_ = nullptr;
  std::string ahead_;
};

}  // namespace lintel::test
