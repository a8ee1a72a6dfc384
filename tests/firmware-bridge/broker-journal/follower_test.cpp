// Which way each message counts: once, whatever is repeated, restarted, or cannot be read.
#include <fstream>

#include <doctest/doctest.h>

#include "firmware-bridge/links/journal_follower.hpp"
#include "firmware-bridge/links/segment_reader.hpp"
#include "tests/firmware-bridge/broker-journal/written_journal.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using bridge::Frame;
using bridge::JournalPlace;
using bridge::links::JournalFollower;
using bridge::links::JournalProgress;
using bridge::links::Position;
using Way = JournalFollower::Way;

namespace {

JournalPlace as_place(const lintel_place& place) {
  return {place.journal, place.segment, place.offset};
}

/// A gateway's part behind a link: a spool, and a database that takes frames from it when told to.
class Desk {
 public:
  explicit Desk(std::filesystem::path journal) : journal_(std::move(journal)) { start(); }

  /// As after SIGKILL: the spool is there, what was not committed is not.
  void start() {
    follower_.reset();
    spool_.reset();
    position_ = stored_position_;
    progress_ = stored_;
    counted_ = stored_counted_;
    spool_ = open_spool(in_dir(spool_dir_.path()), position_);
    JournalFollower::Options options;
    options.link = "broker";
    options.directory = journal_;
    options.start = stored_;
    Frame frame;
    for (auto at = position_; spool_->read(at, frame, buffer_);) {
      if (frame.journal.journal == 0) continue;
      if (!options.start) options.start.emplace();
      (void)options.start->take(frame);
    }
    options.stored = [this] { return stored_; };
    options.begun = [this](const JournalProgress& progress) { stored_ = progress_ = progress; };
    options.wants = [](std::string_view topic) { return topic.starts_with("bus/"); };
    options.log = [this](const std::string& text) { log += text + "\n"; };
    follower_.emplace(std::move(options), *spool_);
  }
  /// The writer counts what is in the spool.
  void count() {
    Frame frame;
    while (spool_->read(position_, frame, buffer_)) {
      if (frame.journal.journal != 0) {
        if (!progress_) progress_.emplace();
        if (!progress_->take(frame)) continue;
      }
      counted_.emplace_back(frame.payload);
    }
  }
  void commit() {
    count();
    stored_ = progress_;
    stored_position_ = position_;
    stored_counted_ = counted_;
  }
  /// The broker delivers a message that it says stands there.
  Way deliver(const JournalPlace& place, const std::string& payload) {
    const auto way = follower_->way_of(place);
    if (way != Way::network) return way;
    auto frame = frame_of(payload, "broker");
    frame.topic = "bus/1";
    frame.journal = place;
    REQUIRE(spool_->append(frame));
    follower_->took(frame);
    return way;
  }
  JournalFollower& follower() { return *follower_; }
  const std::vector<std::string>& counted() {
    count();
    return counted_;
  }
  std::string log;

 private:
  TempDir spool_dir_;
  std::filesystem::path journal_;
  std::unique_ptr<bridge::links::Spool> spool_;
  std::optional<JournalFollower> follower_;
  std::string buffer_;
  Position position_, stored_position_;
  std::optional<JournalProgress> progress_, stored_;
  std::vector<std::string> counted_, stored_counted_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "journal follower: equal messages count as often as they were sent, and what comes over MQTT too only "
    "once") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  Desk desk(dir.path());
  CHECK(desk.follower().catch_up());
  const auto one = as_place(written.append("same")), two = as_place(written.append("same"));
  CHECK(desk.deliver(two, "same") == Way::journal);
  CHECK(desk.deliver(one, "same") == Way::journal);
  CHECK(desk.deliver(two, "same") == Way::journal);  // the broker sends it again
  CHECK(desk.counted() == Texts{"same", "same"});
}

TEST_CASE(
    "journal follower: what the broker has forgotten comes from the journal, in the order of its arrival") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  Desk desk(dir.path());
  CHECK(desk.follower().catch_up());
  for (const auto* text : {"1", "2", "3"}) (void)written.append(text);
  (void)written.append("not ours", "other/1");
  (void)written.append("kept state", "bus/2", 1, true);
  CHECK(desk.follower().catch_up());
  CHECK(desk.counted() == Texts{"1", "2", "3", "kept state"});
}

TEST_CASE("journal follower: a gateway killed at any point counts each message once") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  Desk desk(dir.path());
  CHECK(desk.follower().catch_up());
  Texts sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::to_string(i / 2));  // every message twice
    const auto place = as_place(written.append(sent.back()));
    if (i % 3 == 0) CHECK(desk.deliver(place, sent.back()) == Way::journal);
    if (i % 5 == 0) desk.count();
    if (i % 11 == 0) desk.commit();
    if (i % 7 == 0) desk.start();
    if (i % 13 == 0) CHECK(desk.follower().catch_up());
  }
  CHECK(desk.follower().catch_up());
  CHECK((desk.counted() == sent));
}

