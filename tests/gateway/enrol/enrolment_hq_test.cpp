// A card becomes a store's gateway, whatever happens on the way.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/enrol/test_card.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

/// Runs one question in a child process that is killed with SIGKILL before or after HQ has heard it.
void killed_while_asking(TestCard& card, bool before_sending) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto parts = card.parts();
    parts.world.post = [before_sending, post = parts.world.post](const auto& url, const auto& headers,
                                                                 const auto& body) {
      if (!before_sending) (void)post(url, headers, body);
      ::kill(::getpid(), SIGKILL);
      return sync::Exchange{};
    };
    (void)CardKeeper(std::move(parts)).token();
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

}  // namespace

TEST_CASE(
    "a card with PostgreSQL: a token beside the configuration makes it the store's gateway, and is "
    "destroyed") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  const auto none = card->token();
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "this gateway is not enrolled at HQ");
  CHECK(none.error().advice.find("lintel provision") != std::string::npos);
  CHECK(card.questions == 0);

  card.put_token(hq.enrolment_token());
  const auto token = card->token();  // not even a restart is needed
  REQUIRE_MESSAGE(token, token.error().message);
  CHECK(served(hq, *token));
  CHECK(agree(hq, card));
  CHECK_FALSE(card.token_is_there());
  CHECK(*card->token() == *token);
  CHECK(card.questions == 1);
  CHECK(card->status().enrolled);
  CHECK(card->status().store == "Store 1");
  CHECK(card->status().token_until == BootTime(61min));
  CHECK(card->status().trouble.empty());
}

TEST_CASE(
    "a card with PostgreSQL: a wrong token is reported, stays where it is, and is not asked about again") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.put_token("not a token");
  CHECK(code_of(card->token()).find("enrolment_token: an enrolment token has only the digits") !=
        std::string::npos);
  card.put_token("00000000000000000000000000000000");
  for (int i = 0; i < 3; ++i) CHECK(code_of(card->token()) == "HQ does not know the enrolment token");
  CHECK(card.questions == 1);
  CHECK(card.token_is_there());
  CHECK(card->status().trouble == "HQ does not know the enrolment token");

  const auto expired = hq.enrolment_token();
  hq.sql().rows("update private.enrolments set expires_at = now()");
  card.put_token(expired);
  CHECK(code_of(card->token()) == "the enrolment token has run out");
  card.put_token(hq.enrolment_token());
  CHECK(card->token());
  CHECK(agree(hq, card));

  TestCard second(hq);
  second.put_token(expired);
  CHECK(code_of(second->token()) == "the enrolment token has run out");
}

TEST_CASE(
    "a card with PostgreSQL: killed before and after it asked, it is enrolled once and renewed without a "
    "gap") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.put_token(hq.enrolment_token());
  for (const bool before : {true, false, true, false}) {
    killed_while_asking(card, before);
    CHECK(card.on_disk().pending);
  }
  card.restart();
  CHECK(card->token());
  CHECK(agree(hq, card));
  CHECK(hq.sql().value("select count(*) from data.gateways") == "1");
  CHECK_FALSE(card.token_is_there());

  for (int turn = 0; turn < 6; ++turn) {
    card.restart(true);
    for (int kills = 0; kills <= turn % 3; ++kills) killed_while_asking(card, (turn + kills) % 2 == 0);
    card.restart();
    const auto token = card->token();
    REQUIRE_MESSAGE(token, token.error().message);
    CHECK(served(hq, *token));
    CHECK(agree(hq, card));
  }
  CHECK(hq.sql().value("select count(*) from data.alerts") == "0");
}

TEST_CASE("a card with PostgreSQL: an answer may be cut at any byte, or be a login page's") {
  if (!ready()) return;
  RealHq hq;
  TestCard card(hq);
  card.put_token(hq.enrolment_token());
  for (int bytes = 0; bytes < 700; bytes += 23) {
    hq.misbehave_once(fmt::format("cut-after-bytes {}", bytes));
    card.restart();
    const auto token = card->token();
    if (token) break;  // longer than the answer
    CAPTURE(bytes);
    CHECK(token.error().trouble != sync::Trouble::credential);
    CHECK(card.on_disk().pending);
  }
  hq.misbehave_once("html");
  CHECK(card->token());
  REQUIRE(agree(hq, card));
  for (const auto* fault : {"html", "status 502", "status 429 7", "drop-after-commit", "cut-after-bytes 300",
                            "cut-after-bytes 90", "status 403"}) {
    CAPTURE(fault);
    card.restart(true);
    hq.misbehave_once(fault);
    CHECK_FALSE(card->token());
    CHECK(card->token());
    CHECK(agree(hq, card));
  }
}
