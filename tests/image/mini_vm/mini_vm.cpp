#include "tests/image/mini_vm/mini_vm.hpp"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"

namespace lintel::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kBootLimit = 300s;  // emulated, without KVM

void run(const fs::path& log, const std::vector<std::string>& command) {
  if (Process::spawn(command, {}, log).wait() != 0)
    throw std::runtime_error(fmt::format("{} failed: {}", command.front(), text_of(log)));
}

}  // namespace

MiniVm::MiniVm(fs::path dir, const std::string& gateway, const fs::path& config_dir) : dir_(std::move(dir)) {
  const auto log = dir_ / "prepare.log";
  run(log, {LINTEL_IMAGE_TESTS "/fetch_kernel", LINTEL_KERNEL_DIR});
  run(log, {LINTEL_IMAGE_TESTS "/pack_guest", (dir_ / "guest.gz").string(), LINTEL_KERNEL_DIR, gateway,
            config_dir.string()});
  run(log, {"truncate", "-s", "64M", (dir_ / "disk").string()});
  run(log, {"/sbin/mkfs.ext4", "-q", "-F", "-b", "4096", (dir_ / "disk").string()});
}

void MiniVm::boot(const std::vector<std::string>& words) {
  const auto socket = (dir_ / "disk.sock").string();
  fs::remove(socket);
  fs::remove(dir_ / "console");
  disk_ = Process::spawn({"nbdkit", "--foreground", "--unix", socket, "--filter=cache", "file",
                          (dir_ / "disk").string(), "cache=writeback"},
                         {"TMPDIR=" + dir_.string()}, dir_ / "disk.log");
  if (!eventually([&] { return fs::exists(socket); }))
    throw std::runtime_error("nbdkit does not start: " + text_of(dir_ / "disk.log"));
  port_ = free_port();
  std::string line = "console=ttyS0 quiet panic=-1 tsc=unstable";
  for (const auto& word : words) line += " " + word;
  machine_ =
      Process::spawn({"qemu-system-x86_64",
                      "-M",
                      "pc,accel=tcg",
                      "-m",
                      "256",
                      "-nodefaults",
                      "-display",
                      "none",
                      "-no-reboot",
                      "-kernel",
                      LINTEL_KERNEL_DIR "/vmlinuz",
                      "-initrd",
                      (dir_ / "guest.gz").string(),
                      "-append",
                      line,
                      "-serial",
                      "file:" + (dir_ / "console").string(),
                      "-drive",
                      fmt::format("file=nbd+unix:///?socket={},format=raw,if=virtio,cache=none", socket),
                      "-netdev",
                      fmt::format("user,id=net,hostfwd=tcp:127.0.0.1:{}-:8081", port_),
                      "-device",
                      "virtio-net-pci,netdev=net,romfile=",
                      "-device",
                      "virtio-serial-pci",
                      "-chardev",
                      "pty,id=sensor",
                      "-device",
                      "virtconsole,chardev=sensor"},
                     {}, dir_ / "machine.log");
  const bool up = eventually(
      [&] { return !machine_.running() || console().find("STARTING") != std::string::npos; }, kBootLimit);
  if (!up || !machine_.running())
    throw std::runtime_error("the machine does not boot: " + text_of(dir_ / "machine.log") + console());
}

void MiniVm::cut() {
  disk_.kill(SIGKILL);
  machine_.kill(SIGKILL);
  disk_.wait();
  machine_.wait();
}

std::string MiniVm::console() const {
  return text_of(dir_ / "console");
}

std::vector<std::string> MiniVm::said(const std::string& word) const {
  std::istringstream lines(console());
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.starts_with(word + " ")) found.push_back(line.substr(word.size() + 1));
  }
  return found;
}

fs::path MiniVm::sensor_line() const {
  const auto log = text_of(dir_ / "machine.log");
  const auto at = log.rfind("/dev/pts/");
  if (at == std::string::npos) throw std::runtime_error("qemu names no pseudo terminal: " + log);
  return log.substr(at, log.find(' ', at) - at);
}

}  // namespace lintel::test
