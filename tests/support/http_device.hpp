#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http.hpp>

namespace lintel::test {

/// A key and the certificate that a device made for itself, in PEM.
struct DeviceIdentity {
  std::string key;
  std::string certificate;
  static DeviceIdentity make(const std::string& name);
};

/// A device on a loopback port that speaks real HTTP, also over TLS, and does what the script says, wrong
/// things included. The script runs on the device's threads, one call at a time.
class HttpDevice {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  struct Answer {
    std::string bytes;                                        ///< of the whole answer, head included
    enum class Then { next, close, hold } then = Then::next;  ///< hold: nothing more, but no end either
  };
  using Script = std::function<Answer(const Request&)>;

  explicit HttpDevice(Script script, std::optional<DeviceIdentity> identity = {}, std::uint16_t port = 0);
  ~HttpDevice();
  HttpDevice(const HttpDevice&) = delete;
  HttpDevice& operator=(const HttpDevice&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target = "/counts") const;
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int at_once() const { return most_; }  ///< requests that were being answered at a time

 private:
  void accept();
  void serve(boost::asio::ip::tcp::socket socket);
  template <class Stream>
  void talk(Stream& stream);
  void hold();

  Script script_;
  std::optional<DeviceIdentity> identity_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0}, busy_{0}, most_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;           // guarded by mutex_
  std::set<int> sockets_;           // guarded by mutex_
  std::vector<std::thread> talks_;  // of the accepting thread
  std::mutex script_mutex_;
  std::thread thread_;
};

/// A whole answer with its length.
std::string answer(int status, const std::string& body, const std::string& type = "application/json",
                   const std::string& extra = "");

}  // namespace lintel::test
