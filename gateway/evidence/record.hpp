#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"

namespace lintel::evidence {

/// What a reading was made of, or what added nobody: one observation of a frame and what became of it.
struct Judged {
  std::string sensor;  ///< serial
  std::string line;
  std::string kind;                      ///< interval, event, total
  std::optional<std::int64_t> said_in;   ///< as the device states it
  std::optional<std::int64_t> said_out;  ///< as the device states it
  UtcMs from{}, at{};                    ///< the statement's time, resolved
  std::string rule;                      ///< counting::name(Rule)
  bool counted = false;                  ///< a reading came of it: the rest says which
  UtcMs started{};
  Millis duration{0};
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;
  /// A total and the windows told beside it contradict each other.
  std::optional<std::int64_t> by_total{}, one_by_one{};
};

/// A frame that was understood, and what counting made of it.
struct Record {
  UtcMs arrival{};
  std::string link;
  std::string topic;
  std::string decoder;
  std::string payload;
  bool retained = false;
  std::uint64_t segment = 0, offset = 0;  ///< its place in the spool; 0, 0: it did not come from there
  std::vector<Judged> judged;
};

/// One line of JSON without the line break: `at` ms UTC, `spool` [segment, offset], `link`, `topic`,
/// `decoder`, `text` or `hex`, `retained`, `judged`: `sensor`, `line`, `kind`, `in`, `out`, `from`, `to`,
/// `rule` and, where somebody was counted or a time found empty, `reading` [start, ms, in, out]. Personal
/// parts of the payload are replaced (store/redact.hpp).
std::string to_line(const Record& record, std::string_view salt);

/// A payload as such a line has it: {"text": …} where every byte is printable ASCII or white space, else
/// {"hex": …}. Nothing of it is lost.
nlohmann::json payload_json(std::string_view payload);

/// False: it is no such line. A replaced part stays replaced, a payload given in hex is bytes again.
bool from_line(std::string_view line, Record& record);

}  // namespace lintel::evidence
