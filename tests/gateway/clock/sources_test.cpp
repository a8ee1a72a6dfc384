// Where the time comes from: timelines of a boot, and of boots that never had one.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "gateway/clock/bounds.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/clock/zone.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using clock::Source;

namespace {

constexpr UtcMs kBuilt{Millis{1'700'000'000'000}};
const UtcMs kTrue = utc_ms(1'785'000'000'000);
constexpr BootId kBoot{1};

/// A machine whose clock shows `off` more than the truth.
struct Machine {
  BootTime boot = 100s;
  Millis off{0};
  bool synchronised = false;

  [[nodiscard]] UtcMs truth() const { return kTrue + std::chrono::floor<Millis>(boot); }
  clock::WallClock clock(bool trusted, UtcMs not_before = {}) {
    return {kBoot, {}, {kBuilt, trusted, not_before}, [this] {
              return clock::Sample{truth() + off, boot, synchronised, Millis{30}};
            }};
  }
};

clock::Boot boot(std::uint8_t n, BootTime ran, std::optional<UtcMs> began = {}) {
  clock::Boot made{BootId{n}, {}, ran};
  if (began) made.offset = {Millis{count_ms(*began)}, Source::ntp, {}};
  return made;
}

}  // namespace

TEST_CASE("clock: a machine's clock that is not trusted is used only once NTP has set it") {
  Machine machine;
  auto wall = machine.clock(false);
  (void)wall.observe();
  CHECK_FALSE(wall.now());
  CHECK_FALSE(wall.arrival(kBoot, 90s));
  machine.boot = 3600s;
  machine.synchronised = true;
  CHECK(wall.observe());
  CHECK(wall.at(kBoot, 90s) == kTrue + 90s);  // also what came before
  CHECK(wall.current().uncertainty == Millis{30});
  CHECK_FALSE(wall.take_replaced());
}

