// Tokens are renewed in time, whatever happens on the way.
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/enrol/test_card.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;

TEST_CASE("a card with PostgreSQL: 300 hours, a secret for each renewal, and every token is good") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.enrol(hq);
  std::set<std::string> secrets;
  int renewals = 0;
  for (int quarters = 0; quarters < 1200; ++quarters) {
    card.wait(15min);
    const auto before = card.questions;
    const auto token = card->token();
    REQUIRE_MESSAGE(token, token.error().message);
    if (card.questions == before) continue;
    ++renewals;
    secrets.insert(card.on_disk().card->secret);
    if (renewals % 40 == 1) CHECK(served(hq, *token));
  }
  CHECK(renewals == 400);  // every 45 minutes: the first look after 40
  CHECK(secrets.size() == 400);
  CHECK(agree(hq, card));
  CHECK(hq.sql().value("select count(*) from data.alerts") == "0");
}

TEST_CASE("a card with PostgreSQL: trouble with a renewal holds nothing up while the token is good") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.enrol(hq);
  const auto first = *card->token();
  card.wait(41min);
  hq.misbehave_once("status 503");
  CHECK(*card->token() == first);
  CHECK(card->status().trouble.find("503") != std::string::npos);
  CHECK(card.log.find("could not be renewed yet") != std::string::npos);
  const auto asked = card.questions;
  CHECK(*card->token() == first);
  CHECK(card.questions == asked);  // it backs off
  card.wait(1min);
  REQUIRE(card->token());
  CHECK(card.questions == asked + 1);
  CHECK(card->status().trouble.empty());
  CHECK(card->status().token_until == BootTime(1min + 42min + 60min));

  card.wait(61min);  // it has run out: now there is none
  hq.misbehave_once("status 503");
  CHECK_FALSE(card->token());
  CHECK(card->token());
}

TEST_CASE("a card with PostgreSQL: off for months, it renews before it says anything else") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.enrol(hq);
  hq.sql().rows(
      "update private.credentials set enrolled_at = enrolled_at - interval '9 months', "
      "tokens_from = tokens_from - interval '9 months'");
  card.restart(true);
  const auto token = card->token();
  REQUIRE(token);
  CHECK(card.questions == 2);
  CHECK(served(hq, *token));
}

TEST_CASE(
    "a card with PostgreSQL: a token that HQ refuses is renewed at once, a denied gateway asks why now and "
    "then") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.enrol(hq);
  const auto asked = card.questions;
  CHECK(card->refused(*card->token(), false));
  CHECK(card->token());
  CHECK(card.questions == asked + 1);
  CHECK_FALSE(card->refused("another token", false));

  CHECK(card->refused(*card->token(), true));
  CHECK(card->token());
  CHECK(card.questions == asked + 2);
  CHECK_FALSE(card->refused(*card->token(), true));
  CHECK(card->token());
  CHECK(card.questions == asked + 2);

  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  card.wait(16min);
  CHECK(card->refused(*card->token(), true));
  const auto revoked = card->token();
  CHECK(code_of(revoked) == "HQ has revoked this gateway, or closed its store");
  CHECK(revoked.error().course == sync::Course::people);
  hq.sql().rows("update data.gateways set lifecycle = 'active'");
  CHECK(card->token());
  CHECK(card->status().trouble.empty());
}

TEST_CASE("a card with PostgreSQL: HQ changes its signing key, and no token is refused on the way") {
  if (!ready()) return;
  RealHq hq;
  auto sql = hq.sql();
  sql.rows("update private.signing_keys set kid = '2026'");
  hq.set_jwt_secret(sql.value("select private.signing_key_set()"));
  TestCard card(hq);
  card.enrol(hq);
  const auto of_old_key = *card->token();
  REQUIRE(served(hq, of_old_key));

  sql.rows("begin");
  sql.rows("select private.set_signing_key('2027', 'another secret, thirty-two characters')");
  hq.set_jwt_secret(sql.value("select private.signing_key_set()"));
  CHECK(served(hq, of_old_key));
  sql.rows("commit");
  CHECK(served(hq, of_old_key));
  card.wait(41min);
  const auto of_new_key = *card->token();
  CHECK(served(hq, of_new_key));
  CHECK(of_new_key.substr(0, of_new_key.find('.')) != of_old_key.substr(0, of_old_key.find('.')));
  sql.rows("delete from private.signing_keys where kid = '2026'");
  hq.set_jwt_secret(sql.value("select private.signing_key_set()"));
  CHECK(served(hq, of_new_key));
  CHECK_FALSE(served(hq, of_old_key));
  card.wait(41min);
  CHECK(served(hq, *card->token()));
}
