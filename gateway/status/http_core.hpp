#pragma once

// The inside of HttpServer: what its connections share. Included only by the http_*.cpp files, which are
// the only ones that pay for Asio and Beast.

#include <memory>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "gateway/status/hosts.hpp"
#include "gateway/status/http_server.hpp"

namespace lintel::status {

class EventHub;

/// Something that holds a client's socket and can be told to let go of it.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void close() = 0;
};

class HttpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::io_context& loop, Options options, Routes routes);
  ~Core();

  Result<void> bind();
  void accept();
  void close();

  void log(const std::string& message) const {
    if (options.log) options.log(message);
  }

  boost::asio::io_context& loop;
  const Options options;
  const Routes routes;
  HostList hosts;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer pause;  // after accept() failed for want of descriptors
  std::set<Connection*> connections;
  std::unique_ptr<EventHub> hub;

 private:
  void admit(boost::asio::ip::tcp::socket socket);
};

/// Reads requests from one client and answers them until it leaves or is silent for too long.
void serve(const std::shared_ptr<HttpServer::Core>& core, boost::asio::ip::tcp::socket socket);

/// Header fields of every answer, ready to be written: no content of elsewhere, no framing, no guessing.
extern const char* const kSecurityFields[][2];
extern const std::size_t kSecurityFieldCount;

}  // namespace lintel::status
