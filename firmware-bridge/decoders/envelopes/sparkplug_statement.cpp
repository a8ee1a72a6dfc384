#include "firmware-bridge/decoders/envelopes/sparkplug_statement.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

using What = SparkplugMeaning::What;

constexpr std::int64_t kMostPresent = 1'000'000;
constexpr std::int64_t kMostTotal = 999'999'999'999;
constexpr std::uint64_t kLastInstant = 253'402'300'799'999;  // the end of the year 9999
constexpr const char* kNull = "null_value";

Kind kind_of(What what) {
  return what == What::level ? Kind::level : what == What::presence ? Kind::presence : Kind::total;
}

void flag(Observation& observation, const char* word) {
  const auto& flags = observation.flags;
  if (std::find(flags.begin(), flags.end(), word) == flags.end()) observation.flags.emplace_back(word);
}

/// Whether anybody is there, as truth value or as number.
std::optional<std::int64_t> presence(const SparkplugMetric& metric, SparkplugType type) {
  const auto value = metric.holds == SparkplugMetric::Holds::truth
                         ? std::optional(static_cast<std::int64_t>(metric.bits))
                         : metric.whole(type);
  return value && (*value == 0 || *value == 1) ? value : std::nullopt;
}

}  // namespace

void SparkplugStatement::refuse(std::string_view name, std::string_view expected) {
  out_.rejects.push_back({RejectKind::sanity, fmt::format("{}: expected {}", excerpt(name), expected)});
}

Observation& SparkplugStatement::observation(Kind kind, const SparkplugMeaning& meaning,
                                             const SparkplugMetric& metric) {
  const auto stated = metric.timestamp ? metric.timestamp : sent_;
  const auto [place, fresh] =
      places_.try_emplace(Key{kind, meaning.place, stated, metric.historical}, observations_.size());
  if (!fresh) return observations_[place->second];
  auto& created = observations_.emplace_back();
  created.sensor = sensor_;
  created.kind = kind;
  (meaning.passage() ? created.line : created.region) = meaning.place;
  if (stated && *stated <= kLastInstant) {
    created.time = DeviceTime{utc_ms(static_cast<std::int64_t>(*stated)), false};
  } else if (stated) {
    flag(created, "invalid_timestamp");
  }
  if (metric.historical) flag(created, "historical");
  return created;
}

void SparkplugStatement::add(const SparkplugMeaning& meaning, std::string_view name,
                             const SparkplugMetric& metric, SparkplugType type) {
  const Kind kind = kind_of(meaning.what);
  if (metric.null || metric.holds == SparkplugMetric::Holds::nothing) {
    return flag(observation(kind, meaning, metric), kNull);
  }
  const bool truth = meaning.what == What::presence;
  const auto value = truth ? presence(metric, type) : metric.whole(type);
  const auto most = meaning.passage() ? kMostTotal : kMostPresent;
  if (!value || *value < 0 || *value > most) {
    return refuse(name, truth ? "true or false" : fmt::format("a whole number from 0 to {}", most));
  }
  auto& target = observation(kind, meaning, metric);
  (meaning.what == What::in    ? target.count_in
   : meaning.what == What::out ? target.count_out
                               : target.occupancy) = value;
}

std::vector<Observation> SparkplugStatement::take() {
  std::erase_if(observations_,
                [](const Observation& o) { return o.kind == Kind::total && !o.count_in && !o.count_out; });
  return std::move(observations_);
}

}  // namespace lintel::bridge::decoders::envelopes
