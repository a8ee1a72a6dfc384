// A small gateway for tests of the wire: the real link, spool and decoder, and a database in which passages,
// notes and the place in the spool are committed together. Prints one line for each commit.
//   wire_gateway TTY STATE_DIR DIE_AFTER     DIE_AFTER n: killed right after the nth commit, before it
//   acknowledges
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "firmware-bridge/decoders/lintel_wire.hpp"
#include "firmware-bridge/links/spool.hpp"
#include "firmware-bridge/links/wire_link.hpp"
#include "gateway/store/sqlite.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using bridge::links::Position;
using bridge::links::Spool;

namespace {

/// Knows, for every wish, how many frames had been appended before it.
class CountedCommits final : public bridge::Commits, public bridge::FrameSink {
 public:
  CountedCommits(boost::asio::io_context& loop, Spool& spool) : loop_(loop), spool_(spool) {}

  [[nodiscard]] bool append(const bridge::Frame& frame) noexcept override {
    const std::lock_guard lock(mutex_);
    if (!spool_.append(frame)) return false;
    ++appended_;
    return true;
  }
  void when_committed(std::function<void()> done) override {
    const std::lock_guard lock(mutex_);
    wishes_.push_back({appended_, std::move(done)});
  }
  void committed(std::uint64_t frames) {
    const std::lock_guard lock(mutex_);
    std::erase_if(wishes_, [&](Wish& wish) {
      if (wish.after > frames) return false;
      boost::asio::post(loop_, std::move(wish.done));
      return true;
    });
  }

 private:
  struct Wish {
    std::uint64_t after;
    std::function<void()> done;
  };
  boost::asio::io_context& loop_;
  Spool& spool_;
  std::mutex mutex_;
  std::uint64_t appended_ = 0;  // guarded by mutex_: since the start
  std::vector<Wish> wishes_;    // guarded by mutex_
};

constexpr const char* kTables =
    "create table if not exists passages (repeat_key text, sensor text, line text, people integer);"
    "create table if not exists notes (key text primary key, value text);"
    "create table if not exists place (id integer primary key check (id = 0), segment integer, offset "
    "integer);";

class Writer {
 public:
  explicit Writer(store::Database& db) : db_(db) {
    db_.execute(kTables);
    auto notes = db_.prepare("select key, value from notes");
    while (notes.step()) session_.notes.emplace(notes.text(0), notes.text(1));
    auto place = db_.prepare("select segment, offset from place");
    if (place.step())
      position_ = {static_cast<std::uint64_t>(place.integer(0)),
                   static_cast<std::uint64_t>(place.integer(1))};
  }
  [[nodiscard]] Position position() const { return position_; }

  /// Commits what the spool holds; returns how many frames that were. `already` were in it before the start.
  std::uint64_t commit(Spool& spool) {
    std::uint64_t frames = 0;
    bridge::Frame frame;
    db_.execute("begin immediate");
    while (spool.read(position_, frame, buffer_)) {
      take(frame);
      ++frames;
    }
    auto note = db_.prepare("insert or replace into notes values (?, ?)");
    for (const auto& [key, value] : session_.notes) note.bind(key, value).run();
    db_.prepare("insert or replace into place values (0, ?, ?)")
        .bind(position_.segment, position_.offset)
        .run();
    db_.execute("commit");
    return frames;
  }

 private:
  void take(const bridge::Frame& frame) {
    bridge::Decoded decoded;
    bridge::decoders::LintelWire().decode(frame, {}, session_, decoded);
    auto row = db_.prepare("insert into passages values (?, ?, ?, ?)");
    for (const auto& o : decoded.observations) {
      row.bind(o.repeat_key, o.sensor, o.line, o.count_in.value_or(0) + o.count_out.value_or(0)).run();
    }
    auto reject = db_.prepare("insert into passages values ('reject', ?, '', 0)");
    for (const auto& r : decoded.rejects) reject.bind(r.message).run();
  }

  store::Database& db_;
  bridge::DecodeSession session_;
  Position position_;
  std::string buffer_;
};

int run(const std::filesystem::path& tty, const std::filesystem::path& dir, int die_after) {
  auto db = store::Database::open(dir / "wire.db", store::OpenMode::writer);
  if (!db) return 2;
  Writer writer(*db);
  Spool::Options options;
  options.dir = dir / "spool";
  auto spool = Spool::open(options, writer.position());
  if (!spool) return 2;
  (void)writer.commit(**spool);  // what the last process left in the spool
  boost::asio::io_context loop(1);
  CountedCommits commits(loop, **spool);
  bridge::links::WireLink::Options link_options;
  link_options.name = "wire";
  link_options.device = tty;
  link_options.boot_clock = [] { return BootTime(std::chrono::steady_clock::now().time_since_epoch()); };
  link_options.log = [](const std::string& text) { std::puts(text.c_str()); };
  bridge::links::WireLink link(loop, std::move(link_options), commits, commits);
  link.start();
  std::thread reading([&loop] {
    const auto work = boost::asio::make_work_guard(loop);
    loop.run();
  });
  std::uint64_t all = 0;
  for (int commit = 1;;) {
    (*spool)->wait(std::chrono::steady_clock::now() + 10ms);
    const auto frames = writer.commit(**spool);
    if (frames == 0) {
      commits.committed(all);
      continue;
    }
    if (commit++ == die_after) std::raise(SIGKILL);
    commits.committed(all += frames);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return run(argv[1], argv[2], std::atoi(argv[3]));
}