TEST_CASE(
    "journal follower: what was written before the link knew the journal comes over the network, once") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  const auto queued = as_place(written.append("queued at the broker before"));
  Desk desk(dir.path());
  CHECK(desk.follower().catch_up());
  CHECK(desk.counted().empty());
  const auto fresh = as_place(written.append("after"));
  CHECK(desk.deliver(queued, "queued at the broker before") == Way::network);
  CHECK(desk.deliver(fresh, "after") == Way::journal);
  desk.commit();
  desk.start();
  CHECK(desk.follower().catch_up());
  CHECK(desk.counted() == Texts{"queued at the broker before", "after"});
}

TEST_CASE(
    "journal follower: a journal that cannot be read stops nothing, and nothing counts twice when it can "
    "again") {
  const TempDir dir;
  const auto real = dir.path() / "journal", away = dir.path() / "away";
  WrittenJournal written(real);
  Desk desk(real);
  CHECK(desk.follower().catch_up());
  const auto first = as_place(written.append("1"));
  CHECK(desk.deliver(first, "1") == Way::journal);
  desk.commit();

  std::filesystem::rename(real, away);
  desk.start();
  CHECK(desk.follower().catch_up());
  CHECK(desk.follower().trouble().find("cannot be read") != std::string::npos);
  CHECK(desk.follower().trouble().find("Until then messages count as they come over MQTT") !=
        std::string::npos);
  std::vector<JournalPlace> places;
  for (const auto* text : {"2", "3", "4"}) places.push_back(as_place(written.append(text)));
  CHECK(desk.deliver(places[0], "2") == Way::network);
  CHECK(desk.deliver(places[2], "4") == Way::network);
  CHECK(desk.deliver(first, "1") == Way::journal);  // counted before

  std::filesystem::rename(away, real);
  SUBCASE("while it runs") {}
  SUBCASE("after it was killed") {
    desk.start();
  }
  SUBCASE("after a commit and a kill") {
    desk.commit();
    desk.start();
  }
  CHECK(desk.follower().catch_up());
  CHECK(desk.follower().trouble().empty());
  CHECK(desk.deliver(places[1], "3") == Way::network);  // on its way since then
  const auto last = as_place(written.append("5"));
  CHECK(desk.deliver(last, "5") == Way::journal);
  auto counted = desk.counted();
  std::sort(counted.begin(), counted.end());
  CHECK(counted == Texts{"1", "2", "3", "4", "5"});
}

TEST_CASE("journal follower: a journal begun anew is read from its start") {
  const TempDir dir;
  const auto folder = dir.path() / "journal";
  Desk desk(folder);
  {
    WrittenJournal written(folder);
    CHECK(desk.follower().catch_up());
    (void)written.append("old");
    CHECK(desk.follower().catch_up());
    desk.commit();
  }
  std::filesystem::remove_all(folder);
  WrittenJournal fresh(folder);
  (void)fresh.append("new");
  CHECK(desk.follower().catch_up());
  CHECK(desk.counted() == Texts{"old", "new"});
}

TEST_CASE("journal follower: what is damaged in the journal is taken as it comes over the network") {
  const TempDir dir;
  WrittenJournal written(dir.path());
  Desk desk(dir.path());
  CHECK(desk.follower().catch_up());
  const auto bad = as_place(written.append("bad")), good = as_place(written.append("good"));
  written.close();
  written.open();
  std::fstream file(written.files()[bad.segment == 1 ? 0 : written.files().size() - 2],
                    std::ios::in | std::ios::out);
  file.seekp(bad.offset + 30);
  file << "X";
  file.close();
  CHECK(desk.deliver(good, "good") == Way::journal);
  CHECK(desk.deliver(bad, "bad") == Way::network);
  CHECK(desk.log.find("cannot be read") != std::string::npos);
  CHECK(desk.counted() == Texts{"good", "bad"});
}

TEST_CASE("journal follower: only what is in the database is confirmed, and a marker is told") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path() / "gateway");
  WrittenJournal written(dir.path());
  Desk desk(dir.path());
  const auto confirmed = [&] {
    unsigned id = 0, segment = 0;
    std::ifstream(JournalFollower::confirmation(dir.path())) >> std::hex >> id >> std::dec >> segment;
    return segment;
  };
  CHECK(desk.follower().catch_up());
  std::uint32_t segment = 0;
  for (int i = 0; i < 200; ++i) segment = written.append(std::string(10'000, 'x')).segment;
  REQUIRE(segment > 2);
  (void)written.append(std::string(400U << 10, 'y'));
  CHECK(desk.follower().catch_up());
  desk.follower().confirm();
  CHECK(confirmed() <= 1);
  CHECK(desk.follower().trouble().find("has stopped taking messages: it is larger") != std::string::npos);
  desk.commit();
  desk.follower().confirm();
  CHECK(confirmed() == segment);
  (void)written.append("after");
  CHECK(desk.follower().catch_up());
  CHECK(desk.follower().trouble().empty());
  CHECK(desk.log.find("1 messages were left out of the broker's journal: it is larger") != std::string::npos);

  std::filesystem::remove_all(dir.path() / "gateway");
  for (int i = 0; i < 100; ++i) (void)written.append(std::string(10'000, 'x'));
  CHECK(desk.follower().catch_up());
  desk.commit();
  desk.follower().confirm();
  CHECK(desk.follower().trouble().find("The gateway's user has to own that folder") != std::string::npos);
}
