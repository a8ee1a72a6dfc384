#include "tests/bench/gateway_bench.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_publisher.hpp"

namespace lintel::bench {

namespace {

constexpr int kSensors = 20;
constexpr std::size_t kUnderWay = 500;
constexpr std::chrono::seconds kPatience{120};
constexpr std::chrono::minutes kWindow{1};

std::filesystem::path make_spool() {
  std::string name = "/dev/shm/lintel-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory in /dev/shm");
  return name;
}

/// The windows of all sensors one after the other, in the last five weeks.
test::Window window_of(std::int64_t index) {
  static const auto kBegin =
      std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()) - std::chrono::days(36);
  test::Window window;
  window.start = UtcMs{kBegin.time_since_epoch()} + kWindow * (index / kSensors);
  window.end = window.start + kWindow;
  window.counted = {index % 7, index % 5};
  window.totals = {index, index};
  return window;
}

}  // namespace

GatewayBench::GatewayBench(const std::string& listen)
    : spool_(make_spool()), broker_(test::Mosquitto::start(dir_.path())) {
  configure(listen);
}

GatewayBench::~GatewayBench() {
  process_ = {};
  std::error_code ignored;
  std::filesystem::remove_all(spool_, ignored);
}

void GatewayBench::configure(const std::string& listen) {
  std::filesystem::create_directories(dir() / "links.d");
  std::ofstream(dir() / "gateway.conf")
      << fmt::format("[gateway]\nstate_dir = {}/state\nspool_dir = {}\n[status]\nlisten = {}\n",
                     dir().string(), spool_.string(), listen);
  std::ofstream(dir() / "links.d" / "broker.conf")
      << fmt::format("type = mqtt\nurl = {}\nsubscribe = milesight-vs125 bench/+\n", broker_.url());
}

std::string GatewayBench::broker_url() const {
  return fmt::format("tcp://127.0.0.1:{}", broker_.port());
}

void GatewayBench::start() {
  std::filesystem::remove(dir() / "log");
  process_ = test::Process::spawn({LINTEL_BINARY, "run", "--config", (dir() / "gateway.conf").string()}, {},
                                  dir() / "log");
}

void GatewayBench::stop() {
  process_.kill(SIGTERM);
  process_.wait();
}

void GatewayBench::publish(int count, int per_second) {
  test::Publisher publisher(broker_url(), "bench-sensors", kUnderWay, {});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i, ++published_) {
    if (per_second > 0)
      std::this_thread::sleep_until(begin + std::chrono::nanoseconds(1'000'000'000LL * i / per_second));
    const auto serial = fmt::format("BENCH-{:04}", published_ % kSensors);
    publisher.publish("bench/" + serial, test::vs125_payload(serial, window_of(published_), true), {});
  }
  if (!publisher.drain(kPatience)) throw std::runtime_error("the broker did not acknowledge everything");
}

std::int64_t GatewayBench::ask(const char* question) {
  if (!reader_) {
    auto db = store::Database::open(dir() / "state" / "lintel.db", store::OpenMode::reader);
    if (!db) return 0;
    reader_ = std::move(*db);
  }
  try {
    return reader_->scalar(question);
  } catch (const store::SqliteError&) {
    return 0;  // not migrated yet
  }
}

std::int64_t GatewayBench::readings() {
  return ask("select count(*) from people_counting_raw");
}

void GatewayBench::wait_for_all() {
  // Counting rows all the time would take the processor that is being measured; the highest number is free.
  const auto highest = [this] { return ask("select max(change_no) from people_counting_raw"); };
  if (!test::eventually([&] { return highest() >= published_ && readings() >= published_; }, kPatience))
    throw std::runtime_error(fmt::format("{} of {} readings were stored; the gateway says: {}", readings(),
                                         published_, test::text_of(dir() / "log")));
}

}  // namespace lintel::bench
