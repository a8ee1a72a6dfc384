#include "firmware-bridge/links/spool_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace lintel::bridge::links {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 10;
constexpr int kDamagedKept = 3;

std::string words(int error) {
  return std::generic_category().message(error);
}

// Formats without allocating more than the string, so that append() can stay noexcept in practice.
std::string name_of(const fs::path& directory, std::uint32_t number, const char* suffix) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "/%010u%s", number, suffix);
  return directory.string() + name.data();
}

std::optional<std::uint32_t> number_of(const fs::path& file, std::string_view suffix) {
  const std::string name = file.filename().string();
  if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, number);
  if (error != std::errc{} || end != name.data() + kDigits) return std::nullopt;
  return number;
}

}  // namespace

Result<SpoolDirectory> SpoolDirectory::open(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return fail(ErrorKind::misconfigured, fmt::format("cannot create the spool directory {}: {}; set "
                                                      "`spool_dir` to a directory that this user may write",
                                                      path.string(), error.message()));
  }
  const std::string lock_name = (path / "lock").string();
  FileDescriptor lock(::open(lock_name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!lock) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot write the spool directory {}: {}; check its owner and mode, or that its "
                            "disk is not read-only",
                            path.string(), words(errno)));
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the spool directory {} is in use by another process; stop that gateway first",
                            path.string()));
  }
  return SpoolDirectory(path, std::move(lock));
}

SpoolDirectory::SpoolDirectory(fs::path path, FileDescriptor lock)
    : path_(std::move(path)), reserve_((path_ / "reserve").string()), lock_(std::move(lock)) {}

std::map<std::uint32_t, std::uint64_t> SpoolDirectory::segments() const {
  std::map<std::uint32_t, std::uint64_t> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const auto number = number_of(entry.path(), ".spool");
    if (number) result[*number] = entry.file_size(error);
  }
  return result;
}

std::uint32_t SpoolDirectory::highest_number() const {
  std::uint32_t highest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    for (const char* suffix : {".spool", ".damaged"}) {
      highest = std::max(highest, number_of(entry.path(), suffix).value_or(0));
    }
  }
  return highest;
}

FileDescriptor SpoolDirectory::create(const format::SegmentHeader& header) const noexcept {
  const std::string name = name_of(path_, header.number, ".spool");
  FileDescriptor file(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!file) return file;
  const auto bytes = format::encode(header);
  if (::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return file;
  const int error = errno;
  ::unlink(name.c_str());
  file.reset();
  errno = error;
  return file;
}

FileDescriptor SpoolDirectory::open_segment(std::uint32_t number) const noexcept {
  return FileDescriptor(::open(name_of(path_, number, ".spool").c_str(), O_RDONLY | O_CLOEXEC));
}

void SpoolDirectory::remove(std::uint32_t number) const noexcept {
  ::unlink(name_of(path_, number, ".spool").c_str());
}

std::string SpoolDirectory::set_aside(std::uint32_t number) const {
  const std::string kept = name_of(path_, number, ".damaged");
  int others = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const auto damaged = number_of(entry.path(), ".damaged");
    if (damaged == number) return "the segment is kept as " + kept;
    if (damaged) ++others;
  }
  if (others >= kDamagedKept) {
    return fmt::format("the segment is not kept: {} already holds {} damaged ones; remove them after a look",
                       path_.string(), others);
  }
  if (::link(name_of(path_, number, ".spool").c_str(), kept.c_str()) != 0) {
    return fmt::format("the segment could not be kept as {}: {}", kept, words(errno));
  }
  return "the segment is kept as " + kept;
}

bool SpoolDirectory::make_reserve(std::uint64_t bytes) const noexcept {
  const FileDescriptor file(::open(reserve_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (file && ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)) == 0) return true;
  drop_reserve();
  return false;
}

void SpoolDirectory::drop_reserve() const noexcept {
  ::unlink(reserve_.c_str());
}

}  // namespace lintel::bridge::links
