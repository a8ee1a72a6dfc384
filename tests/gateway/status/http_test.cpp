#include "gateway/status/http_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "gateway/status/hosts.hpp"
#include "tests/gateway/status/client.hpp"
#include "tests/support/eventually.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using test::Client;

namespace {

/// A server with small limits on a loop of its own.
class Bench {
 public:
  explicit Bench(HttpServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    options.stream_look = 10ms;
    Routes routes;
    routes.handlers["/"] = [](const Request&) { return text_response(200, "hello"); };
    routes.handlers["/echo"] = [](const Request& request) {
      const auto found = request.query.find("q");
      return text_response(200, found == request.query.end() ? "-" : found->second);
    };
    routes.handlers["/packed"] = [](const Request&) {
      auto response = text_response(200, "as it is");
      response.packed = std::make_shared<const std::string>("as gzip");
      return response;
    };
    routes.handlers["/throws"] = [](const Request&) -> Response { throw std::runtime_error("no luck"); };
    routes.streams["/stream"] = {[this] { return shown(); }, {}};
    server = std::move(*HttpServer::open(loop, std::move(options), std::move(routes)));
    port = server->port();
    thread = std::thread([this] { loop.run(); });
  }
  ~Bench() {
    boost::asio::post(loop, [this] { server.reset(); });
    thread.join();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  [[nodiscard]] Client client() const { return Client(port); }
  [[nodiscard]] std::string get(const std::string& target, const std::string& host = "localhost") const {
    auto c = client();
    c.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    return c.read_all();
  }
  void show(const std::string& text) {
    const std::lock_guard lock(mutex);
    event = std::make_shared<const std::string>(text);
  }
  std::shared_ptr<const std::string> shown() {
    const std::lock_guard lock(mutex);
    return event;
  }
  template <class Ask>
  std::size_t ask(Ask value) {
    std::atomic<std::size_t> result{0};
    std::atomic<bool> done{false};
    boost::asio::post(loop, [&] {
      result = value(*server);
      done = true;
    });
    while (!done) std::this_thread::yield();
    return result;
  }
  std::size_t connections() {
    return ask([](const HttpServer& s) { return s.connections(); });
  }
  std::size_t streams() {
    return ask([](const HttpServer& s) { return s.streams(); });
  }

  boost::asio::io_context loop;
  std::mutex mutex;
  std::shared_ptr<const std::string> event;  // guarded by mutex
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;
  std::thread thread;
};

std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

}  // namespace

TEST_CASE("http: pages of the table are served, with fields that keep a browser honest") {
  Bench bench;
  const auto answer = bench.get("/");
  CHECK(status_of(answer) == "HTTP/1.1 200 OK");
  CHECK(answer.ends_with("\r\n\r\nhello"));
  for (const char* field : {"Content-Security-Policy: default-src 'self'", "frame-ancestors 'none'",
                            "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer"}) {
    CAPTURE(field);
    CHECK(answer.find(field) != std::string::npos);
  }
  CHECK(bench.get("/echo?q=a%20b%2Fc&q=second").ends_with("\r\n\r\na b/c"));
  CHECK(bench.get("/echo?q=%").ends_with("\r\n\r\n%"));
  CHECK(bench.get("/echo?&&=&q").ends_with("\r\n\r\n"));
}

TEST_CASE("http: HEAD answers without the body, and a connection serves several requests") {
  Bench bench;
  auto client = bench.client();
  client.send(
      "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nConnection: "
      "close\r\n\r\n");
  const auto answers = client.read_all();
  CHECK(answers.find("Content-Length: 5") != std::string::npos);
  CHECK(answers.find("\r\n\r\nHTTP/1.1 200 OK") != std::string::npos);
  CHECK(answers.ends_with("\r\n\r\nhello"));
}

TEST_CASE("http: what is packed goes to those who take gzip, and to nobody else") {
  const Bench bench;
  const auto get = [&](const std::string& field) {
    auto client = bench.client();
    client.send("GET /packed HTTP/1.1\r\nHost: localhost\r\n" + field + "Connection: close\r\n\r\n");
    return client.read_all();
  };
  for (const std::string takes : {"gzip", "deflate, gzip;q=0.5, br", "br, gzip"}) {
    const auto answer = get("Accept-Encoding: " + takes + "\r\n");
    CAPTURE(takes);
    CHECK(answer.ends_with("\r\n\r\nas gzip"));
    CHECK(answer.find("Content-Encoding: gzip\r\n") != std::string::npos);
    CHECK(answer.find("Vary: Accept-Encoding\r\n") != std::string::npos);
  }
  for (const std::string field :
       {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0, br\r\n", "Accept-Encoding: x-gzip\r\n"}) {
    const auto answer = get(field);
    CAPTURE(field);
    CHECK(answer.ends_with("\r\n\r\nas it is"));
    CHECK(answer.find("Content-Encoding") == std::string::npos);
  }
}

TEST_CASE("http: names that are not this machine's get no answer") {
  Bench bench({.allowed_hosts = {"Shop.example.com"}});
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:80", "[::1]",
                           "shop.example.com", "shop.example.com.:443"}) {
    CAPTURE(host);
    CHECK(status_of(bench.get("/", host)) == "HTTP/1.1 200 OK");
  }
  for (const char* host : {"evil.example.com", "localhost.evil.com", "127.0.0.1.evil.com", "198.51.100.7", "",
                           "shop.example.com.evil.com"}) {
    CAPTURE(host);
    const auto answer = bench.get("/", host);
    CHECK(answer.find("hello") == std::string::npos);
    CHECK((status_of(answer) == "HTTP/1.1 421 Misdirected Request" ||
           status_of(answer) == "HTTP/1.1 400 Bad Request"));
  }
}

