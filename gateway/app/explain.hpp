#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::app {

/// What is to be explained: the readings of a sensor, or of one of its lines, that begin in [from, to).
struct Question {
  std::string sensor;  ///< serial, or a name that only one has
  std::optional<std::string> line;
  UtcMs from{}, to{};
  std::size_t limit = 200;  ///< readings and messages that are listed; sums are always of all
};

/// Where the counts of a time come from. An object:
///   sensor       serial, name, decoder, link
///   from, to     ms
///   sums         per line: in, out, over_gaps_in, over_gaps_out (readings of more than an hour),
///   estimated_in,
///                estimated_out, discarded_in, discarded_out, readings
///   readings     per reading: line, from, to, in, out, flags (words), revision, received, change, hq
///   (confirmed,
///                waiting, or the code of HQ's refusal), moved_from, rule, why, and `message` as below where
///                it is still kept; more_readings: so many are not listed
///   nobody       messages that added nobody: message, line, rule, why
///   corrections  by people: at, actor, action, line, from, to, reason, changed, finished
///   directions   how it was mounted: until (ms; null: still), inverted
///   evidence     oldest (ms or null), lost: messages that could not be kept, more
/// A message is arrival, link, topic, decoder, text or hex, retained, kind, said_in, said_out, from, to.
/// `misconfigured` when nobody has that name. Throws store::SqliteError.
Result<nlohmann::json> explain(store::Database& reader, const std::filesystem::path& evidence_dir,
                               const Question& question);

}  // namespace lintel::app
