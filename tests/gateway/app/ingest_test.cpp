// What is pushed to the real gateway: 200 means that the row is there, whatever is killed.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "gateway/store/sqlite.hpp"
#include "gateway/store/store.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/http_device.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSecret = "5b1f0c9a77e3421d";

/// The real gateway with nothing but links that devices push to; no page, no HQ.
class Gateway {
 public:
  /// `more` is appended to gateway.conf; `page`: the status page has the same listener.
  explicit Gateway(const std::string& more = "", bool page = false) {
    std::filesystem::create_directories(dir_.path() / "links.d");
    const auto listen = fmt::format("127.0.0.1:{}", port_);
    write("gateway.conf",
          fmt::format("[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten = {}\n"
                      "[ingest]\nlisten = {}\n{}",
                      page ? listen : "", listen, more));
    write("links.d/door.conf",
          fmt::format("type = http\ndecoder = milesight-vs125\nauth = path\nsecret = {}\n", kSecret));
  }

  void spawn() {
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir_.path() / "log");
  }
  void start() {
    spawn();
    REQUIRE_MESSAGE(eventually([&] { return ask(url(), {"GET"}).status == 405; }), log());
  }
  void kill() {
    process_.kill();
    process_.wait();
  }
  int stop() {
    process_.kill(SIGTERM);
    return process_.wait();
  }
  std::string say(const std::vector<std::string>& words) {
    std::vector<std::string> command{LINTEL_BINARY};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--config", config()});
    const auto said = dir_.path() / "said";
    std::filesystem::remove(said);
    Process::spawn(command, {}, said).wait();
    return text_of(said);
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/ingest/door/{}", port_, kSecret);
  }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }
  [[nodiscard]] std::int64_t rows(const std::string& condition = "true") const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    REQUIRE(db);
    return (*db).scalar("select count(*) from people_counting_raw where " + condition);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_.path() / name) << text;
  }

 private:
  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }

  TempDir dir_;
  int port_ = free_port();
  Process process_;
};

UtcMs start_of(int window) {
  static const auto now = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now());
  return UtcMs{now.time_since_epoch()} - 48h + 1s * window;
}

std::string message(int window) {
  Window counted;
  counted.start = start_of(window);
  counted.end = counted.start + 1s;
  counted.counted = {1, 0};
  return vs125_payload("PUSHED", counted, false);
}

HttpAnswer push(const Gateway& gateway, int window) {
  HttpRequest request;
  request.body = message(window);
  request.timeout_ms = 15'000;
  return ask(gateway.url(), request);
}

}  // namespace

TEST_CASE(
    "ingest: a 200 means that the row is in the database, at once in relaxed mode too, without a page") {
  for (const auto* storage : {"", "[storage]\ndurability = relaxed\n"}) {
    CAPTURE(storage);
    Gateway gateway(storage);
    gateway.start();
    for (int window = 0; window < 5; ++window) {
      const auto begin = std::chrono::steady_clock::now();
      CHECK(push(gateway, window).status == 200);
      CHECK(std::chrono::steady_clock::now() - begin < 5s);
      CHECK(gateway.rows() == window + 1);
    }
    CHECK(gateway.stop() == 0);
  }
}

TEST_CASE("ingest: whatever instant the gateway is killed at, what got its 200 is there once") {
  Gateway gateway;
  gateway.start();
  std::mutex mutex;
  std::set<int> answered;
  std::atomic<int> next{0};
  std::atomic<bool> enough{false};
  std::vector<std::jthread> devices;
  for (int device = 0; device < 4; ++device) {
    devices.emplace_back([&] {
      while (!enough) {
        const int window = next++;
        while (push(gateway, window).status != 200) {
          if (enough) return;
          std::this_thread::sleep_for(10ms);
        }
        const std::lock_guard lock(mutex);
        answered.insert(window);
      }
    });
  }
  const std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool>*)> end(
      &enough, [](std::atomic<bool>* stop) { *stop = true; });  // also when a check throws
  std::mt19937 random{std::random_device{}()};
  for (int kill = 0; kill < 6; ++kill) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(50, 350)(random)));
    gateway.kill();
    {
      // Nobody can write now, so what is not in the database yet was answered too early.
      const std::lock_guard lock(mutex);
      for (const int window : answered) {
        CHECK(gateway.rows(fmt::format("started_at = {}", count_ms(start_of(window)))) == 1);
      }
    }
    gateway.start();
  }
  enough = true;
  devices.clear();
  CHECK(gateway.stop() == 0);
  CHECK(answered.size() > 20);
  CHECK(gateway.rows() == static_cast<std::int64_t>(answered.size()));
}

