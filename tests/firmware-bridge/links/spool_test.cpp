#include "firmware-bridge/links/spool.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::Frame;
using bridge::links::Position;

TEST_CASE("spool: a frame comes back with everything that was known of it") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  Frame sent = packet_of(4711, std::string_view("\0\xff {\"in\":1}", 11), true);
  sent.retained = true;
  sent.arrived = 123456789ns;
  REQUIRE(spool->append(sent));

  Position position;
  Frame got;
  std::string buffer;
  REQUIRE(spool->read(position, got, buffer));
  CHECK(got.link == "broker");
  CHECK(got.topic == "bus/1");
  CHECK(got.payload == sent.payload);
  CHECK(got.boot == BootId{1, 2, 3});
  CHECK(got.arrived == 123456789ns);
  CHECK(got.packet_id == 4711);
  CHECK(got.qos == 1);
  CHECK(got.dup);
  CHECK(got.retained);
  CHECK(got.full_size == 0);
  CHECK_FALSE(spool->read(position, got, buffer));
}

TEST_CASE("spool: frames of an earlier boot keep that boot, and a new run begins a new segment") {
  const TempDir dir;
  REQUIRE(open_spool(in_dir(dir.path()))->append(frame_of("before")));
  auto options = in_dir(dir.path());
  options.boot = {9};
  auto spool = open_spool(options);
  REQUIRE(spool->append(frame_of("after")));

  Position position;
  Frame frame;
  std::string buffer;
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.boot == BootId{1, 2, 3});
  const auto first = position.segment;
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.boot == BootId{9});
  CHECK(position.segment > first);
}

TEST_CASE("spool: a frame from a broker's journal keeps its place there and the boot in which it came") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  Frame old = packet_of(1, "before the power cut");
  old.boot = {9};
  old.journal = {0xfeedbeef, 7, 4096};
  old.from_journal = true;
  Frame now = packet_of(2, "now");
  now.journal = {0xfeedbeef, 7, 5000};
  REQUIRE(spool->append(old));
  REQUIRE(spool->append(now));
  REQUIRE(spool->append(old));

  Position position;
  Frame frame;
  std::string buffer;
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.boot == BootId{9});
  CHECK(frame.journal == bridge::JournalPlace{0xfeedbeef, 7, 4096});
  CHECK(frame.from_journal);
  CHECK(frame.link == "broker");
  CHECK(frame.topic == "bus/1");
  CHECK(frame.payload == "before the power cut");
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.boot == BootId{1, 2, 3});
  CHECK(frame.journal.offset == 5000);
  CHECK_FALSE(frame.from_journal);
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.boot == BootId{9});
  REQUIRE(spool->append(frame_of("of no broker")));
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.journal == bridge::JournalPlace{});
}

TEST_CASE("spool: reading goes on where the database says, and only there") {
  const TempDir dir;
  Position committed;
  {
    auto spool = open_spool(in_dir(dir.path()));
    for (const char* text : {"a", "b", "c"}) REQUIRE(spool->append(frame_of(text)));
    Frame frame;
    std::string buffer;
    REQUIRE(spool->read(committed, frame, buffer));
  }
  auto spool = open_spool(in_dir(dir.path()), committed);
  CHECK(spool->bytes_waiting() > 0);
  CHECK(payloads(*spool, committed) == std::vector<std::string>{"b", "c"});
  spool->release(committed);
  CHECK(spool->bytes_waiting() == 0);
}

TEST_CASE("spool: after its directory was wiped no position is given out twice") {
  const TempDir dir;
  Position committed;
  {
    auto spool = open_spool(in_dir(dir.path() / "spool"));
    REQUIRE(spool->append(frame_of("lost with the power")));
    REQUIRE(payloads(*spool, committed).size() == 1);
  }
  std::filesystem::remove_all(dir.path() / "spool");
  auto spool = open_spool(in_dir(dir.path() / "spool"), committed);
  Position position = committed;
  CHECK(payloads(*spool, position).empty());
  REQUIRE(spool->append(frame_of("new")));
  CHECK(payloads(*spool, position) == std::vector<std::string>{"new"});
  CHECK(position.segment > committed.segment);
}

TEST_CASE("spool: many small segments are read in order and given back once released") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.segment_bytes = 512;
  options.history_bytes = 0;
  auto spool = open_spool(options);
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 90), 'x'));
    REQUIRE(spool->append(frame_of(sent.back())));
  }
  Position position;
  CHECK(payloads(*spool, position) == sent);
  const auto before = spool->facts().bytes_on_disk;
  spool->release(position);
  CHECK(spool->facts().bytes_on_disk < before / 10);
  CHECK(spool->bytes_waiting() == 0);
}

TEST_CASE("spool: a record larger than a segment is kept whole") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.segment_bytes = 4096;
  auto spool = open_spool(options);
  const std::string large(1U << 20, 'L');
  REQUIRE(spool->append(frame_of("small")));
  REQUIRE(spool->append(frame_of(large)));
  REQUIRE(spool->append(frame_of("small again")));
  Position position;
  CHECK(payloads(*spool, position) == std::vector<std::string>{"small", large, "small again"});
}

TEST_CASE("spool: a payload too large to keep leaves its beginning and its size") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  const std::string huge((4U << 20) + 1, 'H');
  REQUIRE(spool->append(frame_of(huge)));
  REQUIRE(spool->append(frame_of(std::string_view(huge).substr(1))));
  Position position;
  Frame frame;
  std::string buffer;
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.full_size == huge.size());
  CHECK(frame.payload == std::string(64U << 10, 'H'));
  CHECK(spool->facts().cut == 1);
  REQUIRE(spool->read(position, frame, buffer));
  CHECK(frame.full_size == 0);
  CHECK(frame.payload.size() == 4U << 20);
}

