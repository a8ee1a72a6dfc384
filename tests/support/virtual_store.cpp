#include "tests/support/virtual_store.hpp"

#include <condition_variable>
#include <memory>

#include <fmt/format.h>

#include "tests/support/virtual_store_publisher.hpp"

namespace lintel::test {

namespace {

constexpr const char* kSerialTopic = "door3";
constexpr const char* kSerialLine = "door";

UtcMs now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

/// False when the stop came first.
bool wait_until(UtcMs at, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, at, [] { return false; });
  return !stop.stop_requested();
}

void add(Passages& sum, const Passages& more) {
  sum.in += more.in;
  sum.out += more.out;
}

}  // namespace

VirtualStore::VirtualStore(VirtualStoreOptions options)
    : options_(std::move(options)), ledger_(options_.ledger), tty_(options_.tty) {
  const std::string main = "6537F28545220003";
  const std::string side = "6767E21831900021";
  doors_ = {
      {main, "bus/001/door1/telemetry", [main](const Window& w) { return vs125_payload(main, w, true); },
       1.0},
      {side, "em/" + side + "/status", [side](const Window& w) { return vs133_payload(side, w); }, 0.5}};
}

VirtualStore::~VirtualStore() {
  for (auto& thread : mqtt_threads_) thread.request_stop();
  serial_thread_.request_stop();
}

void VirtualStore::open() {
  opened_ = std::chrono::ceil<std::chrono::seconds>(now());
  std::uint64_t seed = options_.seed;
  for (const auto& door : doors_) {
    mqtt_threads_.emplace_back(
        [this, &door, seed](std::stop_token stop) { run_mqtt_door(door, seed, std::move(stop)); });
    ++seed;
  }
  serial_thread_ =
      std::jthread([this, seed](std::stop_token stop) { run_serial_door(seed, std::move(stop)); });
}

void VirtualStore::close() {
  closed_ = true;
  for (auto& thread : mqtt_threads_) thread.join();
  mqtt_threads_.clear();
  serial_settled_.wait(false);
}

void VirtualStore::run_mqtt_door(const Door& door, std::uint64_t seed, std::stop_token stop) {
  // Not stopped by a lost broker: only the end of the object gives a message up.
  Publisher publisher(options_.broker, "virtual-" + door.serial, 1, stop);
  People people(options_.peak_per_hour * door.share, seed);
  Window window{opened_, opened_, {}, {8442, 15583}, 330};
  while (!closed_ && !stop.stop_requested()) {
    window.start = window.end;
    window.end += options_.window;
    if (!wait_until(window.end, stop)) return;
    window.counted = people.pass(store_hour(window.start), store_span(options_.window));
    add(window.totals, window.counted);
    window.uptime_seconds += options_.window.count();
    const Sent sent{door.serial,
                    "1",
                    "interval",
                    count_ms(window.start),
                    Millis(options_.window).count(),
                    window.counted.in,
                    window.counted.out};
    if (!publisher.publish(door.topic, door.payload(window), [this, sent] { ledger_.append(sent); })) return;
    while (!publisher.drain(options_.window)) {
      if (stop.stop_requested()) return;
    }
  }
}

void VirtualStore::run_serial_door(std::uint64_t seed, std::stop_token stop) {
  // A counter has to be heard once before its rise can be counted, so the board speaks before people come.
  constexpr int kBeforeOpening = 2;
  People people(options_.peak_per_hour * 0.4, seed);
  Passages totals{1204, 1198};
  Passages unsaid;
  int heard = 0;
  for (UtcMs at = opened_; wait_until(at, stop); at += options_.window) {
    const bool last = closed_;
    if (heard >= kBeforeOpening && !last) {
      const Passages passed = people.pass(store_hour(at), store_span(options_.window));
      add(totals, passed);
      add(unsaid, passed);
    }
    if (!tty_.write_line(tasmota_console_line(kSerialTopic, at, totals))) continue;
    ++heard;
    if (unsaid.in != 0 || unsaid.out != 0)
      ledger_.append({kSerialTopic, kSerialLine, "total", count_ms(at), 0, unsaid.in, unsaid.out});
    unsaid = {};
    if (last) {
      serial_settled_ = true;
      serial_settled_.notify_all();
    }
  }
}

double VirtualStore::store_hour(UtcMs at) const {
  const std::chrono::duration<double> passed = at - opened_;
  return options_.start_hour + passed.count() * options_.compress / 3600.0;
}

std::chrono::duration<double> VirtualStore::store_span(Millis span) const {
  return std::chrono::duration<double>(span) * options_.compress;
}

}  // namespace lintel::test
