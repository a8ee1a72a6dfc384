#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "gateway/status/http_core.hpp"

namespace lintel::status {

class Listener;

/// Sends what event sources say to those who listen. Each event is serialised once; a listener keeps at
/// most one event in flight and one waiting, and a newer one takes the waiting one's place, because every
/// event holds the whole state. Runs only while somebody listens.
class EventHub {
 public:
  explicit EventHub(HttpServer::Core& core);

  /// Takes over the connection of a client that asked for this source.
  void join(boost::beast::tcp_stream stream, const EventSource& source);
  [[nodiscard]] std::size_t listeners() const { return listeners_; }
  void stop();

 private:
  friend class Listener;
  using Clock = std::chrono::steady_clock;
  struct Channel {
    std::shared_ptr<const std::string> shown;  ///< what the source returned last
    std::shared_ptr<const std::string> frame;  ///< the same as bytes of the stream
    std::vector<Listener*> listeners;
  };

  void look(const EventSource& source, Channel& channel);
  void schedule();
  void turn();
  void leave(Listener* listener);

  HttpServer::Core& core_;
  boost::asio::steady_timer timer_;
  bool running_ = false;
  bool stopped_ = false;
  std::size_t listeners_ = 0;
  Clock::time_point next_beat_{};
  std::map<const EventSource*, Channel> channels_;
};

}  // namespace lintel::status
