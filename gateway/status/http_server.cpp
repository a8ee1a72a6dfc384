#include "gateway/status/http_server.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>
#include <boost/asio/write.hpp>

#include "gateway/status/http_core.hpp"
#include "gateway/status/http_events.hpp"

namespace lintel::status {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Address {
  std::string host, port;
};

std::optional<Address> split(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos || colon + 1 == listen.size()) return std::nullopt;
  auto host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Address{std::move(host), listen.substr(colon + 1)};
}

tl::unexpected<Error> cannot_listen(const HttpServer::Options& options, const error_code& error) {
  std::string advice = "check " + options.key;
  if (error == asio::error::address_in_use)
    advice = "another program uses this port: choose another in " + options.key;
  if (error == asio::error::access_denied)
    advice = "ports below 1024 need a permission: choose a higher one in " + options.key;
  return fail(ErrorKind::misconfigured, fmt::format("{} cannot listen on {}: {}; {}", options.purpose,
                                                    options.listen, error.message(), advice));
}

}  // namespace

HttpServer::Core::Core(asio::io_context& io, Options o, Routes r)
    : loop(io),
      options(std::move(o)),
      routes(std::move(r)),
      hosts(options.allowed_hosts),
      acceptor(io),
      pause(io),
      hub(std::make_unique<EventHub>(*this)) {}

HttpServer::Core::~Core() = default;

Result<void> HttpServer::Core::bind() {
  const auto address = split(options.listen);
  if (!address) {
    return fail(ErrorKind::misconfigured, fmt::format("{}: \"{}\" is not host:port, for example 0.0.0.0:8080",
                                                      options.key, options.listen));
  }
  error_code error;
  tcp::resolver resolver(loop);
  const auto found = resolver.resolve(address->host, address->port,
                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) return cannot_listen(options, error);
  const tcp::endpoint endpoint = *found.begin();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(options, error);
  return {};
}

void HttpServer::Core::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
    if (!error) {
      self->admit(std::move(socket));
      self->accept();
      return;
    }
    // Out of descriptors, most likely: asking again at once would only spin.
    self->pause.expires_after(std::chrono::milliseconds{100});
    self->pause.async_wait([self](error_code stopped) {
      if (!stopped) self->accept();
    });
  });
}

void HttpServer::Core::admit(tcp::socket socket) {
  if (connections.size() < options.connections) {
    serve(shared_from_this(), std::move(socket));
    return;
  }
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 49\r\n"
      "Retry-After: 5\r\nConnection: close\r\n\r\n"
      "Too many connections to this gateway. Try again.\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(kBusy), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void HttpServer::Core::close() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  hub->stop();
  const auto open = connections;
  for (auto* connection : open) connection->close();
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(asio::io_context& loop, Options options, Routes routes) {
  auto core = std::make_shared<Core>(loop, std::move(options), std::move(routes));
  if (auto bound = core->bind(); !bound) return tl::unexpected(bound.error());
  core->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::~HttpServer() {
  core_->close();
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return core_->acceptor.local_endpoint(ignored).port();
}

std::size_t HttpServer::connections() const {
  return core_->connections.size();
}

std::size_t HttpServer::streams() const {
  return core_->hub->listeners();
}

}  // namespace lintel::status
