// Bodies that devices send: who may, what of them is kept, and when it is, is the sink's to say.
#include <sys/socket.h>

#include <cerrno>

#include <fmt/format.h>
#include <boost/asio/write.hpp>

#include "gateway/status/actions.hpp"
#include "gateway/status/http_session.hpp"

namespace lintel::status {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::string_view kUploads = "/ingest/";
constexpr std::size_t kPiece = 16'384;
/// A body that is refused is read all the same if it is no longer than this: the device can then send its
/// next request, with credentials now, over the same connection.
constexpr std::uint64_t kDrained = 65'536;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(boost::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

/// Who takes the request's body; null: it is for a page.
bridge::UploadSink* Session::upload_sink() const {
  const auto& routes = core_->routes;
  const auto target = view(parser_->get().target());
  if (routes.uploads && target.starts_with(kUploads)) return routes.uploads.get();
  return routes.actions && Actions::takes(target) ? routes.actions.get() : nullptr;
}

void Session::upload(bridge::UploadSink& sink) {
  of_page_ = &sink == core_->routes.actions.get();
  if (of_page_) {
    if (const auto refused = host_objection()) return respond(*refused, false);
  }
  const auto& request = parser_->get();
  error_code ignored;
  bridge::UploadHead head;
  head.method = view(request.method_string());
  head.target = view(request.target());
  head.peer = stream_.socket().remote_endpoint(ignored).address().to_string(ignored);
  head.field = [&request](std::string_view name) {
    const auto found = request.find(boost::string_view(name.data(), name.size()));
    return found == request.end() ? std::string_view() : view(found->value());
  };
  try {
    auto begun = sink.begin(head);
    if (begun) {
      upload_ = std::move(*begun);
    } else {
      refusal_ = std::move(begun.error());
    }
  } catch (const std::exception& error) {
    core_->log(fmt::format("a message could not be taken: {}", error.what()));
    refusal_ = bridge::UploadAnswer{500, "This could not be taken; the log says why.\n", {}};
  }
  keep_ = request.keep_alive();
  const bool invited = view(request[http::field::expect]) == "100-continue" && request.version() >= 11;
  const auto length = parser_->content_length();
  const bool drained = !invited && !parser_->chunked() && (!length || *length <= kDrained);
  if (refusal_ && !drained) return reply(std::move(*refusal_), false);
  continue_body(invited);
}

void Session::continue_body(bool invited) {
  body_.emplace(std::move(*parser_));
  piece_.resize(kPiece);
  stream_.expires_after(core_->options.body_limit);
  if (!invited) return read_body();
  asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (error) return self->close();
                      self->read_body();
                    });
}

void Session::read_body() {
  if (body_->is_done()) return finish_body();
  body_->get().body().data = piece_.data();
  body_->get().body().size = piece_.size();
  http::async_read(stream_, buffer_, *body_,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_body(error); });
}

void Session::on_body(error_code error) {
  if (error == http::error::need_buffer) error = {};
  const bool gone = error == beast::error::timeout || error == http::error::end_of_stream ||
                    error == http::error::partial_message ||
                    error.category() == asio::error::get_system_category();
  if (error && gone) return close();
  if (error) return reply({400, "The body of this request cannot be read.\n", {}}, false);
  const std::string_view bytes(piece_.data(), piece_.size() - body_->get().body().size);
  if (upload_) {
    try {
      if (auto refused = upload_->take(bytes)) return reply(std::move(*refused), false);
    } catch (const std::exception& caught) {
      core_->log(fmt::format("a message could not be taken: {}", caught.what()));
      return reply({500, "This could not be taken; the log says why.\n", {}}, false);
    }
  }
  read_body();
}

void Session::finish_body() {
  if (refusal_) return reply(std::move(*refusal_), keep_);
  stream_.expires_never();
  wait_for_reply();
  try {
    // Whoever commits may hold this for as long as it likes: the patience, not the reply, keeps the session.
    upload_->finish([weak = weak_from_this(), turn = ++turn_](bridge::UploadAnswer answer) {
      const auto self = weak.lock();
      if (!self || !self->waiting_ || self->turn_ != turn) return false;
      self->patience_.cancel();
      self->reply(std::move(answer), self->keep_);
      return true;
    });
  } catch (const std::exception& error) {
    core_->log(fmt::format("a message could not be taken: {}", error.what()));
    patience_.cancel();
    reply({500, "This could not be taken; the log says why.\n", {}}, false);
  }
  if (waiting_) watch_sender(asio::socket_base::wait_read);
}

/// A sender that hangs up before it is answered was told nothing, and will say the same again. One that has
/// only said that nothing more comes from it still listens: an interim answer finds out which.
void Session::watch_sender(asio::socket_base::wait_type what) {
  stream_.socket().async_wait(what, [weak = weak_from_this(), what, turn = turn_](error_code error) {
    const auto self = weak.lock();
    if (error || !self || !self->waiting_ || self->turn_ != turn) return;
    char next = 0;
    const int fd = self->stream_.socket().native_handle();
    const auto got = ::recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;  // it has sent its next request
    const bool first = got == 0 && what == asio::socket_base::wait_read && self->body_->get().version() >= 11;
    if (first && ::send(fd, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
      return self->watch_sender(asio::socket_base::wait_error);
    self->waiting_ = false;
    self->upload_.reset();  // before the sender can come again
    self->close();
  });
}

void Session::wait_for_reply() {
  waiting_ = true;
  patience_.expires_after(core_->options.reply_limit);
  patience_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->waiting_) return;
    auto late = self->upload_->late();
    self->upload_.reset();  // before the sender can come again
    self->reply(std::move(late), self->keep_);
  });
}

void Session::reply(bridge::UploadAnswer answer, bool keep) {
  waiting_ = false;
  message_.emplace(http::int_to_status(static_cast<unsigned>(answer.status)), 11);
  message_->set(http::field::content_type, "text/plain; charset=utf-8");
  message_->set(http::field::cache_control, "no-store");
  if (of_page_) {
    for (std::size_t i = 0; i < kSecurityFieldCount; ++i)
      message_->set(kSecurityFields[i][0], kSecurityFields[i][1]);
  }
  for (const auto& [name, value] : answer.fields) {
    if (name == "Content-Type") message_->erase(http::field::content_type);
    message_->insert(name, value);  // there may be several challenges
  }
  const auto method = body_ ? body_->get().method() : parser_->get().method();
  message_->content_length(answer.text.size());
  if (method != http::verb::head) message_->body() = std::move(answer.text);
  send(keep);
}

}  // namespace lintel::status
