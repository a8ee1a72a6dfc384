// What the gateway writes to: the disk of its database, and the spool.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "gateway/doctor/examination.hpp"

namespace lintel::doctor {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLittle = 200ull << 20;
constexpr std::uint64_t kTooLittle = 20ull << 20;
constexpr std::uint64_t kFewFiles = 100;
constexpr long kTmpfs = 0x01021994;

/// Writes a block to a file without a name and flushes it: nothing stays behind. Zero, or errno.
int try_to_write(const fs::path& dir) {
  const int fd = ::open(dir.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  const std::array<char, 4096> block{};
  const auto wrote = ::write(fd, block.data(), block.size());
  int why = wrote == static_cast<ssize_t>(block.size()) ? 0 : wrote < 0 ? errno : ENOSPC;
  if (why == 0 && ::fsync(fd) != 0) why = errno;
  ::close(fd);
  return why;
}

Check of_refusal(const char* name, const fs::path& dir, int why) {
  const auto what =
      fmt::format("{} cannot be written to: {}", dir.string(), std::generic_category().message(why));
  switch (why) {
    case EROFS:
      return {name, Outcome::problem, what,
              "The file system is read-only. Linux makes it so when a card fails: copy what is there, "
              "replace the "
              "card; `dmesg` tells more."};
    case ENOSPC:
    case EDQUOT:
      return {name, Outcome::problem, what,
              "The disk is full: remove what does not belong to the gateway, or fit a larger card. Counting "
              "goes on "
              "in memory meanwhile."};
    case EACCES:
    case EPERM:
      if (::geteuid() != 0) {
        return {name, Outcome::skipped,
                fmt::format("this user may not write to {}: run it as root or as the gateway's user",
                            dir.string()),
                ""};
      }
      break;
    default: break;
  }
  return {name, Outcome::problem, what, "Check the disk: `dmesg` tells what the kernel thinks of it."};
}

/// The folder itself, or the nearest one above it that exists.
fs::path existing(fs::path dir) {
  std::error_code error;
  while (!fs::exists(dir, error) && dir.has_parent_path() && dir != dir.parent_path())
    dir = dir.parent_path();
  return dir;
}

bool in_memory(const fs::path& dir) {
  struct statfs info {};
  return ::statfs(dir.c_str(), &info) == 0 && info.f_type == kTmpfs;
}

std::uint64_t size_of_files(const fs::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (const auto size = entry->file_size(gone); !gone) bytes += size;
  }
  return bytes;
}

}  // namespace

void check_disk(Examination& it, const Tell& tell) {
  const auto& wanted = it.config().state_dir;
  const auto dir = existing(wanted);
  struct statvfs info {};
  if (::statvfs(dir.c_str(), &info) != 0) {
    tell({"disk", Outcome::problem,
          fmt::format("{} cannot be looked at: {}", dir.string(), std::generic_category().message(errno)),
          "Check that the disk is mounted, and run this as root."});
    return;
  }
  if ((info.f_flag & ST_RDONLY) != 0) return tell(of_refusal("disk", dir, EROFS));
  if (const int why = try_to_write(dir); why != 0 && why != EOPNOTSUPP && why != EISDIR)
    return tell(of_refusal("disk", dir, why));
  const auto free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  auto text = fmt::format("{} of {} free at {}, writable", in_bytes(free),
                          in_bytes(static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize), dir.string());
  if (dir != wanted) text += fmt::format("; {} does not exist yet", wanted.string());
  if (free < kLittle) {
    tell(
        {"disk", free < kTooLittle ? Outcome::problem : Outcome::attention, text,
         "Remove what does not belong to the gateway, or fit a larger card. When the disk is full the oldest "
         "readings that HQ has go first."});
    return;
  }
  if (info.f_files > 0 && info.f_favail < kFewFiles) {
    tell({"disk", Outcome::problem, text + fmt::format(", but room for {} more files only", info.f_favail),
          "Something has made very many files: remove them."});
    return;
  }
  tell({"disk", Outcome::ok, text, ""});
}

void check_spool(Examination& it, const Tell& tell) {
  const auto& dir = it.config().spool_dir;
  std::error_code error;
  if (!fs::exists(dir, error)) {
    if (!it.running()) {
      tell({"spool", Outcome::ok, fmt::format("{} does not exist yet; the gateway makes it", dir.string()),
            ""});
      return;
    }
    tell({"spool", Outcome::problem, fmt::format("{} is gone while the gateway runs", dir.string()),
          "Restart the gateway, which makes it again: systemctl restart lintel. Do not clean this folder."});
    return;
  }
  if (const int why = try_to_write(dir); why != 0 && why != EOPNOTSUPP && why != EISDIR)
    return tell(of_refusal("spool", dir, why));
  const auto used = size_of_files(dir), limit = it.config().spool_limit_bytes;
  const auto text = fmt::format("{} of {} used at {}{}", in_bytes(used), in_bytes(limit), dir.string(),
                                in_memory(dir) ? ", in memory" : ", on a disk");
  if (used * 10 > limit * 8) {
    tell({"spool", Outcome::attention, text,
          "Messages come faster than they can be stored, or the database cannot be written: see disk and "
          "database. "
          "When it is full, brokers keep what they have."});
    return;
  }
  tell({"spool", Outcome::ok, text, ""});
}

}  // namespace lintel::doctor
