#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel::enrol {

/// The store as HQ named it when the card was enrolled; later its configuration says more.
struct StoreNamed {
  std::string id;  ///< uuid
  std::string name;
  std::string timezone;
  int day_start_minute = 0;

  friend bool operator==(const StoreNamed&, const StoreNamed&) = default;
};

/// What makes this card the gateway of a store (schema/ENROL.md).
struct Card {
  std::string gateway;  ///< uuid
  StoreNamed store;
  std::string enrolled;      ///< the secret of the enrolment
  std::string secret;        ///< the one in force
  std::string next;          ///< announced by a renewal whose answer is still out; empty: none is under way
  std::string token_digest;  ///< of the enrolment token that it came by: the same one again is no new card

  friend bool operator==(const Card&, const Card&) = default;
};

/// An enrolment that HQ has not answered yet.
struct Pending {
  std::string token;
  std::string secret;
  bool from_file = false;  ///< of the token file: which is to go when it has worked

  friend bool operator==(const Pending&, const Pending&) = default;
};

/// An instant that no clock step moves, and no other boot knows.
struct Moment {
  BootId boot{};
  BootTime at{};

  friend bool operator==(const Moment&, const Moment&) = default;
};

/// The token in hand. How long it lasts is reckoned from its arrival on the boot clock: this machine's wall
/// clock may be any.
struct Token {
  std::string jwt;
  std::chrono::seconds life{0};
  UtcMs hq_time{};  ///< HQ's clock when it was signed
  Moment since;     ///< when it was asked for

  friend bool operator==(const Token&, const Token&) = default;
};

/// A refusal that only a person can end.
struct Refusal {
  std::string code;
  bool of_enrolment = false;
  std::string token_digest;  ///< of the enrolment token that was refused

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// All that the identity file holds.
struct Identity {
  std::string url;  ///< HQ's address, as `lintel provision` was told it; empty: the configuration says it
  std::optional<Card> card;
  std::optional<Pending> pending;
  std::optional<Token> token;
  std::optional<Refusal> refusal;
  /// The store of the card before, while the database still holds its counts; empty: it is the same store.
  std::string moved_from;

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// As JSON, secrets included: for the file alone.
[[nodiscard]] std::string to_text(const Identity& identity);
/// `corrupt` when it is not what to_text() makes; the message never quotes it.
[[nodiscard]] Result<Identity> parse_identity(const std::string& text);

}  // namespace lintel::enrol
