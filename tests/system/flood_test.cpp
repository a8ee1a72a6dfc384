// One device babbles as fast as it can; the others count on, in time, and nothing grows without bound.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/store/store.hpp"
#include "tests/support/eventually.hpp"
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

constexpr int kPerSecond = 20'000;
constexpr auto kLasting = 8s;
constexpr int kDevices = 5;

/// A device gone mad: QoS 0, no pause, straight into the socket, because no client library is fast enough.
class Babbler {
 public:
  explicit Babbler(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    // CONNECT: MQTT 3.1.1, clean session, no keep alive, client id "mad"
    REQUIRE(send(std::string("\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03mad", 17)));
  }
  ~Babbler() { ::close(fd_); }
  Babbler(const Babbler&) = delete;
  Babbler& operator=(const Babbler&) = delete;

  /// Returns how many messages went out.
  int run(std::chrono::steady_clock::duration lasting) {
    constexpr int kAtOnce = 100;
    std::string packets;
    for (int i = 0; i < kAtOnce; ++i) packets += packet();
    const auto begin = std::chrono::steady_clock::now();
    int sent = 0;
    while (std::chrono::steady_clock::now() - begin < lasting && send(packets)) {
      sent += kAtOnce;
      std::this_thread::sleep_until(begin + std::chrono::microseconds{1'000'000LL * sent / kPerSecond});
    }
    return sent;
  }

 private:
  static std::string packet() {
    const std::string topic = "bus/mad/telemetry";
    const std::string body = "{\"device_info\": \"" + std::string(80, '#');
    std::string packet = "\x30";
    const auto length = 2 + topic.size() + body.size();
    REQUIRE(length < 128);
    packet += static_cast<char>(length);
    packet += '\0';
    packet += static_cast<char>(topic.size());
    return packet + topic + body;
  }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  int fd_;
};

std::uintmax_t bytes_below(const fs::path& dir) {
  std::uintmax_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto size = entry->file_size(error);
    if (!error) sum += size;
    error.clear();
  }
  return sum;
}

}  // namespace

TEST_CASE("a device that floods the broker with garbage neither starves the others nor fills the disk") {
  const TempDir dir;
  const TempDir broker_dir;
  auto broker = Mosquitto::start(broker_dir.path());
  fs::create_directories(dir.path() / "links.d");
  std::ofstream(dir.path() / "gateway.conf") << fmt::format(
      "[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten =\n", dir.path().string());
  std::ofstream(dir.path() / "links.d" / "broker.conf")
      << "type = mqtt\nurl = " << broker.url() << "\nsubscribe = milesight-vs125 bus/+/telemetry\n";
  auto gateway = Process::spawn({LINTEL_BINARY, "run", "--config", (dir.path() / "gateway.conf").string()},
                                {}, dir.path() / "log");
  REQUIRE(eventually([&] { return text_of(dir.path() / "log").find("connected to") != std::string::npos; }));
  auto db =
      std::move(*store::Database::open(store::database_path(dir.path() / "state"), store::OpenMode::reader));
  Publisher devices(fmt::format("tcp://127.0.0.1:{}", broker.port()), "devices", 20, {});

  std::atomic<int> babbled{0};
  std::atomic<bool> over{false};
  std::thread mad([&] {
    babbled = Babbler(broker.port()).run(kLasting);
    over = true;
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto noon =
      UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
      48h;
  std::int64_t rows = 0;
  std::uintmax_t widest_spool = 0;
  std::chrono::milliseconds slowest{0};
  for (int round = 0; !over; ++round) {
    const auto before = std::chrono::steady_clock::now();
    for (int device = 0; device < kDevices; ++device) {
      Window window;
      window.start = noon + 60s * round;
      window.end = window.start + 60s;
      window.counted = {1, 0};
      devices.publish(fmt::format("bus/{}/telemetry", device),
                      vs125_payload(fmt::format("GOOD-{}", device), window, false), {});
      ++rows;
    }
    CHECK(devices.drain(20s));
    REQUIRE_MESSAGE(eventually([&] { return db.scalar("select count(*) from people_counting_raw") == rows; }),
                    text_of(dir.path() / "log"));
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::steady_clock::now() - before));
    widest_spool = std::max(widest_spool, bytes_below(dir.path() / "spool"));
  }
  mad.join();
  const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - begun;
  CHECK(eventually([&] { return db.scalar("select count(*) from people_counting_raw") == rows; }));
  const auto kept = db.scalar("select count(*) from quarantine");
  const auto database = bytes_below(dir.path() / "state");
  MESSAGE(fmt::format(
      "{:.0f} messages a second of garbage for {:.1f} s; {} readings of {} other devices, the slowest "
      "five after {} ms; quarantine {} frames, database {} KB, spool at most {} KB",
      babbled / lasted.count(), lasted.count(), rows, kDevices, slowest.count(), kept, database / 1000,
      widest_spool / 1000));
  CHECK(rows >= 10 * kDevices);
  CHECK(slowest < 6s);  // a tenth of the shortest window, whatever else runs on this machine
  CHECK(kept > 0);
  CHECK(kept <= store::Quarantine::kMostPerSource);
  CHECK(database < 16'000'000);
  CHECK(widest_spool < 32'000'000);
  gateway.kill(SIGTERM);
  CHECK(gateway.wait_for(20s) == 0);
}
