// Copies of a card, of HQ and of secrets.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/enrol/test_card.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;

TEST_CASE(
    "a card with PostgreSQL: a copied card is told at both ends, until one of the two is enrolled again") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq), copy(hq);
  card.enrol(hq);
  std::filesystem::create_directories(copy.state());
  std::filesystem::copy_file(IdentityFile(card.state()).path(), IdentityFile(copy.state()).path());
  copy.restart(true);
  CHECK(copy->token());  // nobody can know yet
  card.wait(41min);
  const auto before = *card->token();
  card.wait(41min);
  (void)card->token();
  copy.wait(41min);
  const auto of_copy = copy->token();
  REQUIRE_FALSE(of_copy);
  CHECK(of_copy.error().message.find("two cards hold this gateway's identity") != std::string::npos);
  CHECK(of_copy.error().advice.find("lintel provision") != std::string::npos);
  CHECK_FALSE(served(hq, before));
  card.wait(41min);
  CHECK(code_of(card->token()) == of_copy.error().message);
  CHECK(hq.sql().value("select state || ' ' || severity from data.alerts where kind = 'card_cloned'") ==
        "open critical");

  card.put_token(hq.enrolment_token());
  const auto again = card->token();
  REQUIRE_MESSAGE(again, again.error().message);
  CHECK(served(hq, *again));
  CHECK(hq.sql().value("select state from data.alerts where kind = 'card_cloned'") == "resolved");
  CHECK(code_of(copy->token()).find("HQ does not know this card") != std::string::npos);
  CHECK(agree(hq, card));
  CHECK(card.on_disk().moved_from.empty());
}

TEST_CASE("a card with PostgreSQL: a backup of HQ that knows older secrets is no clone") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.enrol(hq);
  auto sql = hq.sql();
  sql.rows("create table private.backup as select * from private.credentials");
  for (int i = 0; i < 5; ++i) {
    card.wait(41min);
    REQUIRE(card->token());
  }
  sql.rows(
      "update private.credentials c set previous_hash = b.previous_hash, current_hash = b.current_hash, "
      "next_hash = b.next_hash from private.backup b where b.gateway_id = c.gateway_id");
  sql.rows("select private.new_history()");
  for (int i = 0; i < 3; ++i) {
    card.wait(41min);
    const auto token = card->token();
    REQUIRE_MESSAGE(token, token.error().message);
    CHECK(agree(hq, card));
  }
  CHECK(sql.value("select count(*) from data.alerts where kind = 'card_cloned'") == "0");
}

TEST_CASE("a card with PostgreSQL: nothing that is logged or shown holds a secret") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  std::string said;
  const auto note = [&] {
    const auto status = card->status();
    said += status.trouble + status.advice + status.gateway + status.store + card.log;
    if (const auto token = card->token(); !token) said += token.error().message + token.error().advice;
  };
  const auto enrolment = hq.enrolment_token();
  card.put_token(enrolment);
  hq.misbehave_once("cut-after-bytes 200");
  note();
  note();
  const auto first = card.on_disk();
  card.wait(41min);
  hq.misbehave_once("status 500");
  note();
  card.wait(2min);
  note();
  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  card.wait(41min);
  note();
  const auto last = card.on_disk();
  REQUIRE(first.card);
  for (const auto& secret :
       {*parse_enrolment_token(enrolment), enrolment, first.card->enrolled, first.card->secret,
        last.card->secret, last.card->next, first.token->jwt, last.token->jwt}) {
    REQUIRE_FALSE(secret.empty());
    CHECK(said.find(secret) == std::string::npos);
  }
  CHECK(said.find("enrolled at " + hq.url()) != std::string::npos);
}