TEST_CASE("http: a path leads to the table or nowhere") {
  Bench bench;
  for (const char* path : {"/../etc/passwd", "/..%2f..%2fetc/passwd", "//", "/./", "/%2e%2e/", "/%00",
                           "/index.html/..", "/echo/", "/ECHO"}) {
    CAPTURE(path);
    CHECK(status_of(bench.get(path)) == "HTTP/1.1 404 Not Found");
  }
  CHECK(status_of(bench.get("http://localhost/")) == "HTTP/1.1 400 Bad Request");
}

TEST_CASE("http: what is not a proper GET is refused, cleanly and by name") {
  Bench bench({.header_bytes = 4096});
  const auto say = [&](const std::string& bytes) {
    auto client = bench.client();
    client.send(bytes);
    return status_of(client.read_all());
  };
  const std::string host = "Host: localhost\r\n";
  CHECK(say("POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc") ==
        "HTTP/1.1 405 Method Not Allowed");
  CHECK(say("DELETE / HTTP/1.1\r\n" + host + "\r\n") == "HTTP/1.1 405 Method Not Allowed");
  CHECK(say("GET / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc") ==
        "HTTP/1.1 413 Payload Too Large");
  CHECK(say("GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n") ==
        "HTTP/1.1 413 Payload Too Large");
  CHECK(say("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(say("GET / HTTP/1.1\r\n" + host + "Host: evil.com\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(say(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n") ==
        "HTTP/1.1 400 Bad Request");
  CHECK(say("GET /" + std::string(3000, 'a') + " HTTP/1.1\r\n" + host + "\r\n") ==
        "HTTP/1.1 414 URI Too Long");
  CHECK(say("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n") ==
        "HTTP/1.1 414 URI Too Long");
  CHECK(say("GET / HTTP/1.1\r\n" + host + "X: " + std::string(100'000, 'a') + "\r\n\r\n") ==
        "HTTP/1.1 431 Request Header Fields Too Large");
  CHECK(status_of(bench.get("/throws")) == "HTTP/1.1 500 Internal Server Error");
  CHECK(status_of(bench.get("/")) == "HTTP/1.1 200 OK");
}

TEST_CASE("http: who sends one byte at a time is let go, others are served meanwhile") {
  Bench bench({.request_limit = 150ms});
  auto slow = bench.client();
  slow.send("GET / HT");
  auto silent = bench.client();
  CHECK(status_of(bench.get("/")) == "HTTP/1.1 200 OK");
  CHECK(slow.read_all().empty());
  CHECK(silent.read_all().empty());
  CHECK(test::eventually([&] { return bench.connections() == 0; }));
}

TEST_CASE("http: one connection too many is told so, and its place is free again later") {
  Bench bench({.connections = 4, .request_limit = 60s});
  std::vector<Client> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i) clients.push_back(bench.client());
  REQUIRE(test::eventually([&] { return bench.connections() == 4; }));
  CHECK(status_of(bench.client().read_all()) == "HTTP/1.1 503 Service Unavailable");
  clients.pop_back();
  REQUIRE(test::eventually([&] { return bench.connections() == 3; }));
  CHECK(status_of(bench.get("/")) == "HTTP/1.1 200 OK");
}

TEST_CASE("events: listeners see the state, every change, and a sign of life in between") {
  Bench bench({.heartbeat = 30ms});
  bench.show("{\"n\":1}");
  auto first = bench.client(), second = bench.client();
  for (auto* client : {&first, &second}) {
    client->send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(client->read_until("data: {\"n\":1}\n\n").find("Content-Type: text/event-stream") !=
          std::string::npos);
  }
  bench.show("{\"n\":2}");
  CHECK(first.read_until("data: {\"n\":2}\n\n").ends_with("data: {\"n\":2}\n\n"));
  CHECK(second.read_until("data: {\"n\":2}\n\n").ends_with("data: {\"n\":2}\n\n"));
  CHECK(first.read_until("event: beat\ndata: {}\n\n").ends_with("event: beat\ndata: {}\n\n"));
  CHECK(bench.streams() == 2);
  first.close();
  CHECK(test::eventually([&] { return bench.streams() == 1; }));
}

TEST_CASE("events: there are only so many streams") {
  Bench bench({.streams = 2});
  bench.show("1");
  std::vector<Client> clients;
  clients.reserve(2);
  for (int i = 0; i < 2; ++i) {
    clients.push_back(bench.client());
    clients.back().send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    (void)clients.back().read_until("data: 1\n\n");
  }
  CHECK(status_of(bench.get("/stream")) == "HTTP/1.1 503 Service Unavailable");
  CHECK(status_of(bench.get("/")) == "HTTP/1.1 200 OK");
}

TEST_CASE("events: a client that does not read is dropped, and nobody waits for it") {
  Bench bench({.write_limit = 200ms});
  const std::string big(200'000, 'x');
  bench.show(big + "0");
  auto stuck = bench.client();
  stuck.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(test::eventually([&] { return bench.streams() == 1; }));
  auto reader = bench.client();
  reader.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  int shown = 0;
  const bool dropped = test::eventually([&] {
    bench.show(big + std::to_string(++shown));
    (void)reader.read_until("x" + std::to_string(shown) + "\n\n");
    return bench.streams() == 1;
  });
  CHECK(dropped);
  CHECK(status_of(bench.get("/")) == "HTTP/1.1 200 OK");
}

TEST_CASE("http: an address that cannot be used is named with what to try") {
  Bench bench;
  boost::asio::io_context loop;
  const auto taken = HttpServer::open(loop, {.listen = "127.0.0.1:" + std::to_string(bench.port)}, {});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().message.find("another program uses this port") != std::string::npos);
  const auto wrong = HttpServer::open(loop, {.listen = "8080"}, {});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == ErrorKind::misconfigured);
}

TEST_CASE("http: a server may go while clients are connected") {
  auto bench = std::make_unique<Bench>();
  bench->show("1");
  auto idle = bench->client(), half = bench->client(), stream = bench->client();
  half.send("GET / HTTP/1.1\r\n");
  stream.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  (void)stream.read_until("data: 1\n\n");
  bench.reset();
  CHECK(idle.read_all().empty());
  CHECK(half.read_all().empty());
  CHECK(stream.read_all().empty());
}

TEST_CASE("hosts: the name of a Host header is compared without port, case and final dot") {
  CHECK(host_of("Example.COM:80") == "example.com");
  CHECK(host_of("[fe80::1]:8080") == "fe80::1");
  CHECK(host_of("[") == "");
  CHECK(host_of("") == "");
  HostList hosts({"[2001:DB8:0::1]"});
  CHECK(hosts.allows("[2001:db8::1]:80", ""));
  CHECK(hosts.allows("192.0.2.1", "192.0.2.1"));
  CHECK(hosts.allows("192.0.2.1", "::ffff:192.0.2.1"));
  CHECK_FALSE(hosts.allows("192.0.2.1", "192.0.2.2"));
}
