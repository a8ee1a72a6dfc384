#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/observation.hpp"

namespace lintel::cli {

/// What a decoder said, for `lintel decode`: the keys of tests/corpus/cases.jsonl; what is absent is left
/// out.
nlohmann::json to_json(const bridge::Observation& observation);
nlohmann::json to_json(const bridge::Reject& reject);
nlohmann::json to_json(const bridge::DeviceReport& report);

/// One line of JSON; bytes that are no UTF-8 are replaced.
std::string dump(const nlohmann::json& value);

/// A line of JSON for each observation, report and reject, with its `type`.
void print_lines(const bridge::Decoded& decoded, std::ostream& out);
/// A table for people.
void print_table(const bridge::Decoded& decoded, std::size_t frames, std::ostream& out);

}  // namespace lintel::cli
