#include "gateway/status/http_events.hpp"

#include <fmt/format.h>
#include <boost/asio/write.hpp>

namespace lintel::status {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

/// What the kernel may hold for a client that does not read.
constexpr int kSendBuffer = 65'536;

std::shared_ptr<const std::string> stream_head() {
  std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "Connection: close\r\n";
  for (std::size_t i = 0; i < kSecurityFieldCount; ++i) {
    head += fmt::format("{}: {}\r\n", kSecurityFields[i][0], kSecurityFields[i][1]);
  }
  return std::make_shared<const std::string>(head + "\r\nretry: 2000\n\n");
}

/// The state as an event; its text must not hold a line break.
std::string state_frame(const std::string& data) {
  return fmt::format("data: {}\n\n", data);
}

std::string beat_frame(const EventSource& source) {
  return fmt::format("event: beat\ndata: {}\n\n", source.beat ? source.beat() : "{}");
}

}  // namespace

class Listener : public Connection, public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<HttpServer::Core> core, beast::tcp_stream stream)
      : core_(std::move(core)), stream_(std::move(stream)) {
    core_->connections.insert(this);
  }
  ~Listener() override {
    core_->connections.erase(this);
    core_->hub->leave(this);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start() {
    error_code ignored;
    stream_.socket().set_option(asio::socket_base::send_buffer_size(kSendBuffer), ignored);
    watch();
    send(stream_head());
  }

  void send(std::shared_ptr<const std::string> frame) {
    if (writing_) {
      waiting_ = std::move(frame);
      return;
    }
    writing_ = std::move(frame);
    stream_.expires_after(core_->options.write_limit);
    asio::async_write(stream_, asio::buffer(*writing_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->writing_.reset();
                        if (error) return self->close();
                        if (self->waiting_) self->send(std::exchange(self->waiting_, nullptr));
                      });
  }
  [[nodiscard]] bool idle() const { return !writing_; }

  void close() override { stream_.close(); }

 private:
  /// A client has nothing more to say: whatever arrives is dropped, and its leaving is noticed here.
  void watch() {
    stream_.expires_never();
    stream_.async_read_some(asio::buffer(dropped_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->close();
                              self->watch();
                            });
  }

  std::shared_ptr<HttpServer::Core> core_;
  beast::tcp_stream stream_;
  std::array<char, 256> dropped_{};
  std::shared_ptr<const std::string> writing_, waiting_;
};

EventHub::EventHub(HttpServer::Core& core) : core_(core), timer_(core.loop) {}

void EventHub::join(beast::tcp_stream stream, const EventSource& source) {
  const auto listener = std::make_shared<Listener>(core_.shared_from_this(), std::move(stream));
  auto& channel = channels_[&source];
  listener->start();
  look(source, channel);
  const auto beat = beat_frame(source);
  listener->send(std::make_shared<const std::string>(channel.frame ? beat + *channel.frame : beat));
  channel.listeners.push_back(listener.get());
  ++listeners_;
  schedule();
}

void EventHub::look(const EventSource& source, Channel& channel) {
  try {
    auto shown = source.state();
    if (!shown || shown == channel.shown) return;
    channel.frame = std::make_shared<const std::string>(state_frame(*shown));
    channel.shown = std::move(shown);
  } catch (const std::exception& error) {
    core_.log(fmt::format("the status page could not be brought up to date: {}", error.what()));
    return;
  }
  for (auto* listener : channel.listeners) listener->send(channel.frame);
}

void EventHub::schedule() {
  if (running_ || stopped_ || listeners_ == 0) return;
  running_ = true;
  timer_.expires_after(core_.options.stream_look);
  timer_.async_wait([weak = core_.weak_from_this()](error_code error) {
    const auto core = weak.lock();
    if (error || !core) return;
    core->hub->running_ = false;
    core->hub->turn();
  });
}

void EventHub::turn() {
  const bool due = Clock::now() >= next_beat_;
  if (due) next_beat_ = Clock::now() + core_.options.heartbeat;
  for (auto& [source, channel] : channels_) {
    if (channel.listeners.empty()) continue;
    look(*source, channel);
    if (!due) continue;
    const auto beat = std::make_shared<const std::string>(beat_frame(*source));
    for (auto* listener : channel.listeners) {
      if (listener->idle()) listener->send(beat);
    }
  }
  schedule();
}

void EventHub::leave(Listener* listener) {
  for (auto& [source, channel] : channels_) {
    if (std::erase(channel.listeners, listener) == 0) continue;
    --listeners_;
    // The next one must not be shown what was true a while ago.
    if (channel.listeners.empty()) channel = {};
  }
}

void EventHub::stop() {
  stopped_ = true;
  timer_.cancel();
}

}  // namespace lintel::status
