#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "gateway/status/control.hpp"
#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::local::stream_protocol;
using boost::system::error_code;
using nlohmann::json;

namespace {

class Caller;

std::string line(const Result<json>& result) {
  const json answer = result ? json{{"ok", true}, {"result", *result}}
                             : json{{"ok", false}, {"error", result.error().message}};
  return dump(answer) + "\n";
}

}  // namespace

class ControlServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& io, fs::path p, Verbs v, Options o)
      : loop(io), path(std::move(p)), verbs(std::move(v)), options(o), acceptor(io), pause(io) {
    verbs.emplace("ping", [](const json&, const Reply& reply) { reply(json("pong")); });
  }

  Result<void> bind();
  void accept();
  void close();

  asio::io_context& loop;
  const fs::path path;
  Verbs verbs;
  const Options options;
  stream_protocol::acceptor acceptor;
  asio::steady_timer pause;
  std::set<Caller*> callers;
};

namespace {

/// One connection: a request, its answer, the end.
class Caller : public std::enable_shared_from_this<Caller> {
 public:
  Caller(std::shared_ptr<ControlServer::Core> core, stream_protocol::socket socket)
      : core_(std::move(core)), socket_(std::move(socket)), limit_(core_->loop) {
    core_->callers.insert(this);
  }
  ~Caller() { core_->callers.erase(this); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void start() {
    if (!trusted()) {
      return answer(fail(ErrorKind::rejected, "only root and the user that lintel runs as may ask"));
    }
    close_after(core_->options.line_limit);
    asio::async_read_until(
        socket_, asio::dynamic_buffer(request_, core_->options.line_bytes), '\n',
        [self = shared_from_this()](error_code error, std::size_t length) { self->on_line(error, length); });
  }

  void close() {
    error_code ignored;
    limit_.cancel();
    socket_.close(ignored);
  }

 private:
  [[nodiscard]] bool trusted() {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == ::geteuid();
  }

  void on_line(error_code error, std::size_t length) {
    if (error == asio::error::not_found) {
      return answer(fail(ErrorKind::rejected, fmt::format("a request is one line of at most {} bytes",
                                                          core_->options.line_bytes)));
    }
    if (error) return close();
    const auto request = json::parse(std::string_view(request_).substr(0, length), nullptr, false);
    if (!request.is_object() || !request.contains("verb") || !request["verb"].is_string()) {
      return answer(fail(ErrorKind::rejected, R"(a request looks like {"verb": "status"})"));
    }
    run(request["verb"].get<std::string>(), request);
  }

  void run(const std::string& verb, const json& request) {
    const auto found = core_->verbs.find(verb);
    if (found == core_->verbs.end()) {
      return answer(fail(ErrorKind::rejected, fmt::format("this gateway (version {}) does not know \"{}\"",
                                                          LINTEL_VERSION, verb)));
    }
    limit_.expires_after(core_->options.answer_limit);
    limit_.async_wait([self = shared_from_this(), verb](error_code stopped) {
      if (stopped) return;
      self->answer(
          fail(ErrorKind::transient, fmt::format("\"{}\" did not end in time; it may still go on", verb)));
    });
    found->second(request, [core = core_, weak = weak_from_this()](Result<json> result) {
      asio::post(core->loop, [weak, result = std::move(result)] {
        if (const auto self = weak.lock()) self->answer(result);
      });
    });
  }

  void answer(const Result<json>& result) {
    if (answered_) return;
    answered_ = true;
    answer_ = line(result);
    close_after(core_->options.line_limit);
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this()](error_code, std::size_t) { self->close(); });
  }

  void close_after(std::chrono::milliseconds limit) {
    limit_.expires_after(limit);
    limit_.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped) self->close();
    });
  }

  std::shared_ptr<ControlServer::Core> core_;
  stream_protocol::socket socket_;
  asio::steady_timer limit_;
  std::string request_, answer_;
  bool answered_ = false;
};

}  // namespace

Result<void> ControlServer::Core::bind() {
  error_code error;
  try {
    const stream_protocol::endpoint endpoint(path.string());
    ::unlink(path.c_str());
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.bind(endpoint, error);
  } catch (const boost::system::system_error& thrown) {
    error = thrown.code();  // the path is too long
  }
  if (!error && ::chmod(path.c_str(), 0660) != 0) error.assign(errno, boost::system::system_category());
  if (!error) acceptor.listen(static_cast<int>(options.connections), error);
  if (!error) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format("cannot make the control socket {}: {}; it needs a writable state_dir and a path of "
                  "at most 107 bytes",
                  path.string(), error.message()));
}

void ControlServer::Core::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code error, stream_protocol::socket socket) {
    if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
    if (!error) {
      // One too many is closed at once: the command line then says that the gateway is busy.
      if (self->callers.size() < self->options.connections) {
        std::make_shared<Caller>(self, std::move(socket))->start();
      }
      self->accept();
      return;
    }
    self->pause.expires_after(std::chrono::milliseconds{100});
    self->pause.async_wait([self](error_code stopped) {
      if (!stopped) self->accept();
    });
  });
}

void ControlServer::Core::close() {
  error_code ignored;
  if (acceptor.is_open()) ::unlink(path.c_str());
  acceptor.close(ignored);
  pause.cancel();
  const auto open = callers;
  for (auto* caller : open) caller->close();
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(asio::io_context& loop, const fs::path& path,
                                                           Verbs verbs, Options options) {
  auto core = std::make_shared<Core>(loop, path, std::move(verbs), options);
  if (auto bound = core->bind(); !bound) return tl::unexpected(bound.error());
  core->accept();
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(core)));
}

ControlServer::~ControlServer() {
  core_->close();
}

fs::path control_path(const fs::path& state_dir) {
  return state_dir / "control.sock";
}

}  // namespace lintel::status
