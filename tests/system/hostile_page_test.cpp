// The page under clients that mean no good, all at once: counting goes on untouched, memory stays bounded,
// and who comes in good faith is served afterwards.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/store.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_publisher.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int kMessages = 3000;
constexpr int kClients = 500;
constexpr int kStreams = 24;
constexpr int kGarbage = 2000;
constexpr std::int64_t kGrowth = 24 << 20;  // bytes that the attack may make the process take

/// A TCP connection to the page; closed with the object.
class Socket {
 public:
  explicit Socket(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), open_(other.open_) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  void send(std::string_view bytes) const { (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// What comes within five seconds, at most a few kilobytes; empty: nothing, or the end.
  [[nodiscard]] std::string answer() const {
    std::string text(4096, '\0');
    const auto got = ::recv(fd_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

 private:
  int fd_;
  bool open_ = false;
};

class Shop {
 public:
  Shop() : broker_(Mosquitto::start(broker_dir_.path())) {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(dir_.path() / "gateway.conf") << fmt::format(
        "[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten = 127.0.0.1:{1}\n",
        dir_.path().string(), port_);
    std::ofstream(dir_.path() / "links.d/broker.conf")
        << "type = mqtt\nurl = " << broker_.url() << "\nsubscribe = milesight-vs125 bus/+\n";
    std::ofstream(dir_.path() / "page_pin") << "135790\n";
    fs::permissions(dir_.path() / "page_pin", fs::perms::owner_read);
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()}, {},
                              dir_.path() / "log");
    REQUIRE(eventually([&] { return log().find("link broker: connected") != std::string::npos; }));
    REQUIRE(eventually([&] { return get("/api/health").status == 200; }));
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] bool running() { return gateway_.running(); }
  [[nodiscard]] HttpAnswer get(const std::string& path, std::vector<std::string> headers = {}) const {
    HttpRequest request;
    request.method = "GET";
    request.headers = std::move(headers);
    return ask(fmt::format("http://127.0.0.1:{}{}", port_, path), request);
  }
  [[nodiscard]] std::int64_t anonymous_bytes() const {
    std::ifstream status(fmt::format("/proc/{}/status", gateway_.pid()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) return std::atoll(line.c_str() + 8) << 10;
    }
    return -1;
  }
  [[nodiscard]] std::int64_t people() const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    return db ? db->scalar("select coalesce(sum(count_in), 0) from people_counting_raw") : -1;
  }
  [[nodiscard]] std::string broker() const { return fmt::format("tcp://127.0.0.1:{}", broker_.port()); }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }

 private:
  TempDir dir_, broker_dir_;
  Mosquitto broker_;
  int port_ = free_port();
  Process gateway_;
};

/// A minute's window for each message, one person each.
void count(const Shop& shop) {
  Publisher publisher(shop.broker(), "sensor", 100, {});
  const auto first = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()) - 5 * 24h;
  for (int i = 0; i < kMessages; ++i) {
    Window window;
    window.start = UtcMs{first.time_since_epoch()} + i * 1min;
    window.end = window.start + 1min;
    window.counted = {1, 0};
    publisher.publish("bus/door", vs125_payload("S1", window, false), {});
  }
  CHECK(publisher.drain(60s));
}

const char* const kRequests[] = {
    "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /%2e%2e/%2e%2e/etc/shadow HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET //etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://localhost/../state/lintel.db HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /api/status HTTP/1.1\r\nHost: rebound.example\r\n\r\n",
    "GET /api/status HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example\r\n\r\n",
    "GET /api/status HTTP/1.1\r\n\r\n",
    "GET /api/sensors/data?sensor=1&from=0000-00-00T00:00:00Z HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /api/sensors/data?sensor=1&limit=99999999999999999999 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    "99999999\r\n\r\n",
    "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
    "chunked\r\n\r\nfffffffffffffffff\r\n",
    "POST /api/actions/adopt HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
    "application/json\r\nContent-Length: 2\r\n\r\n{}",
    "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "BREW / HTCPCP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "\r\n\r\n\r\n",
};

/// Bytes that look like a request now and then.
std::string garbage(std::mt19937& random) {
  std::string text = kRequests[random() % std::size(kRequests)];
  for (auto i = random() % 9; i > 0; --i) text[random() % text.size()] = static_cast<char>(random());
  if (random() % 4 == 0) text.insert(random() % text.size(), std::string(random() % 20'000, 'A'));
  if (random() % 4 == 0) text.resize(random() % text.size());
  return text;
}

}  // namespace

TEST_CASE("the page under attack: counting goes on, memory is bounded, people are served afterwards") {
  const char* stated = std::getenv("TEST_SEED");  // NOLINT(concurrency-mt-unsafe): before any thread
  const unsigned seed =
      stated == nullptr ? std::random_device{}() : static_cast<unsigned>(std::atoll(stated));
  INFO("TEST_SEED=" << seed);
  std::mt19937 random(seed);
  Shop shop;
  const auto before = shop.anonymous_bytes();
  REQUIRE(before > 0);
  std::jthread sensor([&] { count(shop); });
  std::int64_t most = before;

  SUBCASE("five hundred who connect and say nothing, or a byte at a time") {
    std::vector<Socket> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back(shop.port());
      if (i % 2 == 0) clients.back().send("GET / HT");
    }
    for (int round = 0; round < 8; ++round) {
      for (const auto& client : clients) client.send("T");
      most = std::max(most, shop.anonymous_bytes());
    }
  }
  SUBCASE("more live pages than there are places, none of which reads") {
    std::vector<Socket> streams;
    int admitted = 0, refused = 0;
    for (int i = 0; i < kStreams; ++i) {
      streams.emplace_back(shop.port());
      streams.back().send("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
      const auto answer = streams.back().answer();
      admitted += answer.starts_with("HTTP/1.1 200") ? 1 : 0;
      refused += answer.starts_with("HTTP/1.1 503") ? 1 : 0;
    }
    CHECK(admitted == 16);
    CHECK(refused == kStreams - 16);
    CHECK(shop.get("/api/health").status == 200);
    most = std::max(most, shop.anonymous_bytes());
  }
  SUBCASE("path tricks, foreign names, impossible lengths") {
    for (const auto* request : kRequests) {
      Socket client(shop.port());
      client.send(request);
      const auto answer = client.answer();
      CAPTURE(request);
      CAPTURE(answer);
      CHECK((answer.empty() || answer.starts_with("HTTP/1.1 4")));
      CHECK(answer.find("root:") == std::string::npos);
    }
  }
  SUBCASE("two thousand requests of garbage") {
    for (int i = 0; i < kGarbage; ++i) {
      Socket client(shop.port());
      client.send(garbage(random));
      if (i % 100 == 0) most = std::max(most, shop.anonymous_bytes());
    }
  }
  sensor.join();
  CHECK(eventually([&] { return shop.people() == kMessages; }, 60s));
  CHECK(shop.running());
  CAPTURE(before);
  CHECK(std::max(most, shop.anonymous_bytes()) - before < kGrowth);
  CHECK(eventually([&] { return shop.get("/").status == 200; }));
  // A snapshot holds for half a second, so the first may be of before the sensor was heard.
  std::string health;
  CHECK_MESSAGE(eventually([&] {
                  health = shop.get("/api/health").body;
                  return nlohmann::json::parse(health)["status"] == "ok";
                }),
                health);
  CHECK(shop.log().find("135790") == std::string::npos);
}
