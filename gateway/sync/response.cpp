#include "gateway/sync/response.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/sync/configuration.hpp"
#include "gateway/sync/stated.hpp"

namespace lintel::sync {

namespace {

using nlohmann::json;
using namespace stated;  // NOLINT(google-build-using-namespace): every line here reads them

constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kDeepest = 16;

/// Walks a document without building it, and gives up on one that would take much memory.
class Measure : public nlohmann::json_sax<json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return deeper(); }
  bool key(string_t&) override { return count(); }
  bool end_object() override { return shallower(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return shallower(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = fmt::format("is not JSON (at byte {})", position);
    return false;
  }

  std::string problem;

 private:
  bool count() {
    if (++values_ <= kMostValues) return true;
    problem = fmt::format("holds more than {} values", kMostValues);
    return false;
  }
  bool deeper() {
    if (++depth_ <= kDeepest) return count();
    problem = fmt::format("is nested deeper than {} levels", kDeepest);
    return false;
  }
  bool shallower() {
    --depth_;
    return true;
  }

  std::size_t values_ = 0;
  std::size_t depth_ = 0;
};

/// Null, with the reason in `problem`, for anything but a modest JSON document.
std::optional<json> read_document(std::string_view body, std::string& problem) {
  Measure measure;
  if (!json::sax_parse(body, &measure)) {
    problem = measure.problem.empty() ? "is not JSON" : measure.problem;
    return std::nullopt;
  }
  auto document = json::parse(body, nullptr, false);
  if (document.is_discarded()) {
    problem = "is not JSON";
    return std::nullopt;
  }
  return document;
}

std::vector<Answer::Range> ranges(const json& document, const char* key) {
  std::vector<Answer::Range> out;
  const auto* value = find(document, key);
  if (value == nullptr) return out;
  for (const auto& entry : array(*value, key)) {
    if (!entry.is_array() || entry.size() != 2) {
      throw Mismatch{fmt::format("\"{}\" holds something else than pairs", key)};
    }
    const auto first = integer(entry[0], key, 0, kMostChanges);
    out.push_back({first, integer(entry[1], key, first, kMostChanges)});
  }
  return out;
}

std::vector<SensorId> sensor_ids(const json& document) {
  std::vector<SensorId> out;
  if (const auto* value = find(document, "sensors")) {
    for (const auto& [public_id, id] : object(*value, "sensors").items()) {
      out.push_back({public_id, integer(id, "sensors", 1, kMostChanges)});
    }
  }
  return out;
}

std::vector<Answer::Refusal> refusals(const json& document) {
  std::vector<Answer::Refusal> out;
  const auto* value = find(document, "rejected");
  if (value == nullptr) return out;
  for (const auto& entry : array(*value, "rejected")) {
    (void)object(entry, "rejected");
    Answer::Refusal refusal;
    refusal.series = static_cast<std::size_t>(integer(need(entry, "s"), "rejected.s", 0, kMostChanges));
    refusal.reading = static_cast<std::size_t>(integer(need(entry, "k"), "rejected.k", 0, kMostChanges));
    refusal.code = text(need(entry, "code"), "rejected.code");
    if (const auto* message = find(entry, "message")) refusal.message = text(*message, "rejected.message");
    out.push_back(std::move(refusal));
  }
  return out;
}

/// `coverage` and `given_up`.
std::optional<Answer::Coverage> taken(const json& document, const char* key) {
  const auto* value = find(document, key);
  if (value == nullptr) return std::nullopt;
  (void)object(*value, key);
  Answer::Coverage out;
  out.taken = integer(need(*value, "taken"), (std::string(key) + ".taken").c_str(), 0, kMostChanges);
  out.ignored = integer(need(*value, "ignored"), (std::string(key) + ".ignored").c_str(), 0, kMostChanges);
  if (const auto* first = find(*value, "first"))
    out.first = text(*first, (std::string(key) + ".first").c_str());
  return out;
}

std::optional<std::vector<AlertRefusal>> alerts(const json& document) {
  const auto* value = find(document, "alerts_rejected");
  if (value == nullptr) return std::nullopt;
  std::vector<AlertRefusal> out;
  for (const auto& entry : array(*value, "alerts_rejected")) {
    (void)object(entry, "alerts_rejected");
    AlertRefusal refusal;
    refusal.position =
        static_cast<std::size_t>(integer(need(entry, "n"), "alerts_rejected.n", 0, kMostChanges));
    refusal.code = text(need(entry, "code"), "alerts_rejected.code");
    refusal.message = refusal.code;
    if (const auto* message = find(entry, "message"); message != nullptr && !message->is_null()) {
      refusal.message = text(*message, "alerts_rejected.message");
    }
    out.push_back(std::move(refusal));
  }
  return out;
}

std::optional<AcceptanceAnswer> acceptances(const json& document) {
  const auto* value = find(document, "acceptances");
  if (value == nullptr) return std::nullopt;
  (void)object(*value, "acceptances");
  AcceptanceAnswer out;
  for (const auto& id : array(need(*value, "taken"), "acceptances.taken"))
    out.taken.push_back(text(id, "acceptances.taken"));
  for (const auto& entry : array(need(*value, "rejected"), "acceptances.rejected")) {
    (void)object(entry, "acceptances.rejected");
    out.rejected.emplace_back(
        static_cast<std::size_t>(integer(need(entry, "n"), "acceptances.rejected.n", 0, kMostChanges)),
        text(need(entry, "code"), "acceptances.rejected.code"));
  }
  return out;
}

/// A total from ahead would make every total until then a late one.
store::CarriedCounter not_ahead(store::CarriedCounter counter, UtcMs now) {
  counter.at = std::min(counter.at, now);
  counter.after.end = std::min(counter.after.end, now);
  return counter;
}

std::optional<Answer::Counters> counters(const json& document, UtcMs now) {
  const auto* value = find(document, "counters");
  if (value == nullptr) return std::nullopt;
  (void)object(*value, "counters");
  Answer::Counters out;
  if (const auto* ignored = find(*value, "ignored"))
    out.ignored = integer(*ignored, "counters.ignored", 0, kMostChanges);
  if (const auto* first = find(*value, "first")) out.first = text(*first, "counters.first");
  const auto* carried = find(*value, "carried");
  if (carried == nullptr) return out;
  out.carried.emplace();
  for (const auto& entry : array(*carried, "counters.carried")) {
    if (const auto counter = store::carried_from(entry)) {
      out.carried->push_back(not_ahead(*counter, now));
    } else if (out.first.empty()) {
      out.first = fmt::format("HQ's totals of a series cannot be understood and are not gone on from: {}",
                              entry.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 200));
    }
  }
  return out;
}

SeriesChecksum series_checksum(const json& entry) {
  (void)object(entry, "checksums.differs");
  SeriesChecksum out;
  out.sensor = text(need(entry, "sensor"), "checksums.sensor");
  const auto* region = find(entry, "region");
  out.region = region != nullptr;
  out.label = text(region != nullptr ? *region : need(entry, "line"), "checksums.line");
  out.readings = integer(need(entry, "n"), "checksums.n", 0, kMostChanges);
  out.sum = integer(need(entry, "h"), "checksums.h", 0, kMostChanges);
  return out;
}

std::optional<std::vector<DayVerdict>> checksums(const json& document) {
  const auto* value = find(document, "checksums");
  if (value == nullptr) return std::nullopt;
  std::vector<DayVerdict> out;
  for (const auto& entry : array(*value, "checksums")) {
    (void)object(entry, "checksums");
    DayVerdict verdict;
    verdict.day = integer(need(entry, "t"), "checksums.t", 0, kMostChanges) / 86'400'000;
    if (const auto* code = find(entry, "code")) verdict.code = text(*code, "checksums.code");
    if (const auto* differs = find(entry, "differs")) {
      for (const auto& series : array(*differs, "checksums.differs")) {
        verdict.differs.push_back(series_checksum(series));
      }
    }
    out.push_back(std::move(verdict));
  }
  return out;
}

/// Counts are confirmed whatever HQ's configuration looks like: a bad one is only not taken.
void take_configuration(const json& document, Answer& answer) {
  const auto* value = find(document, "config");
  if (value == nullptr) return;
  try {
    answer.configuration = read_configuration(object(*value, "config"));
  } catch (const Mismatch& mismatch) {
    answer.configuration_error = mismatch.where;
  }
}

std::optional<Versions> versions(const json& document) {
  const auto* value = find(document, "versions");
  if (value == nullptr) return std::nullopt;
  if (array(*value, "versions").size() != 2) throw Mismatch{"\"versions\" is not a pair"};
  const auto lowest = integer((*value)[0], "versions", 1, kMostChanges);
  return Versions{lowest, integer((*value)[1], "versions", lowest, kMostChanges)};
}

Answer read_answer(const json& document, std::int64_t version) {
  Answer answer;
  answer.version = version;
  answer.versions = versions(document);
  if (const auto* schema = find(document, "schema")) answer.schema = text(*schema, "schema");
  answer.watermark = integer(need(document, "watermark"), "watermark", 0, kMostChanges);
  answer.history = text(need(document, "history"), "history");
  if (answer.history.empty()) throw Mismatch{"\"history\" is empty"};
  answer.time = utc_ms(integer(need(document, "time"), "time", 0, kMostChanges));
  answer.applied = ranges(document, "applied");
  // It goes without saying that there is nothing beyond the watermark.
  if (version >= kSharedKeys && find(document, "applied") == nullptr && answer.watermark > 0) {
    answer.applied = {{1, answer.watermark}};
  }
  answer.missing = ranges(document, "missing");
  answer.sensors = sensor_ids(document);
  answer.rejected = refusals(document);
  answer.coverage = taken(document, "coverage");
  answer.given_up = taken(document, "given_up");
  answer.alerts = alerts(document);
  answer.acceptances = acceptances(document);
  answer.counters = counters(document, answer.time);
  answer.checksums = checksums(document);
  if (const auto* pace = find(document, "pace_ms")) {
    answer.pace = Millis{integer(*pace, "pace_ms", 0, kMostChanges)};
  }
  take_configuration(document, answer);
  return answer;
}

Refused read_refused(const json& error) {
  Refused refused;
  if (const auto* code = find(error, "code")) refused.code = text(*code, "error.code");
  if (const auto* message = find(error, "message")) refused.message = text(*message, "error.message");
  return refused;
}

}  // namespace

