// The process dies at any instant; what it was told is kept must be there afterwards.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <utility>

#include <doctest/doctest.h>

#include "firmware-bridge/links/attempt_mark.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using bridge::links::AttemptMark;
using bridge::links::Position;

namespace {

/// A number in memory that a child and its parent share.
class SharedCount {
 public:
  SharedCount()
      : value_(static_cast<std::atomic<int>*>(::mmap(
            nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    REQUIRE(static_cast<void*>(value_) != MAP_FAILED);
  }
  ~SharedCount() { ::munmap(value_, sizeof *value_); }
  std::atomic<int>& operator*() { return *value_; }

 private:
  std::atomic<int>* value_;
};

/// Runs `work` in a child of its own and returns the child.
template <class Work>
pid_t in_child(Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  REQUIRE(child > 0);
  return child;
}

void wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
}

}  // namespace

TEST_CASE("spool: a process killed while it appends loses nothing whose append had returned") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.segment_bytes = 32U << 10;
  options.limit_bytes = 1U << 30;
  std::mt19937 random(20);
  int sure = 0;
  for (int round = 0; round < 25; ++round) {
    SharedCount appended;
    *appended = sure;
    const pid_t child = in_child([&] {
      auto spool = open_spool(options);
      for (int i = sure;; ++i) {
        const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i % 700), '.');
        if (!spool->append(frame_of(text))) ::_exit(1);
        *appended = i + 1;
      }
    });
    const int enough = sure + 1 + static_cast<int>(random() % 2000);
    REQUIRE(eventually([&] { return *appended >= enough; }));
    ::kill(child, SIGKILL);
    wait_for(child);

    auto spool = open_spool(options);
    Position position;
    const auto frames = payloads(*spool, position);
    REQUIRE(frames.size() >= static_cast<std::size_t>(*appended));
    for (std::size_t i = 0; i < frames.size(); ++i)
      REQUIRE(std::atoi(frames[i].c_str()) == static_cast<int>(i));
    CHECK(spool->facts().damaged_bytes == 0);
    sure = static_cast<int>(frames.size());  // the last append may have been cut short after the write
  }
}

TEST_CASE("spool: a write that the disk takes only half is refused, and leaves nothing behind") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.reserve_bytes = 16U << 10;
  const pid_t child = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto spool = open_spool(options);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = std::exchange(limit.rlim_cur, 100'000);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int kept = 0;
    const std::string text(777, 'x');
    while (kept < 1000 && spool->append(frame_of(text))) ++kept;
    const bool refused = kept < 1000 && spool->facts().full && !spool->append(frame_of(text));
    limit.rlim_cur = before;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Position position;
    const bool resumed = spool->append(frame_of("room again")) && !spool->facts().full;
    const auto frames = payloads(*spool, position);
    const bool whole = frames.size() == static_cast<std::size_t>(kept) + 1 && frames.back() == "room again" &&
                       spool->facts().damaged_bytes == 0;
    ::_exit(!refused ? 1 : !resumed ? 2 : !whole ? 3 : 0);
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("attempts: a frame at which the process ends is counted, others are not") {
  const TempDir dir;
  const Position bad{3, 4711};
  for (int round = 1; round <= 3; ++round) {
    wait_for(in_child([&] {
      auto mark = AttemptMark::open(dir.path());
      if (!mark) ::_exit(1);
      (*mark)->begin({3, 100});
      (*mark)->end();
      (*mark)->begin(bad);
      ::signal(SIGABRT, SIG_DFL);
      ::abort();
    }));
    auto mark = AttemptMark::open(dir.path());
    REQUIRE(mark);
    CHECK((*mark)->attempts(bad) == round);
    CHECK((*mark)->attempts({3, 100}) == 0);
    CHECK((*mark)->attempts({4, 4711}) == 0);
  }
}

TEST_CASE("attempts: an orderly end counts nothing, and the count outlives it") {
  const TempDir dir;
  wait_for(in_child([&] {
    auto mark = AttemptMark::open(dir.path());
    if (mark) (*mark)->begin({1, 50});
    ::kill(::getpid(), SIGKILL);
  }));
  for (int i = 0; i < 3; ++i) {
    auto mark = AttemptMark::open(dir.path());
    REQUIRE(mark);
    CHECK((*mark)->attempts({1, 50}) == 1);
    (*mark)->begin({1, 90});
    (*mark)->end();
  }
}

TEST_CASE("attempts: many different bad frames do not push out the latest") {
  const TempDir dir;
  for (std::uint64_t offset = 1; offset <= 40; ++offset) {
    wait_for(in_child([&] {
      auto mark = AttemptMark::open(dir.path());
      if (mark) (*mark)->begin({1, offset});
      ::_exit(1);
    }));
    auto mark = AttemptMark::open(dir.path());
    REQUIRE(mark);
    CHECK((*mark)->attempts({1, offset}) == 1);
  }
}

TEST_CASE("attempts: a file of other bytes is begun anew") {
  const TempDir dir;
  { REQUIRE(AttemptMark::open(dir.path())); }
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    std::filesystem::resize_file(entry.path(), 0);
    std::filesystem::resize_file(entry.path(), 100);
  }
  auto mark = AttemptMark::open(dir.path());
  REQUIRE(mark);
  CHECK((*mark)->attempts({0, 0}) == 0);
}
