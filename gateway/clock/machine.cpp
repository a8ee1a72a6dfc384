#include "gateway/clock/machine.hpp"

#include <sys/timex.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string_view>

namespace lintel::clock {

namespace fs = std::filesystem;

namespace {

int hex_digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Fault injection for tests: a file "ID AHEAD SYNCHRONISED", with the boot's id in hex, the seconds that the
/// boot clock runs ahead, and 1 where the kernel's clock is to count as set by NTP. Read at each look.
struct Injected {
  std::string boot;
  std::int64_t ahead = 0;
  int synchronised = 0;
};

const char* injection() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, and nobody writes the environment
  static const char* const file = std::getenv("LINTEL_INJECT_CLOCK");
  return file;
}

Injected injected() {
  Injected now;
  std::ifstream(injection()) >> now.boot >> now.ahead >> now.synchronised;
  return now;
}

BootId from_hex(std::FILE* file) {
  BootId id{};
  for (std::size_t nibble = 0; nibble < 2 * id.size();) {
    const int c = std::fgetc(file);
    if (c == EOF) break;
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    id[nibble / 2] = static_cast<std::uint8_t>(id[nibble / 2] << 4 | digit);
    ++nibble;
  }
  return id;
}

std::string word_in(const fs::path& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

/// A clock chip from which the kernel took the time at boot, and whose own time can be one.
bool has_clock_chip(const fs::path& root, UtcMs build_date) {
  std::error_code error;
  for (const auto& chip : fs::directory_iterator(root / "sys/class/rtc", error)) {
    if (word_in(chip.path() / "hctosys") != "1") continue;
    const auto shown = std::strtoll(word_in(chip.path() / "since_epoch").c_str(), nullptr, 10);
    if (utc_ms(shown * 1000) >= build_date) return true;
  }
  return false;
}

bool is_virtual(const fs::path& root) {
  if (fs::exists(root / "sys/hypervisor/type") || fs::exists(root / "proc/device-tree/hypervisor"))
    return true;
  std::ifstream cpus(root / "proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.starts_with("flags") && (line + ' ').find(" hypervisor ") != std::string::npos) return true;
  }
  const auto vendor = word_in(root / "sys/class/dmi/id/sys_vendor");
  return vendor == "QEMU" || vendor == "VMware," || vendor == "innotek" || vendor == "Xen" ||
         vendor == "Amazon" || vendor == "Google";
}

}  // namespace

BootId boot_id() {
  if (injection() != nullptr) {
    auto hex = injected().boot;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> text(fmemopen(hex.data(), hex.size(), "r"),
                                                               &std::fclose);
    return from_hex(text.get());
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen("/proc/sys/kernel/random/boot_id", "re"), &std::fclose);
  return file ? from_hex(file.get()) : BootId{};
}

BootTime boot_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  const BootTime now = std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  return injection() == nullptr ? now : now + std::chrono::seconds{injected().ahead};
}

Sample sample_machine() {
  Sample sample;
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  sample.boot = boot_now();
  sample.wall = utc_ms(static_cast<std::int64_t>(wall.tv_sec) * 1000 + wall.tv_nsec / 1'000'000);
  timex state{};
  const int answer = adjtimex(&state);
  sample.synchronised = answer != -1 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  if (injection() != nullptr) sample.synchronised = injected().synchronised != 0;
  if (sample.synchronised) sample.max_error = Millis{state.maxerror / 1000 + 1};
  return sample;
}

UtcMs build_date() {
#ifdef LINTEL_SOURCE_DATE  // a build that shall come out the same again states when the source was made
  return utc_ms(std::int64_t{LINTEL_SOURCE_DATE} * 1000);
#else
  // __DATE__ is "Nov 21 2026".
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string_view date = __DATE__;
  const auto month = static_cast<unsigned>(kMonths.find(date.substr(0, 3)) / 3 + 1);
  const auto day = static_cast<unsigned>(std::atoi(date.substr(4, 2).data()));
  const int year = std::atoi(date.substr(7, 4).data());
  const std::chrono::sys_days built{std::chrono::year{year} / month / day};
  return UtcMs{built.time_since_epoch()} - std::chrono::days{1};
#endif
}

Trust system_clock_trust(const fs::path& root, UtcMs build_date) {
  if (has_clock_chip(root, build_date)) return {true, "the machine has a clock chip"};
  if (is_virtual(root)) return {true, "the machine is virtual, its host gives it the time"};
  if (!fs::exists(root / "proc/device-tree/model")) return {true, "the machine is no board without a clock"};
  return {false, "this board has no clock chip with a time in it"};
}

}  // namespace lintel::clock
