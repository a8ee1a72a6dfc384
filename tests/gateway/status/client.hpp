#pragma once

#include <cstdint>
#include <string>

namespace lintel::test {

/// A plain TCP client of 127.0.0.1. Reading ends after ten seconds at the latest.
class Client {
 public:
  explicit Client(std::uint16_t port);
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(); }

  /// Ignores that the server may have closed already.
  void send(const std::string& bytes) const;
  /// Everything up to the end, also when the end is a reset.
  std::string read_all();
  /// What has come since the last call, up to and including `mark`; shorter if the connection ended.
  std::string read_until(const std::string& mark);
  void say_no_more() const;  ///< closes this direction alone
  void close();

 private:
  bool more();
  int fd_ = -1;
  std::string seen_;
};

}  // namespace lintel::test
