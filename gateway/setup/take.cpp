#include "gateway/setup/take.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "gateway/config/sources.hpp"
#include "gateway/setup/sections.hpp"
#include "gateway/setup/setup_file.hpp"

namespace lintel::setup {

namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivate = 0600, kShared = 0644;

tl::unexpected<Error> failed(const fs::path& file, const char* what) {
  return fail(ErrorKind::transient,
              fmt::format("{} {}: {}", file.string(), what, std::generic_category().message(errno)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ::fsync(fd) == 0;
}

struct Owner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};

/// A file that is there whole or not at all, also after a power cut. An owner is not asked of a file system
/// that knows none (FAT).
Result<void> replace(const fs::path& file, std::string_view text, mode_t mode, Owner owner = {}) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const auto fresh = fs::path(file.string() + ".new");
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return failed(fresh, "cannot be made");
  bool good = owner.user == static_cast<uid_t>(-1) ||
              (::fchmod(fd, mode) == 0 && ::fchown(fd, owner.user, owner.group) == 0);
  good = good && write_all(fd, text);
  good = ::close(fd) == 0 && good;
  if (!good || ::rename(fresh.c_str(), file.c_str()) != 0) return failed(file, "cannot be written");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
  return {};
}

/// The bytes where they lie are overwritten. A card may keep an older copy somewhere: that is why the token
/// is good for one enrolment.
Result<void> wipe(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return failed(file, "cannot be wiped");
  const auto size = ::lseek(fd, 0, SEEK_END);
  const bool good = size >= 0 && ::lseek(fd, 0, SEEK_SET) == 0 &&
                    write_all(fd, std::string(static_cast<std::size_t>(size), '\0'));
  if ((::close(fd) != 0) || !good || ::unlink(file.c_str()) != 0) return failed(file, "cannot be wiped");
  return {};
}

/// Without the empty lines that kept the numbers of the others.
std::string squeezed(std::string_view text) {
  std::string result = fmt::format("# From {}.\n", kFileName);
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) result += line + '\n';
  return result;
}

std::string for_windows(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') result += '\r';
    result += c;
  }
  return result;
}

class Taker {
 public:
  Taker(const TakeOptions& options, const config::Vocabulary& vocabulary)
      : options_(options), vocabulary_(vocabulary), etc_(options.root / options.config) {
    const auto* entry =
        ::geteuid() == 0 ? ::getpwnam(options.user.c_str()) : nullptr;  // NOLINT(concurrency-mt-unsafe)
    if (entry != nullptr) {
      service_ = {entry->pw_uid, entry->pw_gid};
      root_ = {0, 0};
    }
  }

  Result<Taken> run() {
    const auto file = options_.folder / kFileName;
    std::error_code error;
    if (!fs::exists(file, error)) {
      if (error) return fail(ErrorKind::transient, fmt::format("{}: {}", file.string(), error.message()));
      return Taken{};
    }
    const auto content = config::read_text(file);
    if (!content) return refused(fmt::format("{}: {}", kFileName, content.error()));
    const auto setup = read_setup(content->text, options_.folder, etc_, vocabulary_);
    if (!setup) return refused(setup.error().message);
    Taken taken{true, false, {}, setup->warnings};
    if (auto applied = apply(*setup, taken); !applied) return tl::unexpected(applied.error());
    const auto done = for_windows(fmt::format("# Taken at {}. Secrets were removed.\n{}",
                                              format_utc(options_.now), without_secrets(content->text)));
    if (auto kept = replace(options_.folder / kDoneName, done, kShared); !kept)
      return tl::unexpected(kept.error());
    if (auto wiped = wipe(file); !wiped) return tl::unexpected(wiped.error());
    for (const auto& name : setup->named_files) {
      if (auto wiped = wipe(options_.folder / name); !wiped) return tl::unexpected(wiped.error());
    }
    if (auto told = report(taken); !told) return tl::unexpected(told.error());
    return taken;
  }

 private:
  Result<void> apply(const Setup& setup, Taken& taken) {
    for (const auto& [path, text] : setup.files) {
      const bool conf = path.ends_with(".conf");
      if (auto put = replace(etc_ / path, conf ? squeezed(text) : text, conf ? 0640 : kPrivate,
                             conf ? Owner{root_.user, service_.group} : service_);
          !put)
        return put;
      taken.done.push_back(fmt::format("{}/{}", options_.config.string(), path));
    }
    for (const auto& [path, text] : network_files(setup.network)) {
      const auto file = options_.root / path;
      const auto before = config::read_text(file);
      if (before && (before->text == text || (path == kCableFile && !setup.network.cable))) continue;
      if (auto put = replace(file, text, path.ends_with(".nmconnection") ? kPrivate : kShared, root_); !put)
        return put;
      taken.network = true;
      taken.done.push_back(path);
    }
    // The token last: with it the card is enrolled as soon as the gateway runs.
    for (const auto& [name, secret] : {std::pair{"page_pin", setup.pin}, {"enrolment_token", setup.token}}) {
      if (secret.empty()) continue;
      if (auto put = replace(etc_ / name, secret + "\n", kPrivate, service_); !put) return put;
      taken.done.push_back(fmt::format("{}/{} (a secret)", options_.config.string(), name));
    }
    return {};
  }

  /// Says what is wrong where a person looks for it.
  tl::unexpected<Error> refused(const std::string& problems) {
    const auto text = fmt::format(
        "Lintel could not take {} ({}). Nothing was changed.\n\n{}\n\nCorrect it, put the card back and "
        "switch the "
        "gateway on again.\n",
        kFileName, format_utc(options_.now), problems);
    (void)replace(options_.folder / kReportName, for_windows(text), kShared);
    (void)replace(problems_file(state_dir()), problems + "\n", kShared);
    return fail(ErrorKind::misconfigured, problems);
  }

  Result<void> report(const Taken& taken) {
    std::string text = fmt::format("Lintel took {} ({}).\n\n", kFileName, format_utc(options_.now));
    for (const auto& line : taken.done) text += fmt::format("  wrote    {}\n", line);
    for (const auto& line : taken.warnings) text += fmt::format("  warning  {}\n", line);
    text += fmt::format("\n{} is what it said, without secrets. To change something, write a new {}.\n",
                        kDoneName, kFileName);
    std::error_code error;
    fs::remove(problems_file(state_dir()), error);
    return replace(options_.folder / kReportName, for_windows(text), kShared);
  }

  [[nodiscard]] fs::path state_dir() const { return options_.root / "var/lib/lintel"; }

  const TakeOptions& options_;
  const config::Vocabulary& vocabulary_;
  const fs::path etc_;
  Owner service_, root_;
};

}  // namespace

Result<Taken> take(const TakeOptions& options, const config::Vocabulary& vocabulary) {
  return Taker(options, vocabulary).run();
}

fs::path problems_file(const fs::path& state_dir) {
  return state_dir / "setup-problems.txt";
}

}  // namespace lintel::setup
