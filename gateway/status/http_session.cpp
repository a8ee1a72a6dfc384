#include "gateway/status/http_session.hpp"

#include <limits>

#include <fmt/format.h>

#include "gateway/status/http_events.hpp"

namespace lintel::status {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

const char* const kSecurityFields[][2] = {
    {"Content-Security-Policy",
     "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};
const std::size_t kSecurityFieldCount = std::size(kSecurityFields);

namespace {

constexpr std::size_t kLongestTarget = 2048;
/// After a refusal the client may still be sending: what comes is dropped for so long, so that closing
/// does not wipe the answer out of its hands.
constexpr auto kLinger = std::chrono::seconds{1};
constexpr std::size_t kLingerBytes = 262'144;

/// Whether an answer may be packed: gzip is among what the client names, and not with a weight of nothing.
template <typename Request>
bool takes_gzip(const Request& request) {
  const auto field = request[http::field::accept_encoding];
  std::string_view named(field.data(), field.size());
  while (!named.empty()) {
    const auto end = std::min(named.find(','), named.size());
    auto word = named.substr(0, end);
    word.remove_prefix(std::min(word.find_first_not_of(" \t"), word.size()));
    if (word.starts_with("gzip"))
      return word.find("q=0") == std::string_view::npos || word.find("q=0.") != std::string_view::npos;
    named.remove_prefix(std::min(end + 1, named.size()));
  }
  return false;
}

}  // namespace

Session::Session(std::shared_ptr<HttpServer::Core> core, tcp::socket socket)
    : core_(std::move(core)),
      stream_(std::move(socket)),
      buffer_(2 * core_->options.header_bytes),
      patience_(core_->loop) {
  core_->connections.insert(this);
}

Session::~Session() {
  core_->connections.erase(this);
}

void Session::close() {
  patience_.cancel();
  stream_.close();
}

void Session::read() {
  upload_.reset();
  refusal_.reset();
  body_.reset();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->options.header_bytes));
  // Its length is looked at before a byte of it is taken. Without any limit Beast 1.74 refuses all bodies.
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
  stream_.expires_after(core_->options.request_limit);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
}

void Session::on_header(error_code error) {
  if (!error) return answer();
  const bool gone = error == beast::error::timeout || error == http::error::end_of_stream ||
                    error == http::error::partial_message ||
                    error.category() == asio::error::get_system_category();
  if (gone) return close();
  refuse_unreadable(error);
}

void Session::refuse_unreadable(error_code error) {
  const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
  const bool in_first_line = parser_->get().target().empty();
  parser_.emplace();
  if (too_long && in_first_line) {
    return respond(text_response(414, "The address is too long.\n"), false);
  }
  if (too_long)
    return respond(text_response(431, "The header fields of this request are too long.\n"), false);
  respond(text_response(400, "This is not an HTTP request.\n"), false);
}

/// What speaks against any request.
std::optional<Response> Session::objection() const {
  if (parser_->get().target().size() <= kLongestTarget) return std::nullopt;
  return text_response(414, "The address is too long.\n");
}

/// What speaks against one that reaches for the page under this name.
std::optional<Response> Session::host_objection() const {
  const auto& request = parser_->get();
  const auto target = request.target();
  const auto host = request.find(http::field::host);
  if (host == request.end() || request.count(http::field::host) != 1 || target.empty() || target[0] != '/') {
    return text_response(400, "This is not a request that a browser would send.\n");
  }
  error_code ignored;
  const auto reached = stream_.socket().local_endpoint(ignored).address().to_string(ignored);
  if (!core_->hosts.allows({host->value().data(), host->value().size()}, reached)) {
    return text_response(421,
                         "This gateway does not answer under that name. Open it by its address, or add "
                         "the name as allowed_host in [status] of gateway.conf.\n");
  }
  return std::nullopt;
}

/// What speaks against one for a page, before it is looked up.
std::optional<Response> Session::page_objection() const {
  if (auto refused = host_objection()) return refused;
  const auto& request = parser_->get();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return text_response(405, "This page can only be read (GET, HEAD).\n");
  }
  if (parser_->content_length().value_or(0) > 0 || parser_->chunked()) {
    return text_response(413, "A request to this page has no body.\n");
  }
  return std::nullopt;
}

void Session::answer() {
  if (const auto response = objection()) return respond(*response, false);
  if (auto* sink = upload_sink()) return upload(*sink);
  if (const auto response = page_objection()) return respond(*response, false);
  const auto& request = parser_->get();
  const std::string_view target(request.target().data(), request.target().size());
  const auto question = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, question);
  const auto query = target.substr(std::min(question + 1, target.size()));
  if (const auto stream = core_->routes.streams.find(path); stream != core_->routes.streams.end()) {
    return listen(stream->second);
  }
  const auto handler = core_->routes.handlers.find(path);
  if (handler == core_->routes.handlers.end()) {
    return respond(
        text_response(404, "There is nothing here. The page is at / and its facts under /api/status.\n"),
        request.keep_alive());
  }
  respond(run(handler->second, path, query), request.keep_alive());
}

Response Session::run(const Handler& handler, std::string_view path, std::string_view query) {
  try {
    return handler({std::string(path), parse_query(query)});
  } catch (const std::exception& error) {
    core_->log(fmt::format("a request for {} failed: {}", path, error.what()));
    return text_response(500, "This could not be answered; the log says why.\n");
  }
}

void Session::respond(const Response& response, bool keep) {
  const bool head = parser_->get().method() == http::verb::head;
  message_.emplace(http::int_to_status(static_cast<unsigned>(response.status)), 11);
  message_->set(http::field::content_type, response.content_type);
  message_->set(http::field::cache_control, "no-store");
  for (const auto& field : kSecurityFields) message_->set(field[0], field[1]);
  if (response.status == 405) message_->set(http::field::allow, "GET, HEAD");
  const bool packed = response.packed && takes_gzip(parser_->get());
  const auto& body = packed ? *response.packed : *response.body;
  if (response.packed) message_->set(http::field::vary, "Accept-Encoding");
  if (packed) message_->set(http::field::content_encoding, "gzip");
  message_->content_length(body.size());
  if (!head) message_->body() = body;
  send(keep);
}

void Session::send(bool keep) {
  message_->keep_alive(keep);
  stream_.expires_after(core_->options.write_limit);
  http::async_write(stream_, *message_, [self = shared_from_this(), keep](error_code error, std::size_t) {
    if (error) return self->close();
    if (keep) return self->read();
    error_code ignored;
    self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    self->stream_.expires_after(kLinger);
    self->linger();
  });
}

void Session::listen(const EventSource& source) {
  if (parser_->get().method() == http::verb::head) {
    return respond({200, "text/event-stream", std::make_shared<const std::string>()}, false);
  }
  if (core_->hub->listeners() >= core_->options.streams) {
    return respond(text_response(503, "Too many live pages are open. Close one and reload.\n"), false);
  }
  core_->hub->join(beast::tcp_stream(stream_.release_socket()), source);
}

void Session::linger() {
  stream_.async_read_some(asio::buffer(dropped_),
                          [self = shared_from_this()](error_code error, std::size_t n) {
                            self->lingered_ += n;
                            if (error || self->lingered_ > kLingerBytes) return self->close();
                            self->linger();
                          });
}

void serve(const std::shared_ptr<HttpServer::Core>& core, tcp::socket socket) {
  std::make_shared<Session>(core, std::move(socket))->read();
}

}  // namespace lintel::status