TEST_CASE("ingest: the link is shown without its secret, refused senders included") {
  Gateway gateway;
  gateway.start();
  CHECK(push(gateway, 0).status == 200);
  auto wrong = gateway.url();
  wrong.back() = 'x';
  CHECK(ask(wrong, {}).status == 404);
  const auto status = gateway.say({"status", "--json"});
  CHECK(status.find("\"type\": \"http\"") != std::string::npos);
  CHECK(status.find("sends with wrong credentials") != std::string::npos);
  for (const auto& text :
       {status, gateway.say({"config", "show"}), gateway.say({"config", "check"}), gateway.log()}) {
    CHECK(text.find(kSecret) == std::string::npos);
    CHECK(text.find(std::string(kSecret).substr(0, 15)) == std::string::npos);
  }
}

TEST_CASE("ingest: devices may push to the page's own listener, under any name they know it by") {
  Gateway gateway("", true);
  gateway.start();
  HttpRequest request;
  request.body = message(0);
  request.headers = {"Host: counting.store.example"};
  CHECK(ask(gateway.url(), request).status == 200);
  CHECK(gateway.rows() == 1);
  const auto page = fmt::format("http://127.0.0.1:{}/api/health", gateway.port());
  CHECK(ask(page, {"GET"}).status == 200);
  HttpRequest stranger{"GET"};
  stranger.headers = request.headers;
  CHECK(ask(page, stranger).status == 421);
}

TEST_CASE(
    "ingest: an address that is taken stops nothing else, is named, and is taken over once it is free") {
  Gateway gateway;
  std::optional<HttpDevice> squatter;
  squatter.emplace([](const auto&) { return HttpDevice::Answer{answer(200, "not us")}; }, std::nullopt,
                   static_cast<std::uint16_t>(gateway.port()));
  gateway.spawn();
  CHECK(eventually(
      [&] { return gateway.log().find("choose another in [ingest] listen") != std::string::npos; }));
  CHECK(eventually([&] {
    return gateway.say({"status", "--json"}).find("another program uses this port") != std::string::npos;
  }));
  squatter.reset();
  CHECK(eventually([&] { return push(gateway, 0).status == 200; }));
  CHECK(gateway.rows() == 1);
}

TEST_CASE(
    "poll: the real gateway counts what a device answers, and says what is wrong with one that does not") {
  std::atomic<int> status{200};
  HttpDevice device([&](const HttpDevice::Request&) {
    return HttpDevice::Answer{status == 200 ? answer(200, message(7)) : answer(status, "")};
  });
  Gateway gateway;
  gateway.write("links.d/camera.conf",
                fmt::format("type = poll\nurl = {}\ndecoder = milesight-vs125\ninterval_seconds = 0.2\n",
                            device.url("/api?token=abcdef")));
  gateway.start();
  CHECK(eventually([&] { return gateway.rows() == 1; }));
  const int before = device.requests();
  CHECK(eventually([&] { return device.requests() > before + 2; }));
  CHECK(gateway.rows() == 1);  // the same window, said again
  status = 404;
  CHECK(eventually([&] {
    return gateway.say({"status", "--json"}).find("does not exist on the device") != std::string::npos;
  }));
  CHECK(gateway.log().find("abcdef") == std::string::npos);
  CHECK(gateway.stop() == 0);
}
