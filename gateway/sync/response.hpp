#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/sync/confirmation.hpp"
#include "gateway/sync/contract.hpp"

namespace lintel::sync {

/// HQ's answer as the contract defines it (schema/SYNC.md, "Down").
struct Answer {
  struct Range {
    std::int64_t first;
    std::int64_t last;
  };
  struct Refusal {
    std::size_t series;
    std::size_t reading;
    std::string code;
    std::string message;
  };
  std::int64_t version = 1;          ///< of the contract, in which it is written
  std::optional<Versions> versions;  ///< what HQ understands, where its newest is not ours
  std::optional<std::string>
      schema;  ///< by which rules HQ judges readings, if they are not those it was told
  std::int64_t watermark = 0;
  std::vector<Range> applied;
  std::vector<Range> missing;
  std::vector<SensorId> sensors;
  struct Coverage {
    std::int64_t taken = 0;
    std::int64_t ignored = 0;
    std::string first;  ///< what was ignored first, and why
  };
  struct Counters {
    std::int64_t ignored = 0;
    std::string first;                                          ///< what was ignored first, and why
    std::optional<std::vector<store::CarriedCounter>> carried;  ///< only where the request asked
  };
  std::vector<Refusal> rejected;
  std::optional<Coverage> coverage;                  ///< only where the request had some
  std::optional<Coverage> given_up;                  ///< only where the request had some
  std::optional<AcceptanceAnswer> acceptances;       ///< only where the request had some
  std::optional<std::vector<AlertRefusal>> alerts;   ///< refused ones; only where the request had some
  std::optional<Counters> counters;                  ///< only where the request had or wanted some
  std::optional<std::vector<DayVerdict>> checksums;  ///< only where the request had some
  std::optional<Configuration> configuration;
  std::string configuration_error;  ///< HQ's configuration cannot be used: where and why
  std::string history;
  UtcMs time{};
  Millis pace{0};
};

/// HQ understood the request as a document but not as this contract: `{"error": {...}}`.
struct Refused {
  std::string code;
  std::string message;
  std::optional<Versions> versions;  ///< what HQ understands, where it says so
};

struct ParsedAnswer {
  std::optional<Answer> answer;
  std::optional<Refused> refused;
  std::string why_not;  ///< neither: what is wrong with the body, and where
};

/// Reads the body of a 200. Strict: whatever is not exactly the contract's object is told in `why_not`,
/// and nothing of it is believed. Unknown keys are let pass, for a newer HQ; a version that is not ours is
/// `refused` with the codes of the contract, whoever of the two is older. Never throws; memory is
/// bounded by a limit on the number of values.
[[nodiscard]] ParsedAnswer parse_answer(std::string_view body, const Versions& ours = kContract);

/// `code` and `message` of a PostgREST error body; both empty if it is none.
struct ErrorBody {
  bool json = false;
  std::string code;
  std::string message;
};
[[nodiscard]] ErrorBody parse_error_body(std::string_view body);

}  // namespace lintel::sync
