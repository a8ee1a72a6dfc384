// The bytes between the broker and the gateway: what the plugin's C writes, the gateway's C++ reads.
#include <fstream>

#include <doctest/doctest.h>

#include "firmware-bridge/links/broker_journal.hpp"
#include "tests/firmware-bridge/broker-journal/written_journal.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using bridge::Frame;
using bridge::links::BrokerJournal;
using Outcome = BrokerJournal::Outcome;

namespace {

/// Payloads from where it is to the end.
std::vector<std::string> read_on(BrokerJournal& journal, int* damages = nullptr) {
  std::vector<std::string> payloads;
  std::string buffer;
  Frame frame;
  for (auto got = journal.next(frame, buffer); got != Outcome::end; got = journal.next(frame, buffer)) {
    if (got == Outcome::record) payloads.emplace_back(frame.payload);
    if (got == Outcome::damaged && damages != nullptr) ++*damages;
  }
  return payloads;
}

std::vector<std::string> read_all(const std::filesystem::path& dir, int* damages = nullptr) {
  BrokerJournal journal(dir);
  REQUIRE(journal.look());
  return read_on(journal, damages);
}

void overwrite(const std::filesystem::path& file, std::uint64_t at, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(at));
  out << bytes;
}

bool said(const std::string& words) {
  const auto& all = WrittenJournal::said();
  return std::any_of(all.begin(), all.end(),
                     [&](const std::string& text) { return text.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("broker journal: a message comes back with everything that was known of it") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  const auto place = written.append(std::string("\0\xff {\"in\":1}", 11), "bus/door", 2, true);
  BrokerJournal journal(dir.path());
  REQUIRE(journal.look());
  std::string buffer;
  Frame frame;
  REQUIRE(journal.next(frame, buffer) == Outcome::record);
  CHECK(frame.link == "door-1");
  CHECK(frame.topic == "bus/door");
  CHECK(frame.payload == std::string_view("\0\xff {\"in\":1}", 11));
  CHECK(frame.qos == 2);
  CHECK(frame.retained);
  CHECK_FALSE(frame.dup);
  CHECK(frame.arrived.count() == 1);
  CHECK(frame.boot != BootId{});
  CHECK(frame.from_journal);
  CHECK(frame.journal == bridge::JournalPlace{place.journal, place.segment, place.offset});
  CHECK(journal.journal() == place.journal);
  CHECK(journal.next(frame, buffer) == Outcome::end);
}

TEST_CASE(
    "broker journal: it is read while it is written, over segments and restarts of the broker, in order") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  BrokerJournal journal(dir.path());
  REQUIRE(journal.look());
  std::vector<std::string> sent, got;
  for (int i = 0; i < 3000; ++i) {
    sent.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7 % 2500, 'x'));
    REQUIRE(written.append(sent.back()).journal != 0);
    if (i % 500 == 250) written.close();
    if (i % 500 == 250) written.open();
    if (i % 7 == 0) {
      for (auto& payload : read_on(journal)) got.push_back(std::move(payload));
    }
  }
  for (auto& payload : read_on(journal)) got.push_back(std::move(payload));
  CHECK(written.files().size() > 8);
  CHECK((got == sent));
  CHECK((read_all(dir.path()) == sent));
}

TEST_CASE(
    "broker journal: wherever the last record is torn, those before it and those of the next start are "
    "read") {
  const TempDir whole;
  WrittenJournal written(whole.path());
  (void)written.append("first");
  const auto last = written.append("the last one, which the broker was writing when it died");
  written.close();
  const auto bytes = std::filesystem::file_size(written.files().front());
  for (auto cut = last.offset; cut < bytes; cut += 5) {
    for (const bool zeros : {false, true}) {  // a killed process; a machine without power
      const TempDir dir;
      const auto file = dir.path() / written.files().front().filename();
      std::filesystem::copy_file(written.files().front(), file);
      std::filesystem::resize_file(file, cut);
      if (zeros) std::filesystem::resize_file(file, 256U << 10);
      WrittenJournal again(dir.path());
      (void)again.append("next");
      int damages = 0;
      CHECK(read_all(dir.path(), &damages) == std::vector<std::string>{"first", "next"});
      CHECK(damages == 0);
    }
  }
}

TEST_CASE("broker journal: a damaged record costs itself alone and is told") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  (void)written.append("one");
  const auto second = written.append("two");
  (void)written.append("three");
  written.close();
  written.open();
  overwrite(written.files().front(), second.offset + 30, "X");
  BrokerJournal journal(dir.path());
  REQUIRE(journal.look());
  int damages = 0;
  CHECK(read_on(journal, &damages) == std::vector<std::string>{"one", "three"});
  CHECK(damages == 1);
  CHECK(journal.was_damaged({second.journal, second.segment, second.offset}));
  CHECK(journal.harm().find(".journal") != std::string::npos);
}

TEST_CASE(
    "broker journal: when it is full messages are left out, counted and told, until the gateway has "
    "confirmed") {
  const TempDir dir;
  WrittenJournal written(dir.path(), 2U << 20);
  const std::string payload(10'000, 'x');
  int taken = 0, left_out = 0;
  std::uint32_t journal = 0, segment = 0;
  for (int i = 0; i < 400; ++i) {
    const auto place = written.append(payload);
    place.journal != 0 ? ++taken : ++left_out;
    if (place.journal != 0) journal = place.journal, segment = place.segment;
  }
  CHECK(taken > 100);
  CHECK(left_out > 100);
  CHECK(said("it is full, and the gateway has confirmed nothing more of it"));
  std::uintmax_t bytes = 0;
  for (const auto& file : written.files()) bytes += std::filesystem::file_size(file);
  CHECK(bytes < (2U << 20) + 4096);

  std::filesystem::create_directory(dir.path() / "gateway");
  char confirmed[40];
  std::snprintf(confirmed, sizeof confirmed, "%08x %u\n", journal, segment);
  std::ofstream(dir.path() / "gateway" / "confirmed") << confirmed;
  written.close();  // the broker looks at most once a second; a new one at once
  written.open();
  REQUIRE(written.append("after").journal == journal);
  CHECK(written.files().size() < 5);
  CHECK(read_all(dir.path()).back() == "after");
}

TEST_CASE("broker journal: the first message that has room again is preceded by how many were left out") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  (void)written.append("before");
  CHECK(written.append(std::string(400U << 10, 'x')).journal == 0);
  CHECK(written.append(std::string(400U << 10, 'x')).journal == 0);
  CHECK(said("it is larger than what counting sensors send"));
  (void)written.append("after");
  CHECK(said("2 were left out"));
  BrokerJournal journal(dir.path());
  REQUIRE(journal.look());
  CHECK(read_on(journal) ==
        std::vector<std::string>{"before", "0 it is larger than what counting sensors send",
                                 "2 it is larger than what counting sensors send", "after"});
}

TEST_CASE("broker journal: a folder that cannot be used stops nobody, and is used once it can be") {
  const TempDir dir;
  std::ofstream(dir.path() / "occupied") << "a file";
  WrittenJournal written(dir.path() / "occupied" / "journal");
  CHECK(said("cannot take messages yet"));
  CHECK(written.append("lost to the journal").journal == 0);
  CHECK(said("its folder cannot be used"));
}