ParsedAnswer parse_answer(std::string_view body, const Versions& ours) {
  ParsedAnswer out;
  const auto document = read_document(body, out.why_not);
  if (!document) return out;
  try {
    if (!document->is_object()) throw Mismatch{"it is not an object"};
    const auto version = integer(need(*document, "v"), "v", 1, kMostChanges);
    if (const auto* error = find(*document, "error")) {
      out.refused = read_refused(object(*error, "error"));
      out.refused->versions = versions(*document);
    } else if (!ours.contains(version)) {
      out.refused = Refused{version < ours.lowest ? kHqTooOld : kGatewayTooOld,
                            fmt::format("HQ answered in version {} of the sync contract", version),
                            versions(*document)};
    } else {
      out.answer = read_answer(*document, version);
    }
  } catch (const Mismatch& mismatch) {
    out.why_not = "is not an answer of the sync contract: " + mismatch.where;
  } catch (const json::exception&) {
    out.why_not = "is not an answer of the sync contract";
  }
  return out;
}

ErrorBody parse_error_body(std::string_view body) {
  ErrorBody out;
  std::string problem;
  const auto document = read_document(body, problem);
  if (!document || !document->is_object()) return out;
  out.json = true;
  for (const auto& [key, into] : {std::pair{"code", &out.code}, std::pair{"message", &out.message}}) {
    const auto* value = find(*document, key);
    if (value != nullptr && value->is_string()) *into = text(*value, key);
  }
  return out;
}

}  // namespace lintel::sync
