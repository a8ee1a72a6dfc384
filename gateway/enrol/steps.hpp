#pragma once

#include <string>

#include "gateway/enrol/answer.hpp"
#include "gateway/enrol/identity.hpp"

namespace lintel::enrol {

/// What the card has to ask HQ for before it can go on.
enum class Need {
  nothing,  ///< the token in hand is good, or there is nothing to ask with
  enrol,
  renew,
};

/// By the clock of boots alone: a token of an earlier boot is of unknown age and is renewed first. A token is
/// renewed after two thirds of its life.
[[nodiscard]] Need need(const Identity& identity, const Moment& now);

/// Whether the token in hand is still good, a minute set aside for the way to HQ.
[[nodiscard]] bool usable(const Identity& identity, const Moment& now);

/// How long the token lasts and when it is renewed, from `now` on; negative: it has passed. Nothing without a
/// token of this boot.
struct Remaining {
  Millis life;
  Millis until_renewal;
};
[[nodiscard]] std::optional<Remaining> remaining(const Identity& identity, const Moment& now);

/// Begins an enrolment with a token of 32 digits. The secret of an enrolment under way with the same token is
/// kept, because HQ may have it already.
void begin_enrolment(Identity& identity, const std::string& token, const std::string& fresh_secret,
                     bool from_file);

/// Makes the identity what has to be on disk before the request goes out: a renewal has its next secret.
void prepare(Identity& identity, Need need, const std::string& fresh_secret);

/// The request's body. After prepare().
[[nodiscard]] std::string body_of(const Identity& identity, Need need);

/// What an answer made of the identity.
enum class Outcome {
  granted,  ///< there is a new token
  again,    ///< the newer secret is in force now: ask at once
  refused,  ///< identity.refusal says how
  unclear,  ///< nothing has changed
};
[[nodiscard]] Outcome take(Identity& identity, Need need, const Answer& answer, const Moment& asked);

}  // namespace lintel::enrol
