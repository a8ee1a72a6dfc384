// Serial ports, without opening any: that resets some devices, and takes bytes from whoever reads.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "gateway/config/device.hpp"
#include "gateway/doctor/examination.hpp"

namespace lintel::doctor {

namespace {

namespace fs = std::filesystem;

struct User {
  pid_t pid = 0;
  std::string name;
};

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

bool holds(const fs::path& process, dev_t device) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat info {};
    if (::stat(entry->path().c_str(), &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == device)
      return true;
  }
  return false;
}

/// The processes that have the port open, as far as this user may see.
std::vector<User> users_of(dev_t device) {
  std::vector<User> users;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc() || rest != name.data() + name.size() || pid == ::getpid()) continue;
    if (holds(entry->path(), device)) users.push_back({pid, first_line(entry->path() / "comm")});
  }
  return users;
}

/// What is plugged in, by the names that stay.
std::string plugged_in() {
  std::vector<std::string> names;
  for (const auto* folder : {"/dev/serial/by-id", "/dev/serial/by-path"}) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
      names.push_back(entry->path().string());
    if (!names.empty()) break;
  }
  std::sort(names.begin(), names.end());
  return names.empty() ? "No serial adapter is plugged in."
                       : fmt::format("Plugged in are: {}.", fmt::join(names, ", "));
}

Check missing(const std::string& name, const fs::path& device) {
  return {name, Outcome::problem,
          fmt::format("{} is not there: it is unplugged, or has another name", device.string()),
          fmt::format("Plug the adapter in, or correct device in its file in links.d. {}", plugged_in())};
}

Check check_port(const config::Link& link) {
  const auto name = "port:" + link.name;
  struct stat info {};
  if (::stat(link.device.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return missing(name, link.device);
    return {name, Outcome::problem,
            fmt::format("{} cannot be looked at: {}", link.device.string(),
                        std::generic_category().message(errno)),
            "Run this as root, or as the gateway's user."};
  }
  if (!S_ISCHR(info.st_mode)) {
    return {name, Outcome::problem, fmt::format("{} is no serial port", link.device.string()),
            "Correct device in its file in links.d. " + plugged_in()};
  }
  const auto port = config::port_of(link.device);
  auto text = port == link.device ? link.device.string()
                                  : fmt::format("{} ({})", link.device.string(), port.string());
  if (::access(link.device.c_str(), R_OK | W_OK) != 0) {
    return {name, Outcome::problem, text + " may not be opened by this user",
            "Put the gateway's user into the group of the port (ls -l shows it; on Debian it is dialout)."};
  }
  std::vector<std::string> others;
  bool ours = false;
  for (const auto& user : users_of(info.st_rdev)) {
    if (user.name == "lintel") {
      ours = true;
    } else {
      others.push_back(fmt::format("{} (process {})", user.name, user.pid));
    }
  }
  if (!others.empty()) {
    return {name, Outcome::problem,
            fmt::format("{} is used by {}, which takes bytes away from the gateway", text,
                        fmt::join(others, ", ")),
            "End that program. ModemManager: systemctl disable --now ModemManager."};
  }
  return {name, Outcome::ok, text + (ours ? ", read by the gateway" : ", used by nobody now"), ""};
}

}  // namespace

void check_ports(Examination& it, const Tell& tell) {
  bool any = false;
  for (const auto& link : it.config().links) {
    if (link.type != config::Link::Type::serial && link.type != config::Link::Type::modbus) continue;
    any = true;
    tell(check_port(link));
  }
  if (!any) tell({"port", Outcome::skipped, "no link in links.d is of type = serial or modbus", ""});
}

}  // namespace lintel::doctor
