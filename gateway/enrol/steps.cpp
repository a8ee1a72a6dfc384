#include "gateway/enrol/steps.hpp"

#include <nlohmann/json.hpp>

#include "gateway/enrol/secret.hpp"

namespace lintel::enrol {

namespace {

using nlohmann::json;

/// The request that carries the token takes its time, and HQ's clock may be a little ahead.
constexpr Millis kOnTheWay{60'000};

Outcome take_enrolment(Identity& identity, const Granted& granted, const Moment& asked) {
  const auto& pending = *identity.pending;
  if (identity.card && identity.card->store.id != granted.store.id && identity.moved_from.empty()) {
    identity.moved_from = identity.card->store.id;
  } else if (identity.moved_from == granted.store.id) {
    identity.moved_from.clear();  // and back again before the move was carried out
  }
  identity.card =
      Card{granted.gateway, granted.store, pending.secret, pending.secret, "", digest_of(pending.token)};
  identity.token = Token{granted.jwt, granted.life, granted.time, asked};
  identity.pending.reset();
  identity.refusal.reset();
  return Outcome::granted;
}

Outcome take_renewal(Identity& identity, const Granted& granted, const Moment& asked) {
  identity.card->secret = identity.card->next;
  identity.card->next.clear();
  identity.token = Token{granted.jwt, granted.life, granted.time, asked};
  if (identity.refusal && !identity.refusal->of_enrolment) identity.refusal.reset();
  return Outcome::granted;
}

Outcome take_refusal(Identity& identity, Need need, const Refused& refused) {
  if (need == Need::renew && refused.code == "late") {
    identity.card->secret = identity.card->next;
    identity.card->next.clear();
    return Outcome::again;
  }
  identity.refusal = Refusal{refused.code, need == Need::enrol, ""};
  if (need == Need::enrol) {
    identity.refusal->token_digest = digest_of(identity.pending->token);
    identity.pending.reset();
  }
  return Outcome::refused;
}

}  // namespace

std::optional<Remaining> remaining(const Identity& identity, const Moment& now) {
  if (!identity.token || identity.token->since.boot != now.boot) return std::nullopt;
  const auto age = std::chrono::floor<Millis>(now.at - identity.token->since.at);
  const Millis life = identity.token->life;
  return Remaining{life - age, life * 2 / 3 - age};
}

bool usable(const Identity& identity, const Moment& now) {
  const auto left = remaining(identity, now);
  return identity.card && left && left->life > std::min<Millis>(kOnTheWay, identity.token->life / 10);
}

Need need(const Identity& identity, const Moment& now) {
  if (identity.pending) return Need::enrol;
  if (!identity.card) return Need::nothing;
  const auto left = remaining(identity, now);
  return left && left->until_renewal > Millis{0} ? Need::nothing : Need::renew;
}

void begin_enrolment(Identity& identity, const std::string& token, const std::string& fresh_secret,
                     bool from_file) {
  if (!identity.pending || identity.pending->token != token) {
    identity.pending = Pending{token, fresh_secret, from_file};
  }
  identity.pending->from_file = identity.pending->from_file || from_file;
  if (identity.refusal && identity.refusal->of_enrolment) identity.refusal.reset();
}

void prepare(Identity& identity, Need need, const std::string& fresh_secret) {
  if (need == Need::renew && identity.card->next.empty()) identity.card->next = fresh_secret;
}

std::string body_of(const Identity& identity, Need need) {
  if (need == Need::enrol) {
    return json{{"v", 1}, {"token", identity.pending->token}, {"secret", identity.pending->secret}}.dump();
  }
  const auto& card = *identity.card;
  return json{{"v", 1},
              {"gateway", card.gateway},
              {"enrolled", card.enrolled},
              {"secret", card.secret},
              {"next", card.next}}
      .dump();
}

Outcome take(Identity& identity, Need need, const Answer& answer, const Moment& asked) {
  if (const auto* granted = std::get_if<Granted>(&answer)) {
    return need == Need::enrol ? take_enrolment(identity, *granted, asked)
                               : take_renewal(identity, *granted, asked);
  }
  if (const auto* refused = std::get_if<Refused>(&answer)) return take_refusal(identity, need, *refused);
  return Outcome::unclear;
}

}  // namespace lintel::enrol
