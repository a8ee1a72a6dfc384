#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "gateway/enrol/secret.hpp"
#include "gateway/enrol/steps.hpp"
#include "tests/gateway/enrol/cards.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Refused refusal(const std::string& code) {
  return {code, "in HQ's words"};
}

}  // namespace

TEST_CASE("enrolment: a token that is tried again keeps its secret, another token gets another one") {
  Identity identity;
  begin_enrolment(identity, kToken, secret('a'), false);
  begin_enrolment(identity, kToken, secret('b'), false);
  CHECK(identity.pending->secret == secret('a'));
  begin_enrolment(identity, std::string(32, '0'), secret('c'), false);
  CHECK(identity.pending->secret == secret('c'));
}

TEST_CASE("enrolment: the answer makes the card a gateway, with the secret of the enrolment in force") {
  Identity identity;
  CHECK(need(identity, at(10min)) == Need::nothing);
  begin_enrolment(identity, kToken, secret('a'), true);
  CHECK(need(identity, at(10min)) == Need::enrol);
  CHECK(json::parse(body_of(identity, Need::enrol)) ==
        json{{"v", 1}, {"token", kToken}, {"secret", secret('a')}});
  CHECK(take(identity, Need::enrol, granted("a.jwt"), at(10min)) == Outcome::granted);
  CHECK_FALSE(identity.pending);
  CHECK(identity.card == Card{kGateway, granted("").store, secret('a'), secret('a'), "", digest_of(kToken)});
  CHECK(identity.token->jwt == "a.jwt");
  CHECK(need(identity, at(10min)) == Need::nothing);
}

TEST_CASE(
    "renewal: it is due after two thirds of the token's life, and the token is good to its last minute") {
  const auto identity = enrolled(at(100min));
  CHECK(need(identity, at(139min)) == Need::nothing);
  CHECK(need(identity, at(140min)) == Need::renew);
  CHECK(usable(identity, at(158min)));
  CHECK_FALSE(usable(identity, at(159min)));
  CHECK(remaining(identity, at(130min))->life == 30min);
  CHECK(remaining(identity, at(130min))->until_renewal == 10min);
}

TEST_CASE("renewal: after a restart of the machine nobody knows the token's age, so it comes first") {
  const auto identity = enrolled(at(100min));
  CHECK(need(identity, at(101min, 2)) == Need::renew);
  CHECK_FALSE(usable(identity, at(101min, 2)));
  CHECK_FALSE(remaining(identity, at(101min, 2)));
}

TEST_CASE("renewal: no answer and the same pair goes again; an answer and the announced secret is in force") {
  auto identity = enrolled(at(0min));
  prepare(identity, Need::renew, secret('b'));
  const auto first = body_of(identity, Need::renew);
  CHECK(take(identity, Need::renew, Unclear{"cut"}, at(41min)) == Outcome::unclear);
  prepare(identity, Need::renew, secret('c'));
  CHECK(body_of(identity, Need::renew) == first);
  CHECK(json::parse(first) == json{{"v", 1},
                                   {"gateway", kGateway},
                                   {"enrolled", secret('a')},
                                   {"secret", secret('a')},
                                   {"next", secret('b')}});
  CHECK(take(identity, Need::renew, granted("b.jwt"), at(42min)) == Outcome::granted);
  prepare(identity, Need::renew, secret('c'));
  CHECK(json::parse(body_of(identity, Need::renew)) == json{{"v", 1},
                                                            {"gateway", kGateway},
                                                            {"enrolled", secret('a')},
                                                            {"secret", secret('b')},
                                                            {"next", secret('c')}});
}

TEST_CASE("refusals: what each of them leaves of the card") {
  struct Case {
    const char* code;
    Need need;
    Outcome outcome;
    sync::Course course;
  };
  constexpr auto kPeople = sync::Course::people;
  const Case cases[] = {{"unknown_token", Need::enrol, Outcome::refused, kPeople},
                        {"expired", Need::enrol, Outcome::refused, kPeople},
                        {"used", Need::enrol, Outcome::refused, kPeople},
                        {"revoked", Need::enrol, Outcome::refused, kPeople},
                        {"malformed", Need::enrol, Outcome::refused, sync::Course::slow},
                        {"of_tomorrow", Need::enrol, Outcome::refused, kPeople},
                        {"revoked", Need::renew, Outcome::refused, kPeople},
                        {"unknown_card", Need::renew, Outcome::refused, kPeople},
                        {"card_cloned", Need::renew, Outcome::refused, kPeople},
                        {"malformed", Need::renew, Outcome::refused, sync::Course::slow},
                        {"late", Need::renew, Outcome::again, sync::Course::back_off}};
  for (const auto& one : cases) {
    CAPTURE(one.code);
    auto identity = enrolled(at(0min));
    const auto card = *identity.card;
    if (one.need == Need::enrol) begin_enrolment(identity, std::string(32, '5'), secret('d'), false);
    prepare(identity, one.need, secret('b'));
    CHECK(take(identity, one.need, refusal(one.code), at(41min)) == one.outcome);
    const auto words = words_for({one.code, one.need == Need::enrol, ""}, "in HQ's words");
    CHECK(words.course == one.course);
    CHECK(words.trouble == sync::Trouble::credential);
    CHECK_FALSE(words.message.empty());
    CHECK_FALSE(words.advice.empty());
    CHECK(identity.card->enrolled == card.enrolled);
    CHECK_FALSE(identity.pending);
    if (one.outcome == Outcome::again) {
      CHECK(identity.card->secret == secret('b'));
      CHECK(identity.card->next.empty());
      continue;
    }
    CHECK(identity.refusal->code == one.code);
    CHECK(identity.card->secret == card.secret);
    // A renewal that was refused is asked again as it was: HQ may think better of it.
    CHECK(identity.card->next == (one.need == Need::renew ? secret('b') : ""));
  }
}