TEST_CASE("clock: HQ's Date is the time where nothing else is, and NTP knows better") {
  Machine machine;
  machine.off = -std::chrono::days{20'000};
  auto wall = machine.clock(true);
  (void)wall.observe();
  CHECK_FALSE(wall.now());
  CHECK_FALSE(wall.offer(kBuilt - 1s, machine.boot, 600ms));
  CHECK_FALSE(wall.now());
  CHECK(wall.offer(machine.truth() + 400ms, machine.boot, 600ms));
  CHECK(wall.current().source == Source::https);
  CHECK(wall.current().uncertainty == Millis{600});
  CHECK(wall.now() == machine.truth() + 400ms);
  CHECK_FALSE(wall.arrival(kBoot, 90s)->unconfirmed);
  machine.off = 0ms;
  machine.synchronised = true;
  CHECK(wall.observe());
  CHECK(wall.current().source == Source::ntp);
  CHECK(wall.now() == machine.truth());
  CHECK_FALSE(wall.take_replaced());
}

TEST_CASE("clock: a better source that agrees confirms, one that does not says by how much") {
  for (const Millis off :
       {Millis{0}, Millis{700}, Millis{std::chrono::days{7}}, -Millis{std::chrono::days{7}}}) {
    CAPTURE(off.count());
    for (const bool ntp : {true, false}) {
      Machine machine;
      machine.off = off;
      auto wall = machine.clock(true);
      (void)wall.observe();
      CHECK(wall.arrival(kBoot, 90s)->unconfirmed);
      if (ntp) {
        machine.off = 0ms;
        machine.synchronised = true;
        CHECK(wall.observe());
      } else {
        CHECK(wall.offer(machine.truth(), machine.boot, 600ms));
      }
      CHECK_FALSE(wall.arrival(kBoot, 90s)->unconfirmed);
      const auto replaced = wall.take_replaced();
      CHECK(replaced.has_value() == (off != 0ms && off != 700ms));
      if (replaced) CHECK(replaced->by() == -off);
      CHECK_FALSE(wall.take_replaced());
    }
  }
}

TEST_CASE("clock: without NTP the crystal's drift is followed, a Date that jumps is not") {
  Machine machine;
  auto wall = machine.clock(false);
  CHECK(wall.offer(machine.truth(), machine.boot, 600ms));
  machine.boot += 6h;
  CHECK(wall.offer(machine.truth() + 1500ms, machine.boot, 600ms));
  CHECK(wall.now() == machine.truth() + 1500ms);
  CHECK_FALSE(wall.offer(machine.truth() + 2h, machine.boot, 600ms));
  CHECK(wall.now() == machine.truth() + 1500ms);
}

TEST_CASE("clock: a clock that stands before what an earlier boot knew for certain is not believed") {
  Machine machine;
  machine.off = -24h;
  auto wall = machine.clock(true, kTrue - 1h);
  (void)wall.observe();
  CHECK_FALSE(wall.now());
  machine.off = 0ms;
  (void)wall.observe();
  CHECK(wall.now() == machine.truth());
}

TEST_CASE("bounds: three boots without a time lie in order between their neighbours, and the way is stated") {
  const std::vector<clock::Boot> boots{boot(1, 1h, kTrue), boot(2, 30min), boot(3, 10min), boot(4, 20min),
                                       boot(5, 1min, kTrue + 4h)};
  const auto placed = clock::place_between(boots, kBuilt);
  REQUIRE(placed.size() == 3);
  UtcMs before = kTrue + 1h;  // when the first ended
  for (const auto& one : placed) {
    const UtcMs begin{one.offset.offset};
    CHECK(one.offset.source == Source::bounds);
    CHECK(begin >= before);
    before = begin + std::chrono::floor<Millis>(one.last);
    // Two hours of the four nobody was running: wherever they lay, the truth is within the uncertainty.
    CHECK(*one.offset.uncertainty >= 1h);
    CHECK(*one.offset.uncertainty <= 2h);
  }
  CHECK(before <= kTrue + 4h);
}

TEST_CASE("bounds: a running boot waits, a first one leans on the next, and no room means next to it") {
  CHECK(clock::place_between({boot(1, 1h, kTrue), boot(2, 1h)}, kBuilt).empty());
  const auto first = clock::place_between({boot(1, 1h), boot(2, 1s, kTrue)}, kBuilt);
  REQUIRE(first.size() == 1);
  CHECK(first[0].offset.offset == Millis{count_ms(kTrue - 1h)});
  CHECK(*first[0].offset.uncertainty == kTrue - 1h - kBuilt);
  const auto tight = clock::place_between({boot(1, 1h, kTrue), boot(2, 2h), boot(3, 1s, kTrue + 2h)}, kBuilt);
  REQUIRE(tight.size() == 1);
  CHECK(tight[0].offset.offset == Millis{count_ms(kTrue)});
  CHECK(*tight[0].offset.uncertainty == Millis{0});
}

TEST_CASE("machine: only a board without a clock chip that kept the time is not trusted") {
  namespace fs = std::filesystem;
  const auto put = [](const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  };
  const test::TempDir dir;
  const auto& root = dir.path();
  CHECK(clock::system_clock_trust(root, kBuilt).trusted);  // a PC or a container
  put(root / "proc/device-tree/model", "Raspberry Pi 4 Model B");
  CHECK_FALSE(clock::system_clock_trust(root, kBuilt).trusted);
  put(root / "sys/class/rtc/rtc0/hctosys", "1\n");
  put(root / "sys/class/rtc/rtc0/since_epoch", "86400\n");  // a Pi 5 without the battery
  CHECK_FALSE(clock::system_clock_trust(root, kBuilt).trusted);
  put(root / "sys/class/rtc/rtc0/since_epoch", "1785000000\n");
  CHECK(clock::system_clock_trust(root, kBuilt).trusted);
  put(root / "sys/class/rtc/rtc0/hctosys", "0\n");  // it came up too late for the kernel to read it
  CHECK_FALSE(clock::system_clock_trust(root, kBuilt).trusted);
  put(root / "proc/cpuinfo", "flags : fpu hypervisor sse\n");
  CHECK(clock::system_clock_trust(root, kBuilt).trusted);
}

TEST_CASE("zones: the hour that occurs twice has two instants, every other one") {
  const auto berlin = clock::Zone::find("Europe/Berlin");
  REQUIRE(berlin);
  const UtcMs twice = std::chrono::sys_days{std::chrono::year{2026} / 10 / 25} + 2h + 30min;
  CHECK(berlin->instants(twice) == std::pair(twice - 2h, twice - 1h));
  CHECK(berlin->instants(twice + 1h) == std::pair(twice, twice));
}
