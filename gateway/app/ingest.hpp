#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "firmware-bridge/links/push_link.hpp"
#include "gateway/status/http_server.hpp"

namespace lintel::app {

/// The listener that devices push to, for itself: counting does not depend on the status page, and an
/// address that cannot be used now is tried again, because the network may come later than the gateway.
/// All members are for the loop's thread (or before the loop runs).
class Ingest {
 public:
  Ingest(boost::asio::io_context& loop, std::string listen, std::shared_ptr<bridge::links::PushLinks> links);

  void open();
  void close();

 private:
  boost::asio::io_context& loop_;
  const std::string listen_;
  const std::shared_ptr<bridge::links::PushLinks> links_;
  boost::asio::steady_timer again_;
  std::string told_;  ///< the trouble that was logged last
  std::unique_ptr<status::HttpServer> server_;
};

}  // namespace lintel::app
