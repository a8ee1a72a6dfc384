#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/clock/machine.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/support/parts.hpp"

namespace lintel::support {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostFiles = 500;
constexpr const char* kJournal =
    "timeout 10 journalctl --unit lintel --lines 5000 --no-pager --output short-iso 2>&1";

/// Of a file that the kernel or the system keeps; empty where there is none.
std::string text_of(const fs::path& file) {
  std::ostringstream read;
  read << std::ifstream(file, std::ios::binary).rdbuf();
  auto text = read.str();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

json disk_of(const fs::path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return {{"path", path.string()}, {"error", "cannot be looked at"}};
  const auto block = static_cast<std::uint64_t>(info.f_frsize);
  return {{"path", path.string()},
          {"bytes", info.f_blocks * block},
          {"free_bytes", info.f_bavail * block},
          {"files", info.f_files},
          {"free_files", info.f_favail},
          {"read_only", (info.f_flag & ST_RDONLY) != 0}};
}

/// Names and sizes, never content: identity and tokens are among them.
json files_of(const fs::path& folder) {
  auto list = json::array();
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end && list.size() < kMostFiles; entry.increment(error)) {
    std::error_code gone;
    const auto size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    list.push_back({{"name", entry->path().string()}, {"bytes", gone ? 0 : size}});
  }
  return list;
}

json temperatures() {
  auto list = json::array();
  std::error_code error;
  for (fs::directory_iterator entry("/sys/class/thermal", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto text = text_of(entry->path() / "temp");
    if (!text.empty()) list.push_back({{"type", text_of(entry->path() / "type")}, {"millidegrees", text}});
  }
  return list;
}

}  // namespace

json describe_machine(const config::Config* config) {
  utsname name{};
  (void)::uname(&name);
  json all{{"kernel", fmt::format("{} {} {}", name.sysname, name.release, name.machine)},
           {"host", name.nodename},
           {"model", text_of("/proc/device-tree/model")},
           {"os_release", text_of("/etc/os-release")},
           {"tzdata", clock::tzdata_version()},
           {"time_by_this_machine", format_utc(clock::sample_machine().wall)},
           {"clock_synchronised", clock::sample_machine().synchronised},
           {"uptime", text_of("/proc/uptime")},
           {"load", text_of("/proc/loadavg")},
           {"memory", text_of("/proc/meminfo")},
           {"mounts", text_of("/proc/self/mounts")},
           {"temperatures", temperatures()},
           {"user", ::geteuid()}};
  auto disks = json::array({disk_of("/")}), files = json::array();
  if (config != nullptr) {
    for (const auto* folder : {&config->state_dir, &config->spool_dir}) disks.push_back(disk_of(*folder));
    files.push_back(files_of(config->state_dir));
    files.push_back(files_of(config->spool_dir));
    if (!config->file.empty()) files.push_back(files_of(config->file.parent_path()));
  }
  all["disks"] = std::move(disks);
  all["files"] = std::move(files);
  return all;
}

std::string journal() {
  if (::access("/usr/bin/journalctl", X_OK) != 0 && ::access("/bin/journalctl", X_OK) != 0)
    return "There is no journalctl on this machine: logs are where the gateway's standard error leads.\n";
  // A fixed command: nothing of it comes from outside.
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(kJournal, "r"), ::pclose);  // NOLINT(cert-env33-c)
  if (!pipe) return "journalctl could not be started.\n";
  std::string text;
  std::array<char, 16384> piece{};
  for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;)
    text.append(piece.data(), got);
  return text.empty() ? "journalctl has nothing of the unit lintel.\n" : text;
}

}  // namespace lintel::support