TEST_CASE("refusals: a token that works ends them, and one that does not is told apart from the next") {
  auto identity = enrolled(at(0min));
  prepare(identity, Need::renew, secret('b'));
  (void)take(identity, Need::renew, refusal("card_cloned"), at(41min));
  begin_enrolment(identity, std::string(32, '5'), secret('d'), false);
  (void)take(identity, Need::enrol, refusal("expired"), at(42min));
  CHECK(identity.refusal->token_digest == digest_of(std::string(32, '5')));
  begin_enrolment(identity, std::string(32, '6'), secret('e'), false);
  CHECK(take(identity, Need::enrol, granted("new.jwt"), at(43min)) == Outcome::granted);
  CHECK_FALSE(identity.refusal);
  CHECK(identity.card->enrolled == secret('e'));
}

TEST_CASE(
    "enrolment: a card that goes to another store remembers whose the database is, and forgets on the way "
    "back") {
  auto identity = enrolled(at(0min));
  CHECK(identity.moved_from.empty());
  const auto enrol_for = [&](char token, const std::string& store) {
    begin_enrolment(identity, std::string(32, token), secret(token), false);
    (void)take(identity, Need::enrol, granted("jwt", store), at(5min));
  };
  enrol_for('5', kStore);
  CHECK(identity.moved_from.empty());
  enrol_for('6', kGateway);
  CHECK(identity.moved_from == kStore);
  enrol_for('7', "11111111-4b3e-4d3c-9d0e-1c2b3a4d5e6f");
  CHECK(identity.moved_from == kStore);
  enrol_for('8', kStore);
  CHECK(identity.moved_from.empty());
}

TEST_CASE("answers: only the contract's are believed") {
  const json good{{"v", 1},
                  {"gateway", kGateway},
                  {"store", {{"id", kStore}, {"name", "x"}, {"timezone", "UTC"}, {"day_start_minute", 0}}},
                  {"jwt", "a.b.c"},
                  {"expires_in", 3600},
                  {"time", 1785539521000}};
  CHECK(std::holds_alternative<Granted>(parse_answer(good.dump(), true)));
  const auto with = [&](const json& change) {
    auto other = good;
    other.merge_patch(change);
    return other.dump();
  };
  for (const auto& body :
       {with({{"v", 2}}), with({{"jwt", nullptr}}), with({{"jwt", "two\nlines"}}), with({{"expires_in", 0}}),
        with({{"expires_in", 99'999'999}}), with({{"gateway", "x"}}), with({{"store", nullptr}}),
        with({{"store", {{"id", "../../etc"}}}}), with({{"time", "now"}}), std::string("null"),
        std::string("[]"), std::string("<html>"), std::string(), std::string(R"({"v":1,"error":"x"})")}) {
    CAPTURE(body);
    CHECK(std::holds_alternative<Unclear>(parse_answer(body, true)));
  }
  for (std::size_t cut = 0; cut < good.dump().size(); ++cut) {
    CHECK(std::holds_alternative<Unclear>(parse_answer(good.dump().substr(0, cut), true)));
  }
  const auto refused = parse_answer(R"({"v":1,"error":{"code":"used","message":"m"}})", true);
  REQUIRE(std::holds_alternative<Refused>(refused));
  CHECK(std::get<Refused>(refused).code == "used");
}

TEST_CASE("tokens: as people write them, and what is wrong with others is said without showing them") {
  CHECK(*parse_enrolment_token(" 3F2A-90b1 3f2a90b1-3f2a90b1\t3f2a90b1\r\n") == kToken);
  for (const std::string text :
       {"", "\n", "3f2a", "3f2a90b13f2a90b13f2a90b13f2a90bg", "3f2a90b13f2a90b13f2a90b13f2a90b1f"}) {
    const auto token = parse_enrolment_token(text);
    REQUIRE_FALSE(token);
    CHECK(token.error().kind == ErrorKind::misconfigured);
    CHECK(token.error().message.find("3f2a") == std::string::npos);
  }
}

TEST_CASE("secrets: 256 bits as digits, never the same") {
  const auto one = new_secret(), other = new_secret();
  REQUIRE(one);
  CHECK(one->size() == 64);
  CHECK(one->find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(*one != *other);
}
