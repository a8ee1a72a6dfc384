#include "tests/support/faulty_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace lintel::test {

using Kind = Fault::Kind;

FaultyProxy::FaultyProxy(int hq_port, SSL_CTX* tls) : hq_port_(hq_port), tls_(tls) {
  open_socket(true);
  acceptor_ = std::thread([this] { accept_all(); });
}

FaultyProxy::~FaultyProxy() {
  stop_ = true;
  acceptor_.join();
  reset_connections();
  for (auto& connection : open_) connection.thread.join();
  ::close(socket_);
}

/// The port stays ours while nobody is to get through: a bound socket that does not listen refuses.
void FaultyProxy::open_socket(bool listening) {
  if (socket_ >= 0) ::close(socket_);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int again = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool open = ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    (!listening || ::listen(socket_, 64) == 0) &&
                    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (!open) throw std::runtime_error("the proxy cannot have its port");
  port_ = ntohs(address.sin_port);
}

void FaultyProxy::plan(Plan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
}

void FaultyProxy::misbehave(Fault fault) {
  plan([fault = std::move(fault)](const std::string&) { return fault; });
}

void FaultyProxy::behave() {
  plan({});
}

void FaultyProxy::refuse() {
  {
    std::unique_lock lock(mutex_);
    wanted_ = false;
    changed_.wait(lock, [this] { return !listening_; });
  }
  reset_connections();
}

void FaultyProxy::listen() {
  std::unique_lock lock(mutex_);
  wanted_ = true;
  changed_.wait(lock, [this] { return listening_; });
}

void FaultyProxy::serve_as(SSL_CTX* tls) {
  {
    const std::lock_guard lock(mutex_);
    tls_ = tls;
  }
  reset_connections();
}

void FaultyProxy::reset_connections() {
  const std::lock_guard lock(mutex_);
  for (const auto& connection : open_) connection.stream->interrupt();
}

void FaultyProxy::accept_all() {
  while (!stop_) {
    {
      const std::lock_guard lock(mutex_);
      if (wanted_ != listening_) {
        open_socket(wanted_);
        listening_ = wanted_;
        changed_.notify_all();
      }
      open_.remove_if([](Connection& connection) {
        if (connection.done) connection.thread.join();
        return connection.done.load();
      });
    }
    pollfd ready{listening_ ? socket_ : -1, POLLIN, 0};
    if (::poll(&ready, 1, 5) > 0) accept_one();
  }
}

void FaultyProxy::accept_one() {
  const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++connections_;
  const std::lock_guard lock(mutex_);
  auto& connection = open_.emplace_back();
  connection.stream = std::make_unique<ByteStream>(client, tls_);
  connection.thread = std::thread([this, &connection] {
    // OpenSSL writes without asking for no signal.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    serve(*connection.stream);
    connection.stream->close();
    connection.done = true;
  });
}

void FaultyProxy::serve(ByteStream& client) {
  if (!client.handshake()) return;
  while (const auto request = client.read_message()) {
    Fault fault;
    {
      const std::lock_guard lock(mutex_);
      if (plan_) fault = plan_(*request);
    }
    ++requests_;
    if (!treat(client, *request, fault)) return;
  }
}

/// False, as treat().
bool FaultyProxy::end(ByteStream& client, const Fault& fault) {
  if (!fault.close) client.reset();
  return false;
}

/// False: the connection is over.
bool FaultyProxy::treat(ByteStream& client, const std::string& request, const Fault& fault) {
  switch (fault.kind) {
    case Kind::hang:
      while (!client.read().empty()) continue;
      return false;
    case Kind::cut_request: {
      const auto hq = ByteStream::connect(hq_port_);
      if (hq) {
        hq->write(std::string_view(request).substr(0, fault.bytes));
        hq->reset();
      }
      return end(client, fault);
    }
    case Kind::late:
      if (!hold_back(request)) break;
      client.reset();
      return false;
    case Kind::lied_about: (void)ask_hq(request); [[fallthrough]];
    case Kind::replaced: return client.write(fault.answer) && !fault.close;
    default: break;
  }
  return relay(client, request, fault);
}

bool FaultyProxy::relay(ByteStream& client, const std::string& request, const Fault& fault) {
  auto answer = fault.kind == Kind::twice ? ask_hq_twice(request) : ask_hq(request);
  if (answer.empty()) {  // HQ is gone, and so is the line to it
    client.reset();
    return false;
  }
  answer_size_ = answer.size();
  newer_passed();
  {
    const std::lock_guard lock(mutex_);
    if (fault.kind == Kind::stale && !last_answer_.empty()) answer = last_answer_;
    last_answer_ = answer;
  }
  if (fault.kind == Kind::cut_answer && fault.bytes < answer.size()) {
    client.write(std::string_view(answer).substr(0, fault.bytes));
    return end(client, fault);
  }
  if (fault.kind != Kind::slow) return client.write(answer);
  for (std::size_t at = 0; at < answer.size(); at += fault.bytes) {
    if (stop_ || !client.write(std::string_view(answer).substr(at, fault.bytes))) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

std::string FaultyProxy::ask_hq(const std::string& request) const {
  const auto hq = ByteStream::connect(hq_port_);
  if (!hq || !hq->write(request)) return {};
  return hq->read_message().value_or("");
}

std::string FaultyProxy::ask_hq_twice(const std::string& request) const {
  const auto first = ByteStream::connect(hq_port_), second = ByteStream::connect(hq_port_);
  if (!first || !second || !first->write(request) || !second->write(request)) return {};
  (void)first->read_message();
  return second->read_message().value_or("");
}

/// One at a time: what comes behind it has to pass.
bool FaultyProxy::hold_back(const std::string& request) {
  const std::lock_guard lock(mutex_);
  if (!late_.empty()) return false;
  late_.push_back(request);
  newer_ = 0;
  return true;
}

void FaultyProxy::newer_passed() {
  {
    const std::lock_guard lock(mutex_);
    if (late_.empty() || ++newer_ < 2) return;
  }
  deliver_late();
}

void FaultyProxy::deliver_late() {
  std::deque<std::string> late;
  {
    const std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  for (const auto& request : late) (void)ask_hq(request);
}

}  // namespace lintel::test
