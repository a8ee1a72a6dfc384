#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "gateway/enrol/card_keeper.hpp"
#include "gateway/enrol/secret.hpp"
#include "tests/gateway/enrol/cards.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

const std::atomic<bool> kNever{false};

/// A card in a state directory of its own, with a boot clock that the test moves.
class TestCard {
 public:
  explicit TestCard(const RealHq& hq) : url_(hq.url()) { restart(); }

  /// A new process, on the same disk; `another_boot`: and of another boot.
  void restart(bool another_boot = false) {
    if (another_boot) now_ = at(1min, static_cast<std::uint8_t>(++boot_));
    keeper_ = std::make_unique<CardKeeper>(parts());
  }
  CardKeeper::Parts parts() {
    CardKeeper::Parts parts{IdentityFile(state()), world(), dir_.path() / "enrolment_token", {}, {}, {}};
    parts.timing.backoff_base = Millis{60'000};
    parts.timing.backoff_cap = Millis{60'000};
    parts.random = [] { return 1.0; };
    parts.log = [this](const std::string& line) { log += line + "\n"; };
    return parts;
  }
  World world() {
    auto over = over_http({}, kNever);
    return {url_, "",
            [this, over](const auto& url, const auto& headers, const auto& body) {
              ++questions;
              return over(url, headers, body);
            },
            new_secret, [this] { return now_; }};
  }
  void put_token(const std::string& token) {
    std::ofstream(dir_.path() / "enrolment_token") << token << '\n';
  }
  [[nodiscard]] bool token_is_there() const {
    return std::filesystem::exists(dir_.path() / "enrolment_token");
  }
  void enrol(RealHq& hq) {
    put_token(hq.enrolment_token());
    restart();
    const auto token = keeper_->token();
    REQUIRE_MESSAGE(token, token.error().message);
  }
  void wait(BootTime time) { now_.at += time; }
  CardKeeper& operator*() { return *keeper_; }
  CardKeeper* operator->() { return keeper_.get(); }
  [[nodiscard]] Identity on_disk() const { return *IdentityFile(state()).read(); }
  [[nodiscard]] std::filesystem::path state() const { return dir_.path() / "state"; }

  int questions = 0;
  std::string log;

 private:
  TempDir dir_;
  std::string url_;
  Moment now_ = at(1min);
  int boot_ = 1;
  std::unique_ptr<CardKeeper> keeper_;
};

/// Whether HQ serves the token; it knows it from the claims alone.
bool served(const RealHq& hq, const std::string& jwt) {
  sync::Http http({}, kNever);
  const auto answer = http.post(hq.url() + "/rpc/gateway_sync_v1",
                                {"Content-Type: application/json", "Authorization: Bearer " + jwt}, "{}");
  return answer.status == 200;
}

/// The one thing that card and HQ have to agree on.
bool agree(RealHq& hq, const TestCard& card) {
  const auto identity = card.on_disk();
  if (!identity.card) return false;
  return hq.sql().value(fmt::format(
             "select count(*) from private.credentials c join data.gateways g on g.id = c.gateway_id where "
             "g.public_id = '{}' and c.card_hash = private.digest_of('{}') and private.digest_of('{}') in "
             "(c.current_hash, c.next_hash) and c.locked_at is null",
             identity.card->gateway, identity.card->enrolled, identity.card->secret)) == "1";
}

std::string code_of(const tl::expected<std::string, sync::Verdict>& token) {
  return token ? "a token" : token.error().message;
}

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
