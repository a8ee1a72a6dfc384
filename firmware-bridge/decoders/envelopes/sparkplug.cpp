#include "firmware-bridge/decoders/envelopes/sparkplug.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/envelopes/sparkplug_births.hpp"
#include "firmware-bridge/decoders/envelopes/sparkplug_statement.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

using What = SparkplugMeaning::What;
using Order = SparkplugBirths::Order;

constexpr std::string_view kBirthNumber = "bdSeq";

/// Messages that are not about counts, or not from an edge node.
bool is_other(std::string_view topic) {
  if (topic.starts_with("STATE/") || topic.starts_with("spBv1.0/STATE/")) return true;
  const auto parsed = parse_sparkplug_topic(topic);
  return parsed && (parsed->type == "NCMD" || parsed->type == "DCMD");
}

std::optional<std::uint64_t> birth_number(const SparkplugPayload& payload) {
  for (const auto& metric : payload.metrics) {
    const auto value = metric.name == kBirthNumber ? metric.whole(metric.type) : std::nullopt;
    if (value && *value >= 0) return static_cast<std::uint64_t>(*value);
  }
  return std::nullopt;
}

/// One message of an edge node or of one of its devices.
class Message {
 public:
  Message(const SparkplugTopic& topic, const SparkplugPayload& payload, const DecodeSettings& settings,
          DecodeSession& session, Decoded& out)
      : topic_(topic),
        payload_(payload),
        sensor_(topic.identity()),
        lines_(settings.lines_of(sensor_)),
        births_(session, topic),
        out_(out) {}

  void decode() {
    const bool of_device = !topic_.device.empty();
    if (topic_.type != (of_device ? "DBIRTH" : "NBIRTH") && topic_.type != (of_device ? "DDATA" : "NDATA") &&
        topic_.type != (of_device ? "DDEATH" : "NDEATH")) {
      return refuse(RejectKind::unsupported,
                    fmt::format("a message {} of {} is not known", excerpt(topic_.type), excerpt(sensor_)));
    }
    if (topic_.type == "NDEATH") return node_death();
    if (topic_.type == "NBIRTH") births_.begin_node(birth_number(payload_));
    if (!take_number()) return;
    if (topic_.type == "DDEATH") return death();
    if (topic_.type.ends_with("BIRTH")) {
      birth();
    } else {
      data();
    }
  }

 private:
  void refuse(RejectKind kind, std::string message) { out_.rejects.push_back({kind, std::move(message)}); }

  void report(std::string sensor, bool connected) {
    DeviceReport report;
    report.sensor = std::move(sensor);
    report.connected = connected;
    out_.reports.push_back(std::move(report));
  }

  /// False where the number that belongs to every message is missing or none.
  bool take_number() {
    seq_ = payload_.seq;
    const auto due = births_.due();
    if (!seq_ && due.value_or(0) == 0) seq_ = 0;  // encoders of proto3 leave out a zero
    if (!seq_ || *seq_ > 255) {
      refuse(seq_ ? RejectKind::sanity : RejectKind::length,
             fmt::format("seq: expected a number from 0 to 255{}", seq_ ? "" : "; is the message cut off?"));
      return false;
    }
    gap_ = births_.follow(*seq_) == Order::gap;
    return true;
  }

  void birth() {
    std::vector<SparkplugMetric> counts_first = payload_.metrics;
    std::stable_partition(counts_first.begin(), counts_first.end(), [this](const SparkplugMetric& metric) {
      return metric.name && meaning_of(*metric.name, metric.type, lines_);
    });
    if (!births_.begin(counts_first)) {
      refuse(RejectKind::sanity, fmt::format("{}: more devices and metrics on this link than the {} that can "
                                             "be remembered: subscribe to those that count people",
                                             excerpt(sensor_), SparkplugBirths::kMostNotes));
    }
    report(sensor_, true);
    SparkplugStatement statement(sensor_, payload_.timestamp, out_);
    for (const auto& metric : payload_.metrics) {
      if (metric.name) add(statement, *metric.name, metric, metric.type);
    }
    finish(statement, "birth");
  }

