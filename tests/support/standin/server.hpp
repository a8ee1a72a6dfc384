#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/support/standin/faults.hpp"
#include "tests/support/standin/service.hpp"

namespace lintel::standin {

/// HTTP/1.1 on one address, a thread per connection, 2048 connections at most.
class Server {
 public:
  /// `listen` is ADDRESS:PORT, port 0 any free one. Throws boost::system::system_error if it is taken
  /// and std::invalid_argument if it cannot be read.
  Server(const std::string& listen, Service& service, FaultFile& faults);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url() const;
  /// Serves until SIGTERM or SIGINT; then `interrupt` is called to end work under way, and it returns
  /// once all connections are closed.
  void run(const std::function<void()>& interrupt);

 private:
  class Peer;
  void accept();
  void reap();

  Service& service_;
  FaultFile& faults_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::list<std::unique_ptr<Peer>> peers_;
};

}  // namespace lintel::standin
