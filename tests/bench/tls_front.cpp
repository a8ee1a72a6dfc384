#include "tests/bench/tls_front.hpp"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <stdexcept>

#include <openssl/ssl.h>
#include <nlohmann/json.hpp>

namespace lintel::bench {

namespace {

using nlohmann::json;

int loopback(int port, bool listen) {
  const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* there = reinterpret_cast<const sockaddr*>(&address);
  const bool done = listen ? ::bind(out, there, sizeof address) == 0 && ::listen(out, 64) == 0
                           : ::connect(out, there, sizeof address) == 0;
  if (!done) throw std::runtime_error("no socket on the loopback");
  return out;
}

/// One HTTP message with a Content-Length; empty head: the other side has gone.
struct Message {
  std::string head;
  std::string body;
};

Message read_message(const std::function<long(char*, std::size_t)>& read) {
  std::string bytes;
  const auto more = [&] {
    char buffer[16'384];
    const auto got = read(buffer, sizeof buffer);
    if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  };
  std::size_t end;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return {};
  }
  Message out{bytes.substr(0, end + 4), bytes.substr(end + 4)};
  std::string lower = out.head;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto length = lower.find("\r\ncontent-length:");
  const auto wanted =
      length == std::string::npos ? 0 : std::strtoull(lower.c_str() + length + 17, nullptr, 10);
  while (out.body.size() < wanted) {
    bytes.clear();
    if (!more()) return {};
    out.body += bytes;
  }
  return out;
}

void add_keys(std::map<std::string, std::uint64_t>& keys, const char* direction, const std::string& body) {
  const auto document = json::parse(body, nullptr, false);
  if (!document.is_object()) return;
  for (const auto& [key, value] : document.items()) {
    keys[std::string(direction) + " " + key] += value.dump().size() + key.size() + 4;
  }
}

}  // namespace

TlsFront::TlsFront(const std::filesystem::path& certificate, const std::filesystem::path& key, int behind,
                   bool kept)
    : context_(SSL_CTX_new(TLS_server_method())), behind_(behind), kept_(kept), listener_(loopback(0, true)) {
  if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("the front's certificate cannot be used");
  }
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TlsFront::~TlsFront() {
  stop_ = true;
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (auto& session : sessions_) session.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

Traffic TlsFront::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

void TlsFront::accept_all() {
  while (!stop_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 100) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const std::lock_guard lock(mutex_);
    ++traffic_.connections;
    sockets_.push_back(socket);
    sessions_.emplace_back([this, socket] { serve(socket); });
  }
}

/// Adds what the kernel has counted since `before`, which it moves on.
void TlsFront::count(int socket, Traffic& before) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  Traffic now;
  now.up = info.tcpi_bytes_received;
  now.down = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
  now.segments = info.tcpi_segs_in + info.tcpi_segs_out;
  const std::lock_guard lock(mutex_);
  traffic_.up += now.up - before.up;
  traffic_.down += now.down - before.down;
  traffic_.segments += now.segments - before.segments;
  before = now;
}

void TlsFront::serve(int socket) {
  SSL* tls = SSL_new(context_);
  SSL_set_fd(tls, socket);
  Traffic counted;
  const int back = loopback(behind_, false);
  bool goes_on = SSL_accept(tls) == 1;
  while (goes_on) {
    const auto asked =
        read_message([&](char* to, std::size_t size) { return SSL_read(tls, to, static_cast<int>(size)); });
    if (asked.head.empty()) break;
    const auto whole = asked.head + asked.body;
    if (::send(back, whole.data(), whole.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(whole.size())) break;
    const auto said = read_message([&](char* to, std::size_t size) { return ::recv(back, to, size, 0); });
    if (said.head.empty()) break;
    const auto answer = said.head + said.body;
    if (SSL_write(tls, answer.data(), static_cast<int>(answer.size())) <= 0) break;
    {
      const std::lock_guard lock(mutex_);
      traffic_.heads_up += asked.head.size();
      traffic_.bodies_up += asked.body.size();
      traffic_.heads_down += said.head.size();
      traffic_.bodies_down += said.body.size();
      add_keys(traffic_.keys, "up", asked.body);
      add_keys(traffic_.keys, "down", said.body);
    }
    count(socket, counted);
    {
      const std::lock_guard lock(mutex_);
      ++traffic_.requests;
    }
    goes_on = kept_ && asked.head.find("gateway_sync") != std::string::npos;
  }
  SSL_shutdown(tls);
  count(socket, counted);
  SSL_free(tls);
  ::close(back);
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

}  // namespace lintel::bench
