// Frames and what counting made of them, as files that outlive the process.
#include "gateway/evidence/log.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::evidence;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSalt = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const UtcMs kNoon = utc_ms(1'785'499'200'000);

Record record(UtcMs arrival, std::string payload = R"({"n":1})", std::string serial = "S1") {
  Record made;
  made.arrival = arrival;
  made.link = "broker";
  made.topic = "bus/1";
  made.decoder = "milesight-vs125";
  made.payload = std::move(payload);
  made.segment = 1;
  made.offset = static_cast<std::uint64_t>(count_ms(arrival));
  Judged judged;
  judged.sensor = std::move(serial);
  judged.line = "1";
  judged.kind = "total";
  judged.said_in = 107;
  judged.from = judged.at = arrival;
  judged.rule = "increment";
  judged.counted = true;
  judged.started = arrival - 60s;
  judged.duration = 60s;
  judged.count_in = 4;
  judged.by_total = 4;
  judged.one_by_one = 6;
  made.judged = {judged};
  return made;
}

Log::Options options(const fs::path& dir) {
  Log::Options made;
  made.files.dir = dir / "evidence";
  made.files.spare_bytes = 0;
  made.gather = 1h;
  made.salt = kSalt;
  return made;
}

void flush(Log& log) {
  std::promise<void> done;
  log.flush([&] { done.set_value(); });
  done.get_future().wait();
}

bool any(const Record&) {
  return true;
}

Found all_of(const fs::path& dir, std::string_view serial = "S1", std::size_t limit = 100'000) {
  return find(dir / "evidence", kNoon - 24h, kNoon + 24h, serial, any, limit);
}

std::vector<fs::path> files_in(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir / "evidence")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("evidence: a line says all that is known of a frame") {
  auto made = record(kNoon, std::string("\x01\x00\xFF", 3));
  made.retained = true;
  Record read;
  REQUIRE(from_line(to_line(made, kSalt), read));
  CHECK(read.payload == made.payload);
  CHECK(read.retained);
  CHECK(read.topic == "bus/1");
  REQUIRE(read.judged.size() == 1);
  CHECK(read.judged[0].started == kNoon - 60s);
  CHECK(read.judged[0].count_in == 4);
  CHECK_FALSE(read.judged[0].count_out);
  CHECK(read.judged[0].by_total == 4);
  CHECK(read.judged[0].rule == "increment");
  CHECK_FALSE(from_line(R"({"at":1})", read));
  CHECK_FALSE(from_line("", read));
}

TEST_CASE("evidence: pictures and phones do not get into it") {
  const auto line =
      to_line(record(kNoon, R"({"n":1,"image":"/9j/4AAQSkZJRg","probes":["aa:bb:cc:dd:ee:ff"]})"), kSalt);
  CHECK(line.find("/9j/") == std::string::npos);
  CHECK(line.find("aa:bb:cc") == std::string::npos);
}

TEST_CASE("evidence: what was appended is found again, each once and in order, by sensor and time") {
  test::TempDir dir;
  Log log(options(dir.path()));
  log.append(record(kNoon + 1min));
  log.append(record(kNoon));
  log.append(record(kNoon + 2min, "{}", "S2"));
  flush(log);
  auto again = record(kNoon + 1min);  // the batch was rolled back and came again
  again.judged[0].rule = "late";
  log.append(again);
  flush(log);
  const auto found = all_of(dir.path());
  REQUIRE(found.records.size() == 2);
  CHECK(found.records[0].arrival == kNoon);
  CHECK(found.records[1].judged[0].rule == "late");
  CHECK(all_of(dir.path(), "S2").records.size() == 1);
  CHECK(find(dir.path() / "evidence", kNoon, kNoon + 1min, "S1", any, 100).records.size() == 1);
  CHECK(oldest(dir.path() / "evidence") == kNoon + 1min);
}

TEST_CASE("evidence: the files are read by zcat") {
  test::TempDir dir;
  {
    Log log(options(dir.path()));
    log.append(record(kNoon));
    flush(log);
    log.append(record(kNoon + 1min));
  }
  const auto command =
      fmt::format("zcat {} | wc -l > {}/lines", files_in(dir.path()).at(0).string(), dir.path().string());
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe): one thread
  std::ifstream lines(dir.path() / "lines");
  int count = 0;
  lines >> count;
  CHECK(count == 2);
}

TEST_CASE("evidence: the torn end of a killed process costs what was in it and nothing else") {
  test::TempDir dir;
  {
    Log log(options(dir.path()));
    log.append(record(kNoon));
    flush(log);
    log.append(record(kNoon + 1min));
  }
  const auto file = files_in(dir.path()).at(0);
  fs::resize_file(file, fs::file_size(file) - 20);
  {
    Log log(options(dir.path()));
    log.append(record(kNoon + 2min));
  }
  const auto found = all_of(dir.path());
  REQUIRE(found.records.size() == 2);
  CHECK(found.records[0].arrival == kNoon);
  CHECK(found.records[1].arrival == kNoon + 2min);
}

TEST_CASE("evidence: beyond the limit the oldest goes, and the newest stays") {
  test::TempDir dir;
  auto limited = options(dir.path());
  limited.files.limit_bytes = 64 << 10;
  Log log(limited);
  std::uint32_t noise = 1;
  for (int i = 0; i < 400; ++i) {
    std::string payload;
    for (int k = 0; k < 250; ++k)
      payload += fmt::format("{:x} ", (noise = noise * 1'664'525 + 1'013'904'223) >> 8);
    log.append(record(kNoon + i * 1s, payload));
    if (i % 10 == 9) flush(log);
  }
  std::uintmax_t total = 0;
  for (const auto& file : files_in(dir.path())) total += fs::file_size(file);
  CHECK(total <= 64 << 10);
  CHECK(total > 32 << 10);
  const auto found = all_of(dir.path());
  REQUIRE_FALSE(found.records.empty());
  CHECK(found.records.back().arrival == kNoon + 399s);
  CHECK(found.records.front().arrival > kNoon);
}

TEST_CASE(
    "evidence: a disk without room to spare is said once, and what is lost is counted where it is missing") {
  test::TempDir dir;
  std::ostringstream said;
  auto tight = options(dir.path());
  tight.files.spare_bytes = std::uint64_t{1} << 62;
  tight.log = [&](const std::string& text) { said << text << '\n'; };
  {
    Log log(tight);
    log.append(record(kNoon));
    flush(log);
    log.append(record(kNoon + 1s));
    flush(log);
  }
  CHECK(said.str().find("not kept as evidence") != std::string::npos);
  CHECK(said.str().find("not kept", said.str().find("not kept") + 1) == std::string::npos);
  CHECK(all_of(dir.path()).records.empty());
}

TEST_CASE("evidence: what could not be kept for a while is counted in the files afterwards") {
  test::TempDir dir;
  Log log(options(dir.path()));
  std::ofstream(dir.path() / "evidence") << "a file where the folder should be";
  log.append(record(kNoon));
  log.append(record(kNoon + 1s));
  flush(log);
  fs::remove(dir.path() / "evidence");
  log.append(record(kNoon + 2s));
  flush(log);
  const auto found = all_of(dir.path());
  CHECK(found.records.size() == 1);
  CHECK(found.lost == 2);
}

TEST_CASE("evidence: a search ends at its limit and says so") {
  test::TempDir dir;
  Log log(options(dir.path()));
  for (int i = 0; i < 10; ++i) log.append(record(kNoon + i * 1s));
  flush(log);
  const auto found = all_of(dir.path(), "S1", 4);
  CHECK(found.records.size() == 4);
  CHECK(found.more);
}
