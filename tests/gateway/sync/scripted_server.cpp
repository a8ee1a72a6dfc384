#include "tests/gateway/sync/scripted_server.hpp"

#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace lintel::test {

namespace {

void reset_connection(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// False when the other end is gone.
bool receive_more(int socket, std::string& buffer, std::size_t most) {
  char bytes[65536];
  const auto got = ::recv(socket, bytes, std::min(most, sizeof bytes), 0);
  if (got <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(got));
  return true;
}

}  // namespace

std::string Asked::header(const std::string& name) const {
  std::size_t at = 0;
  while (at < head.size()) {
    const auto end = head.find("\r\n", at);
    const auto line = head.substr(at, end - at);
    const auto colon = line.find(':');
    if (colon == name.size() && strncasecmp(line.c_str(), name.c_str(), colon) == 0) {
      return line.substr(line.find_first_not_of(' ', colon + 1));
    }
    if (end == std::string::npos) break;
    at = end + 2;
  }
  return {};
}

std::string http(int status, const std::string& body, const std::string& type, const std::string& extra) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

ScriptedServer::ScriptedServer(Script script, int port, RequestCut cut)
    : script_(std::move(script)), cut_(std::move(cut)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(listener_);
    throw std::runtime_error("cannot listen on a loopback port");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stop_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(sockets_mutex_);
    for (const auto& session : sessions_) ::shutdown(session.socket, SHUT_RDWR);
  }
  for (auto& session : sessions_) end(session);
}

void ScriptedServer::end(Session& session) {
  session.thread.join();
  ::close(session.socket);
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++accepted_;
    // A thread that has ended keeps its stack until it is joined, and 32 bits have room for some hundred.
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      const auto next = std::next(session);
      if (session->over) {
        end(*session);
        const std::lock_guard lock(sockets_mutex_);
        sessions_.erase(session);
      }
      session = next;
    }
    const std::lock_guard lock(sockets_mutex_);
    auto& session = sessions_.emplace_back();
    session.socket = socket;
    session.thread = std::thread([this, &session] {
      serve(session.socket);
      session.over = true;
    });
  }
}

void ScriptedServer::serve(int socket) {
  std::string buffer;
  while (!stop_ && serve_one(socket, buffer)) {
  }
  // The number of the socket stays taken until the session is joined: only the connection ends here.
  const std::lock_guard lock(sockets_mutex_);
  const sockaddr nowhere{AF_UNSPEC, {}};
  linger how{};
  socklen_t size = sizeof how;
  ::getsockopt(socket, SOL_SOCKET, SO_LINGER, &how, &size);
  if (how.l_onoff != 0) {
    (void)::connect(socket, &nowhere, sizeof nowhere);  // sends a reset
  } else {
    ::shutdown(socket, SHUT_RDWR);
  }
}

bool ScriptedServer::serve_one(int socket, std::string& buffer) {
  const auto cut = cut_ ? cut_() : std::nullopt;
  const auto limit = cut.value_or(std::string::npos);
  const auto cut_off = [&] {
    reset_connection(socket);
    return false;
  };
  std::size_t head_end = 0;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() >= limit) return cut_off();
    if (!receive_more(socket, buffer, limit - buffer.size())) return false;
  }
  Asked asked{buffer.substr(0, head_end), {}};
  const auto length = static_cast<std::size_t>(std::stoul("0" + asked.header("Content-Length")));
  while (buffer.size() < head_end + 4 + length) {
    if (buffer.size() >= limit) return cut_off();
    if (!receive_more(socket, buffer, limit - buffer.size())) return false;
  }
  asked.body = buffer.substr(head_end + 4, length);
  buffer.erase(0, head_end + 4 + length);
  ++requests_;
  Reply reply;
  {
    const std::lock_guard lock(script_mutex_);
    reply = script_(asked);
  }
  if (reply.hang) {
    while (!stop_ && receive_more(socket, buffer, 1)) {
    }
    return false;
  }
  if (!reply.cut_after || *reply.cut_after >= reply.bytes.size()) {
    send_all(socket, reply.bytes);
    return true;
  }
  send_all(socket, std::string_view(reply.bytes).substr(0, *reply.cut_after));
  return cut_off();
}

}  // namespace lintel::test
