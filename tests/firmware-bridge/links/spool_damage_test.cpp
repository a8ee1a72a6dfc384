#include <fstream>
#include <random>
#include <sstream>

#include <doctest/doctest.h>

#include "firmware-bridge/links/spool_format.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using bridge::links::Position;

namespace {

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// A spool of one closed segment with the payloads "frame 0" to "frame 9".
struct Closed {
  TempDir dir;
  std::filesystem::path file = dir.path() / "0000000001.spool";
  std::string bytes;
  std::size_t record = 0;  ///< size of each

  Closed() {
    {
      auto spool = open_spool(in_dir(dir.path()));
      for (int i = 0; i < 10; ++i) REQUIRE(spool->append(frame_of("frame " + std::to_string(i))));
    }
    bytes = content(file);
    record = (bytes.size() - bridge::links::format::kHeaderSize) / 10;
  }

  struct Result {
    std::vector<std::string> frames;
    std::vector<std::string> reports;
    std::uint64_t damaged_bytes;
  };
  Result reopen() const {
    Result result;
    auto options = in_dir(dir.path());
    options.on_damage = [&](const std::string& report) { result.reports.push_back(report); };
    auto spool = open_spool(options);
    REQUIRE(spool->append(frame_of("new")));
    Position position;
    result.frames = payloads(*spool, position);
    result.damaged_bytes = spool->facts().damaged_bytes;
    return result;
  }
};

}  // namespace

TEST_CASE("spool: a record that was never finished is passed over without an alarm, wherever it was cut") {
  const Closed closed;
  for (std::size_t cut = 1; cut <= closed.record; ++cut) {
    CAPTURE(cut);
    write(closed.file, closed.bytes.substr(0, closed.bytes.size() - cut));
    const auto result = closed.reopen();
    REQUIRE(result.frames.size() == 10);
    CHECK(result.frames[8] == "frame 8");
    CHECK(result.frames[9] == "new");
    CHECK(result.reports.empty());
    for (const auto& entry : std::filesystem::directory_iterator(closed.dir.path())) {
      if (entry.path().extension() == ".spool") std::filesystem::remove(entry.path());
    }
  }
}

TEST_CASE("spool: zeros that a power cut left behind the last record are passed over") {
  const Closed closed;
  write(closed.file, closed.bytes + std::string(5000, '\0'));
  const auto result = closed.reopen();
  CHECK(result.frames.size() == 11);
  CHECK(result.reports.empty());
}

TEST_CASE("spool: one harmed record costs only itself, is reported, and the file is kept") {
  const Closed closed;
  std::string bytes = closed.bytes;
  bytes[bridge::links::format::kHeaderSize + 4 * closed.record + closed.record - 1] ^= 1;
  write(closed.file, bytes);
  const auto result = closed.reopen();
  REQUIRE(result.frames.size() == 10);
  CHECK(result.frames[3] == "frame 3");
  CHECK(result.frames[4] == "frame 5");
  CHECK(result.frames[9] == "new");
  REQUIRE(result.reports.size() == 1);
  CHECK(result.reports[0].find(closed.dir.path().string()) != std::string::npos);
  CHECK(result.damaged_bytes == closed.record);
  CHECK(content(closed.dir.path() / "0000000001.damaged") == bytes);
}

TEST_CASE("spool: a segment with a harmed head is set aside and the next is read") {
  const Closed closed;
  std::string bytes = closed.bytes;
  bytes[20] ^= 1;
  write(closed.file, bytes);
  const auto result = closed.reopen();
  CHECK(result.frames == std::vector<std::string>{"new"});
  CHECK(result.reports.size() == 1);
  CHECK(std::filesystem::exists(closed.dir.path() / "0000000001.damaged"));
}

TEST_CASE("spool: no single flipped bit invents a frame or ends the process") {
  const Closed closed;
  for (std::size_t bit = 0; bit < closed.bytes.size() * 8; bit += 3) {
    CAPTURE(bit);
    std::string bytes = closed.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    write(closed.file, bytes);
    const auto result = closed.reopen();
    REQUIRE(result.frames.back() == "new");
    const bool in_head = bit / 8 < bridge::links::format::kHeaderSize;
    REQUIRE(result.frames.size() == (in_head && result.frames.size() == 1 ? 1U : 10U));
    for (const auto& entry : std::filesystem::directory_iterator(closed.dir.path())) {
      if (entry.path().extension() != "") std::filesystem::remove(entry.path());
    }
  }
}

TEST_CASE("spool: random bytes in place of a segment are survived") {
  const Closed closed;
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::string bytes = closed.bytes.substr(0, bridge::links::format::kHeaderSize + closed.record);
    for (int i = 0; i < 20'000; ++i) bytes.push_back(static_cast<char>(random()));
    write(closed.file, bytes);
    const auto result = closed.reopen();
    CHECK(result.frames.front() == "frame 0");
    CHECK(result.frames.back() == "new");
    CHECK(result.frames.size() == 2);
    for (const auto& entry : std::filesystem::directory_iterator(closed.dir.path())) {
      if (entry.path().extension() != "") std::filesystem::remove(entry.path());
    }
  }
}
