#include "tests/support/standin/server.hpp"

#include <ctime>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace lintel::standin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kBodyLimit = 64u << 20;
constexpr std::size_t kMaxPeers = 2048;
constexpr std::chrono::seconds kIdle{60};

tcp::endpoint endpoint_of(const std::string& listen) {
  const auto colon = listen.rfind(':');
  error_code failed;
  const auto address = asio::ip::make_address(listen.substr(0, colon), failed);
  if (colon == std::string::npos || failed)
    throw std::invalid_argument("--listen " + listen + ": expected ADDRESS:PORT, for example 127.0.0.1:0");
  const int port = std::stoi(listen.substr(colon + 1));
  return {address, static_cast<std::uint16_t>(port)};
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text.data(), length};
}

/// What a request gets when a fault answers in place of the service.
std::optional<Response> faulty_answer(const Fault& fault) {
  if (fault.portal)
    return Response{
        200,
        "",
        {{"Content-Type", "text/html"}},
        "<!doctype html><title>Guest network</title><h1>Please sign in to use this network</h1>\n"};
  if (!fault.status) return std::nullopt;
  Response response{*fault.status, "", {{"Content-Type", "text/plain"}}, "injected by the fault file\n"};
  if (fault.retry_after) response.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  return response;
}

http::response<http::string_body> to_http(const Request& request, Response response) {
  http::response<http::string_body> message{http::int_to_status(static_cast<unsigned>(response.status)),
                                            request.version()};
  message.result(static_cast<unsigned>(response.status));
  if (!response.reason.empty() && response.reason.find_first_of("\r\n") == std::string::npos)
    message.reason(response.reason);
  message.set(http::field::server, "postgrest_standin (for tests and the demo)");
  message.set(http::field::date, http_date());
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(request.keep_alive());
  message.body() = std::move(response.body);
  if (response.status != 204) message.content_length(message.body().size());
  return message;
}

}  // namespace

/// One connection and its thread.
class Server::Peer {
 public:
  Peer(Service& service, FaultFile& faults) : service_(service), faults_(faults) {}
  ~Peer() {
    stopping_ = true;
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  asio::io_context& io() { return io_; }
  bool done() const { return done_; }
  void stop() {
    stopping_ = true;
    io_.stop();
  }
  void start(tcp::socket socket) {
    stream_.emplace(std::move(socket));
    thread_ = std::thread([this] {
      while (serve()) continue;
      error_code ignored;
      stream_->socket().shutdown(tcp::socket::shutdown_both, ignored);
      stream_->close();
      done_ = true;
    });
  }

 private:
  /// Runs one asynchronous operation to its end under the time limit.
  template <typename Start>
  bool await(Start start) {
    error_code result = asio::error::operation_aborted;
    stream_->expires_after(kIdle);
    start([&result](error_code error, std::size_t) { result = error; });
    io_.restart();
    if (!stopping_) io_.run();
    return !result;
  }

  bool read(http::request_parser<http::string_body>& parser) {
    parser.body_limit(kBodyLimit);
    if (!await([&](auto done) { http::async_read_header(*stream_, buffer_, parser, done); })) return false;
    if (parser.get()[http::field::expect] == "100-continue") {
      error_code failed;
      asio::write(stream_->socket(), asio::buffer(std::string("HTTP/1.1 100 Continue\r\n\r\n")), failed);
    }
    return await([&](auto done) { http::async_read(*stream_, buffer_, parser, done); });
  }

  bool serve() {
    http::request_parser<http::string_body> parser;
    if (!read(parser)) return false;
    const Request& request = parser.get();
    const Fault fault = faults_.next();
    if (fault.delay.count() > 0) std::this_thread::sleep_for(fault.delay);
    auto response = faulty_answer(fault);
    if (!response) response = service_.answer(request);
    auto message = to_http(request, std::move(*response));
    if (fault.cut_after) return cut(message, *fault.cut_after);
    return await([&](auto done) { http::async_write(*stream_, message, done); }) && message.keep_alive();
  }

  /// Sends the first bytes and resets the connection, as when the server is killed in mid-answer.
  bool cut(const http::response<http::string_body>& message, std::size_t bytes) {
    std::ostringstream text;
    text << message;
    const std::string sent = text.str().substr(0, bytes);
    error_code ignored;
    asio::write(stream_->socket(), asio::buffer(sent), ignored);
    stream_->socket().set_option(asio::socket_base::linger(true, 0), ignored);
    stream_->socket().close(ignored);
    return false;
  }

  Service& service_;
  FaultFile& faults_;
  asio::io_context io_{1};
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

Server::Server(const std::string& listen, Service& service, FaultFile& faults)
    : service_(service), faults_(faults), acceptor_(io_, endpoint_of(listen)) {}

Server::~Server() = default;

std::string Server::url() const {
  const auto endpoint = acceptor_.local_endpoint();
  const std::string address = endpoint.address().to_string();
  return "http://" + (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

void Server::reap() {
  peers_.remove_if([](const std::unique_ptr<Peer>& peer) { return peer->done(); });
}

void Server::accept() {
  auto peer = std::make_unique<Peer>(service_, faults_);
  asio::io_context& io = peer->io();
  acceptor_.async_accept(io, [this, peer = std::move(peer)](error_code failed, tcp::socket socket) mutable {
    if (failed == asio::error::operation_aborted) return;
    reap();
    if (!failed && peers_.size() < kMaxPeers) {
      peer->start(std::move(socket));
      peers_.push_back(std::move(peer));
    }
    accept();
  });
}

void Server::run(const std::function<void()>& interrupt) {
  asio::signal_set signals(io_, SIGTERM, SIGINT);
  signals.async_wait([this](error_code, int) { io_.stop(); });
  accept();
  io_.run();
  error_code ignored;
  acceptor_.close(ignored);
  for (const auto& peer : peers_) peer->stop();
  interrupt();
  peers_.clear();
}

}  // namespace lintel::standin
