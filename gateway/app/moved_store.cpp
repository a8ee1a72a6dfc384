#include "gateway/app/moved_store.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "gateway/app/log.hpp"
#include "gateway/enrol/identity_file.hpp"
#include "gateway/store/owner.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

namespace fs = std::filesystem;

namespace {

/// The writer's own lock, for as long as files are renamed.
class WriterLock {
 public:
  explicit WriterLock(const fs::path& dir) : fd_(store::open_for_owner(dir / "writer.lock")) {
    held_ = fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  ~WriterLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

tl::unexpected<Error> cannot_put_aside(const fs::path& what, const std::error_code& error) {
  return fail(ErrorKind::transient, fmt::format("this card is enrolled for another store now, and {} of the "
                                                "one before could not be put aside: {}",
                                                what.string(), error.message()));
}

/// What was received and is not in the database belongs to the store it was received in.
Result<void> move_spool(const fs::path& spool, const std::string& store) {
  std::error_code error;
  const auto aside = spool / ("of-store-" + store);
  for (const auto& entry : fs::directory_iterator(spool, error)) {
    if (entry.path().extension() != ".spool") continue;
    fs::create_directories(aside, error);
    fs::rename(entry.path(), aside / entry.path().filename(), error);
    if (error) return cannot_put_aside(entry.path(), error);
  }
  return {};
}

Result<void> rename_database(const fs::path& database, const std::string& store) {
  std::error_code error;
  if (!fs::exists(database, error)) return {};
  auto aside = fs::path(fmt::format("{}.of-store-{}", database.string(), store));
  for (int n = 2; fs::exists(aside, error); ++n) {
    aside = fmt::format("{}.of-store-{}-{}", database.string(), store, n);
  }
  // The log first: without it the database is an older one, with it under another name it would be no log.
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const fs::path from = database.string() + suffix;
    if (!fs::exists(from, error)) continue;
    fs::rename(from, aside.string() + suffix, error);
    if (error) return cannot_put_aside(from, error);
  }
  log(fmt::format(
      "this card is enrolled for another store now: the database of the one before was kept as {} "
      "and a new one is begun",
      aside.string()));
  return {};
}

}  // namespace

Result<void> leave_store_behind(const config::Config& config) {
  if (!config.hq_credential_file.empty()) return {};
  const enrol::IdentityFile file(config.state_dir);
  // An identity that cannot be read is sync's trouble: counting goes on.
  auto identity = file.read();
  if (!identity || identity->moved_from.empty()) return {};
  const WriterLock writer(config.state_dir);
  if (!writer.held()) return {};  // opening the store tells who has it
  const auto lock = file.lock(std::chrono::seconds{1});
  if (!lock) return tl::unexpected(lock.error());
  identity = file.read();
  if (!identity || identity->moved_from.empty()) return {};
  if (auto done = move_spool(config.spool_dir, identity->moved_from); !done) return done;
  if (auto done = rename_database(store::database_path(config.state_dir), identity->moved_from); !done) {
    return done;
  }
  identity->moved_from.clear();
  return file.write(*identity);
}

}  // namespace lintel::app
