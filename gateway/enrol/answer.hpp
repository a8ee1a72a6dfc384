#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/enrol/identity.hpp"
#include "gateway/sync/verdict.hpp"

namespace lintel::enrol {

/// HQ lets the card go on.
struct Granted {
  std::string jwt;
  std::chrono::seconds life{0};
  UtcMs time{};
  std::string gateway;  ///< of an enrolment; empty in the answer to a renewal
  StoreNamed store;     ///< likewise
};

/// HQ refuses it, by the contract.
struct Refused {
  std::string code;
  std::string message;  ///< HQ's own words
};

/// Something else than the contract came: what is wrong with it.
struct Unclear {
  std::string why;
};

using Answer = std::variant<Granted, Refused, Unclear>;

/// Reads the body of a 200. `of_enrolment`: gateway and store have to be there.
[[nodiscard]] Answer parse_answer(std::string_view body, bool of_enrolment);

/// What a refusal means to a person at the gateway, and what to do about it. A code of a newer HQ shows
/// HQ's own words.
[[nodiscard]] sync::Verdict words_for(const Refusal& refusal, const std::string& said = {});

/// This card has never been enrolled.
[[nodiscard]] sync::Verdict not_enrolled();

}  // namespace lintel::enrol