TEST_CASE("spool: at its limit it uses the reserve, then refuses and says why, then recovers") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.segment_bytes = 16U << 10;
  options.limit_bytes = 128U << 10;
  options.reserve_bytes = 64U << 10;
  auto spool = open_spool(options);
  CHECK(std::filesystem::file_size(dir.path() / "reserve") == options.reserve_bytes);

  const std::string text(1000, 'x');
  std::size_t kept = 0;
  while (spool->append(frame_of(text))) ++kept;
  CHECK(kept * text.size() > 170'000);  // the limit and most of the reserve
  CHECK(spool->facts().reserve_in_use);
  CHECK_FALSE(std::filesystem::exists(dir.path() / "reserve"));
  CHECK(spool->facts().full);
  CHECK(spool->facts().full_reason.find(dir.path().string()) != std::string::npos);
  CHECK(spool->facts().refused == 1);

  Position position;
  CHECK(payloads(*spool, position).size() == kept);
  spool->release(position);
  CHECK_FALSE(spool->facts().reserve_in_use);
  CHECK(std::filesystem::file_size(dir.path() / "reserve") == options.reserve_bytes);
  CHECK(spool->append(frame_of("again")));
  CHECK_FALSE(spool->facts().full);
  CHECK(payloads(*spool, position) == std::vector<std::string>{"again"});
}

TEST_CASE("spool: released frames can be recalled after a restart, frames not yet stored are not") {
  const TempDir dir;
  Position stored;
  {
    auto spool = open_spool(in_dir(dir.path()));
    for (const char* text : {"a", "b", "c"}) REQUIRE(spool->append(frame_of(text)));
    Frame frame;
    std::string buffer;
    REQUIRE(spool->read(stored, frame, buffer));
    REQUIRE(spool->read(stored, frame, buffer));
    spool->release(stored);
  }
  auto spool = open_spool(in_dir(dir.path()), stored);
  std::vector<std::string> recalled;
  spool->recall(stored, [&](const Frame& frame) { recalled.emplace_back(frame.payload); });
  CHECK(recalled == std::vector<std::string>{"a", "b"});
}

TEST_CASE("spool: a second process cannot open it") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  const auto second = bridge::links::Spool::open(in_dir(dir.path()), {});
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("in use by another process") != std::string::npos);
}

TEST_CASE("spool: waiting ends with a frame, with a wake-up and at the deadline") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  const auto far = [] { return std::chrono::steady_clock::now() + 60s; };
  const auto begun = std::chrono::steady_clock::now();

  std::thread appends([&] { CHECK(spool->append(frame_of("x"))); });
  spool->wait(far());
  appends.join();
  Position position;
  CHECK(payloads(*spool, position).size() == 1);

  std::thread wakes([&] { spool->wake(); });
  spool->wait(far());
  wakes.join();

  REQUIRE(spool->append(frame_of("does not end a pause")));
  spool->wake();
  spool->pause(far());
  CHECK(std::chrono::steady_clock::now() - begun < 30s);

  const auto soon = std::chrono::steady_clock::now() + 20ms;
  spool->pause(soon);
  CHECK(std::chrono::steady_clock::now() >= soon);
}

TEST_CASE("spool: several threads append while one reads and releases, and nothing is lost or mixed up") {
  const TempDir dir;
  auto options = in_dir(dir.path());
  options.segment_bytes = 64U << 10;
  options.history_bytes = 0;
  auto spool = open_spool(options);
  constexpr int kThreads = 3, kEach = 5000;
  std::vector<std::thread> writers;
  writers.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&spool, t] {
      const std::string link = "link" + std::to_string(t);
      for (int i = 0; i < kEach; ++i) {
        if (!spool->append(frame_of(std::to_string(i), link))) std::abort();
      }
    });
  }
  std::vector<int> next(kThreads, 0);
  Position position;
  Frame frame;
  std::string buffer;
  int read = 0;
  bool ordered = true;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (read < kThreads * kEach && std::chrono::steady_clock::now() < deadline) {
    if (!spool->read(position, frame, buffer)) {
      spool->wait(deadline);
      continue;
    }
    auto& expected = next[static_cast<std::size_t>(frame.link.back() - '0')];
    ordered = ordered && frame.payload == std::to_string(expected);
    ++expected;
    if (++read % 100 == 0) spool->release(position);
  }
  for (auto& writer : writers) writer.join();
  CHECK(read == kThreads * kEach);
  CHECK(ordered);
}

TEST_CASE("spool: a hundred thousand frames pass through it, at a rate that is printed") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  const std::string text(1000, 'x');
  constexpr int kFrames = 100'000;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < kFrames; ++i) REQUIRE(spool->append(frame_of(text)));
  const auto appended = std::chrono::steady_clock::now();
  Position position;
  Frame frame;
  std::string buffer;
  int read = 0;
  while (spool->read(position, frame, buffer)) ++read;
  const auto done = std::chrono::steady_clock::now();
  CHECK(read == kFrames);
  const auto rate = [](auto from, auto to) {
    return static_cast<long>(kFrames / std::chrono::duration<double>(to - from).count());
  };
  MESSAGE("frames of 1 kB a second: appended ", rate(begun, appended), ", read ", rate(appended, done));
}
