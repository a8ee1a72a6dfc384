#include "gateway/status/control.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

class Bench {
 public:
  explicit Bench(ControlServer::Options options = {}) {
    ControlServer::Verbs verbs;
    verbs["echo"] = [](const json& request, const ControlServer::Reply& reply) { reply(request); };
    verbs["refuse"] = [](const json&, const ControlServer::Reply& reply) {
      reply(fail(ErrorKind::rejected, "not today"));
    };
    verbs["later"] = [this](const json&, ControlServer::Reply reply) {
      worker = std::thread([reply = std::move(reply)] { reply(json("done")); });
    };
    verbs["never"] = [](const json&, const ControlServer::Reply&) {};
    auto opened = ControlServer::open(loop, path, std::move(verbs), options);
    REQUIRE(opened);
    server = std::move(*opened);
    thread = std::thread([this] { loop.run(); });
  }
  ~Bench() {
    if (worker.joinable()) worker.join();
    boost::asio::post(loop, [this] { server.reset(); });
    thread.join();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  test::TempDir dir;
  std::filesystem::path path = control_path(dir.path());
  boost::asio::io_context loop;
  std::unique_ptr<ControlServer> server;
  std::thread thread, worker;
};

/// A raw client: what the socket answers to these bytes.
std::string say(const std::filesystem::path& path, const std::string& bytes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::recv(fd, piece.data(), piece.size(), 0)) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

}  // namespace

TEST_CASE("control: a verb is answered, at once or from another thread") {
  Bench bench;
  CHECK(ask(bench.path, {{"verb", "ping"}}, 5s).value() == "pong");
  const json big{{"verb", "echo"}, {"text", std::string(50'000, 'x')}};
  CHECK(ask(bench.path, big, 5s).value() == big);
  CHECK(ask(bench.path, {{"verb", "later"}}, 5s).value() == "done");
  const auto refused = ask(bench.path, {{"verb", "refuse"}}, 5s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::rejected);
  CHECK(refused.error().message == "not today");
}

TEST_CASE("control: the socket is for the own user and group") {
  Bench bench;
  struct stat info {};
  REQUIRE(::stat(bench.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0660);
}

TEST_CASE("control: nonsense gets an answer and harms nobody") {
  Bench bench({.line_bytes = 1000, .line_limit = 100ms});
  CHECK(say(bench.path, "hello\n").find(R"("ok":false)") != std::string::npos);
  CHECK(say(bench.path, "{\"verb\": 7}\n").find(R"("ok":false)") != std::string::npos);
  CHECK(say(bench.path, std::string(900, '[') + "\n").find(R"("ok":false)") != std::string::npos);
  CHECK(say(bench.path, "{\"verb\": \"dance\"}\n").find("does not know \\\"dance\\\"") != std::string::npos);
  CHECK(say(bench.path, std::string(5000, 'x')).find("at most 1000 bytes") != std::string::npos);
  CHECK(say(bench.path, "{\"verb\": ").empty());
  CHECK(ask(bench.path, {{"verb", "ping"}}, 5s).value() == "pong");
}

TEST_CASE("control: a verb that does not end is given up") {
  Bench bench({.answer_limit = 50ms});
  const auto answer = ask(bench.path, {{"verb", "never"}}, 5s);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("did not end in time") != std::string::npos);
}

TEST_CASE("control: a gateway that is down, or hangs, is told apart") {
  std::optional<Bench> bench(std::in_place);
  const auto path = bench->path;
  const auto hung = ask(path, {{"verb", "never"}}, 50ms);
  REQUIRE_FALSE(hung);
  CHECK(hung.error().kind == ErrorKind::transient);
  CHECK(hung.error().message.find("is running, but does not answer") != std::string::npos);
  bench.reset();
  const auto down = ask(path, {{"verb", "ping"}}, 50ms);
  REQUIRE_FALSE(down);
  CHECK(down.error().kind == ErrorKind::misconfigured);
  CHECK(down.error().message.find("no gateway is running") != std::string::npos);
}

TEST_CASE("control: a socket that a dead daemon left is replaced") {
  test::TempDir dir;
  const auto path = control_path(dir.path());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(dead);
  CHECK(ask(path, {{"verb", "ping"}}, 50ms).error().kind == ErrorKind::misconfigured);
  boost::asio::io_context loop;
  CHECK(ControlServer::open(loop, path, {}, {}));
  const auto too_long = ControlServer::open(loop, dir.path() / std::string(120, 'x'), {}, {});
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().message.find("107 bytes") != std::string::npos);
}
