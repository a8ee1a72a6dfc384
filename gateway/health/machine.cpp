#include "gateway/health/machine.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace lintel::health {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr BootTime kBetweenLooks = 10s;
constexpr BootTime kBetweenSamples = 1h;
constexpr BootTime kDay = 24h;
constexpr BootTime kShortest = 10min;  // less says nothing of a day
constexpr std::uint64_t kSector = 512;

std::optional<std::string> first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return std::nullopt;
  return line;
}

template <typename Number>
std::optional<Number> number(const fs::path& file, int base = 10) {
  const auto line = first_line(file);
  if (!line) return std::nullopt;
  try {
    return static_cast<Number>(std::stoll(*line, nullptr, base));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// The first file of this name in the folders below `folder`.
fs::path below(const fs::path& folder, const char* name) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (fs::exists(entry->path() / name, error)) found.push_back(entry->path() / name);
  }
  std::sort(found.begin(), found.end());
  return found.empty() ? fs::path() : found.front();
}

/// hwmon's undervoltage alarm is only of interest where it is the board's.
fs::path voltage_alarm(const fs::path& root) {
  std::error_code error;
  for (fs::directory_iterator entry(root / "sys/class/hwmon", error), end; !error && entry != end;
       entry.increment(error)) {
    if (first_line(entry->path() / "name") == "rpi_volt") return entry->path() / "in0_lcrit_alarm";
  }
  return {};
}

}  // namespace

MachineWatch::MachineWatch(fs::path root, fs::path state_dir)
    : root_(std::move(root)),
      state_dir_(std::move(state_dir)),
      throttled_(below(root_ / "sys/devices/platform/soc", "get_throttled")),
      alarm_(voltage_alarm(root_)) {}

const Machine& MachineWatch::look(BootTime now) {
  if (looked_ && now - *looked_ < kBetweenLooks) return machine_;
  looked_ = now;
  machine_.temperature.reset();
  if (const auto zone = below(root_ / "sys/class/thermal", "temp"); !zone.empty()) {
    if (const auto milli = number<double>(zone)) machine_.temperature = *milli / 1000;
  }
  look_at_power();
  look_at_file_system();
  look_at_writes(now);
  return machine_;
}

void MachineWatch::look_at_power() {
  machine_.undervoltage.reset();
  if (!throttled_.empty()) {
    if (const auto bits = number<std::uint32_t>(throttled_, 16)) {
      machine_.undervoltage = (*bits & 1u) != 0;
      machine_.undervoltage_before = (*bits & (1u << 16)) != 0;
      return;
    }
  }
  if (alarm_.empty()) return;
  if (const auto alarm = number<int>(alarm_)) {
    machine_.undervoltage = *alarm != 0;
    machine_.undervoltage_before = machine_.undervoltage_before.value_or(false) || *alarm != 0;
  }
}

void MachineWatch::look_at_file_system() {
  struct ::statvfs space {};
  machine_.read_only.reset();
  machine_.inodes_free.reset();
  if (::statvfs(state_dir_.c_str(), &space) != 0) return;
  machine_.read_only = (space.f_flag & ST_RDONLY) != 0;
  if (space.f_files > 0)
    machine_.inodes_free = static_cast<double>(space.f_favail) / static_cast<double>(space.f_files);
}

std::optional<std::uint64_t> MachineWatch::bytes_written() const {
  struct ::stat file {};
  if (::stat(state_dir_.c_str(), &file) != 0) return std::nullopt;
  const auto disk =
      first_line(root_ / fmt::format("sys/dev/block/{}:{}/stat", major(file.st_dev), minor(file.st_dev)));
  if (!disk) return std::nullopt;
  std::istringstream fields(*disk);
  std::uint64_t field = 0;
  for (int i = 0; i < 7; ++i) {
    if (!(fields >> field)) return std::nullopt;
  }
  return field * kSector;
}

void MachineWatch::look_at_writes(BootTime now) {
  const auto bytes = bytes_written();
  if (!bytes || (!written_.empty() && *bytes < written_.back().bytes)) written_.clear();  // another disk
  machine_.written_day.reset();
  machine_.measured = {};
  if (!bytes) return;
  if (written_.empty() || now - written_.back().at >= kBetweenSamples) written_.push_back({now, *bytes});
  while (written_.size() > 1 && now - written_[1].at >= kDay) written_.pop_front();
  const auto span = now - written_.front().at;
  if (span < kShortest) return;
  machine_.measured = std::chrono::floor<std::chrono::seconds>(span);
  const double share = std::chrono::duration<double>(kDay) / std::chrono::duration<double>(span);
  machine_.written_day =
      static_cast<std::uint64_t>(static_cast<double>(*bytes - written_.front().bytes) * share);
}

}  // namespace lintel::health
