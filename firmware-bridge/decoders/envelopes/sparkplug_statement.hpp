#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "firmware-bridge/decoders/envelopes/sparkplug_names.hpp"

namespace lintel::bridge::decoders::envelopes {

/// Gathers the metrics of one message into observations: in and out of one line at one instant are one.
class SparkplugStatement {
 public:
  /// `sent` is the message's own time, for metrics without one.
  SparkplugStatement(std::string sensor, std::optional<std::uint64_t> sent, Decoded& out)
      : sensor_(std::move(sensor)), sent_(sent), out_(out) {}

  /// A value that cannot be a number of people is a reject that names the metric.
  void add(const SparkplugMeaning& meaning, std::string_view name, const SparkplugMetric& metric,
           SparkplugType type);

  /// The observations, in the order of the message; a total whose values are all unknown states nothing.
  std::vector<Observation> take();

 private:
  using Key = std::tuple<Kind, std::string, std::optional<std::uint64_t>, bool>;
  Observation& observation(Kind kind, const SparkplugMeaning& meaning, const SparkplugMetric& metric);
  void refuse(std::string_view name, std::string_view expected);

  const std::string sensor_;
  const std::optional<std::uint64_t> sent_;
  Decoded& out_;
  std::vector<Observation> observations_;
  std::map<Key, std::size_t> places_;
};

}  // namespace lintel::bridge::decoders::envelopes
