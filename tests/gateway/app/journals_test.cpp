// How far a link is in its broker's journal moves with the rows, or not at all.
#include <doctest/doctest.h>

#include "gateway/app/journals.hpp"
#include "tests/gateway/app/desk.hpp"

using namespace lintel;
using namespace lintel::test;
using bridge::JournalPlace;
using bridge::links::JournalProgress;

namespace {

bridge::Frame from_journal(std::uint32_t offset) {
  bridge::Frame frame;
  frame.link = "broker";
  frame.topic = "bus/1";
  frame.journal = {7, 1, offset};
  frame.from_journal = true;
  return frame;
}

}  // namespace

TEST_CASE("journals: what is committed is known after a restart, what is rolled back is not") {
  Desk desk;
  {
    app::Journals journals(desk.store->db());
    CHECK_FALSE(journals.stored("broker"));
    desk.store->begin();
    CHECK(journals.take(from_journal(48)));
    CHECK(journals.take(from_journal(100)));
    CHECK_FALSE(journals.take(from_journal(48)));
    journals.flush();
    CHECK_FALSE(journals.stored("broker"));  // not durable yet
    desk.store->commit(desk.store->position(), "", kNoon);
    journals.committed();
    CHECK(journals.stored("broker")->next == JournalPlace{7, 1, 101});

    desk.store->begin();
    CHECK(journals.take(from_journal(200)));
    journals.flush();
    desk.store->rollback();
    journals.load();
    CHECK(journals.stored("broker")->next == JournalPlace{7, 1, 101});
    desk.store->begin();
    CHECK(journals.take(from_journal(200)));  // read again
    journals.flush();
    desk.store->commit(desk.store->position(), "", kNoon);
    journals.committed();
  }
  desk.open();
  app::Journals journals(desk.store->db());
  CHECK(journals.stored("broker")->next == JournalPlace{7, 1, 201});
  CHECK_FALSE(journals.stored("broker")->left_to_network({7, 1, 100}));
  journals.begin("broker", JournalProgress{});  // a link does not begin twice
  CHECK_FALSE(journals.take(from_journal(200)));
}