  void data() {
    SparkplugStatement statement(sensor_, payload_.timestamp, out_);
    std::optional<std::uint64_t> unknown;
    for (const auto& metric : payload_.metrics) {
      if (metric.name) {
        add(statement, *metric.name, metric, metric.type);
      } else if (const auto alias = metric.alias ? births_.alias(*metric.alias) : std::nullopt) {
        const bool stated = metric.type != SparkplugType::unknown;
        add(statement, alias->name, metric, stated ? metric.type : alias->type);
      } else if (!unknown && (!births_.born() || births_.complete())) {
        unknown = metric.alias.value_or(0);
      }
    }
    finish(statement, nullptr);
    if (unknown) ask_for_rebirth(*unknown);
  }

  void add(SparkplugStatement& statement, std::string_view name, const SparkplugMetric& metric,
           SparkplugType type) const {
    if (const auto meaning = meaning_of(name, type, lines_)) statement.add(*meaning, name, metric, type);
  }

  void finish(SparkplugStatement& statement, const char* flag) {
    for (auto& observation : statement.take()) {
      if (flag != nullptr) observation.flags.emplace_back(flag);
      if (flag == nullptr && misses_a_direction(observation)) observation.flags.emplace_back("partial");
      if (gap_) observation.flags.emplace_back("sequence_gap");
      observation.repeat_key = fmt::format("seq={} {}", *seq_, payload_.timestamp.value_or(0));
      out_.observations.push_back(std::move(observation));
    }
  }

  /// Whether the birth named the direction that a total does not state here.
  [[nodiscard]] bool misses_a_direction(const Observation& observation) const {
    if (observation.kind != Kind::total || (observation.count_in && observation.count_out)) return false;
    const What missing = observation.count_in ? What::out : What::in;
    const auto aliases = births_.aliases();
    return std::any_of(aliases.begin(), aliases.end(), [&](const SparkplugBirths::Alias& alias) {
      const auto meaning = meaning_of(alias.name, alias.type, lines_);
      return meaning && meaning->what == missing && meaning->place == observation.line;
    });
  }

  void ask_for_rebirth(std::uint64_t alias) {
    refuse(RejectKind::unsupported,
           fmt::format("data of {} with alias {}, which no birth has told: a rebirth of the edge node is "
                       "needed (Node Control/Rebirth)",
                       excerpt(sensor_), alias));
    out_.outbound.push_back(
        {fmt::format("spBv1.0/{}/NCMD/{}", topic_.group, topic_.edge), rebirth_command(payload_.timestamp)});
  }

  void death() {
    report(sensor_, false);
    births_.end();
  }

  void node_death() {
    const auto died = birth_number(payload_);
    const auto born = births_.birth_number();
    if (died && born && *died != *born) return;  // the will of a connection that was replaced since
    report(sensor_, false);
    for (auto& device : births_.alive())
      if (device != sensor_) report(std::move(device), false);
    births_.end();
  }

  const SparkplugTopic& topic_;
  const SparkplugPayload& payload_;
  const std::string sensor_;
  const LineMap& lines_;
  SparkplugBirths births_;
  Decoded& out_;
  std::optional<std::uint64_t> seq_;
  bool gap_ = false;
};

}  // namespace

bool SparkplugB::recognises(const Frame& frame) const {
  if (is_other(frame.topic)) return true;
  Decoded ignored;
  return parse_sparkplug_topic(frame.topic) && parse_sparkplug(frame.payload, ignored);
}

void SparkplugB::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
                        Decoded& out) const {
  if (is_other(frame.topic)) return;
  const auto topic = parse_sparkplug_topic(frame.topic);
  if (!topic) {
    out.rejects.push_back(
        {RejectKind::unsupported,
         "the topic is not spBv1.0/GROUP/TYPE/EDGE[/DEVICE], found " + excerpt(frame.topic)});
    return;
  }
  const auto payload = parse_sparkplug(frame.payload, out);
  if (payload) Message(*topic, *payload, settings, session, out).decode();
}

}  // namespace lintel::bridge::decoders::envelopes
