#include "firmware-bridge/decoders/wirenboard_wb_mcm8.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/modbus_answer.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kInputs = 8;
constexpr std::uint16_t kFirstCounter = 60;
constexpr std::uint8_t kReadInputRegisters = 4;

using Inputs = std::array<std::optional<std::int64_t>, kInputs>;

/// "in1" to "in8"
std::optional<std::size_t> input_of(std::string_view channel) {
  if (channel.size() != 3 || !channel.starts_with("in") || channel[2] < '1' || channel[2] > '8')
    return std::nullopt;
  return static_cast<std::size_t>(channel[2] - '1');
}

class Lines {
 public:
  Lines(std::string sensor, const LineMap& lines, const Inputs& inputs, Decoded& out)
      : sensor_(std::move(sensor)), lines_(lines), inputs_(inputs), out_(out) {}

  void state() {
    for (const auto& [line, channels] : lines_) {
      Observation observation = begin(line);
      std::string mapping = "mapping";
      observation.count_in = claim(line, channels.in, "in", mapping);
      observation.count_out = claim(line, channels.out, "out", mapping);
      observation.flags.push_back(std::move(mapping));
      if (observation.count_in || observation.count_out) out_.observations.push_back(std::move(observation));
    }
    for (std::size_t i = 0; i < kInputs; ++i) {
      if (claimed_[i] || !inputs_[i]) continue;
      Observation observation = begin(fmt::format("in{}", i + 1));
      observation.count_in = inputs_[i];
      observation.flags.emplace_back("no_direction");
      out_.observations.push_back(std::move(observation));
    }
  }

 private:
  [[nodiscard]] Observation begin(std::string line) const {
    Observation observation;
    observation.sensor = sensor_;
    observation.kind = Kind::total;
    observation.line = std::move(line);
    return observation;
  }

  std::optional<std::int64_t> claim(const std::string& line, const std::string& channel, const char* side,
                                    std::string& mapping) {
    if (channel.empty()) return std::nullopt;
    const auto input = input_of(channel);
    if (!input) {
      out_.rejects.push_back({RejectKind::unsupported,
                              fmt::format("line {}: {} is no input of this counter, which are in1 to in8",
                                          excerpt(line), excerpt(channel))});
      return std::nullopt;
    }
    claimed_[*input] = true;
    mapping += fmt::format(" {}={}", channel, side);
    return inputs_[*input];
  }

  const std::string sensor_;
  const LineMap& lines_;
  const Inputs& inputs_;
  Decoded& out_;
  std::array<bool, kInputs> claimed_{};
};

}  // namespace

std::vector<ModbusRead> WirenboardWbMcm8::reads() const {
  return {{kReadInputRegisters, kFirstCounter, 2 * kInputs}};
}

void WirenboardWbMcm8::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession&,
                              Decoded& out) const {
  const auto answer = read_modbus(frame, out);
  if (!answer || answer->request.read.function != kReadInputRegisters) return;
  Inputs inputs;
  for (std::size_t i = 0; i < kInputs; ++i)
    inputs[i] = answer->u32(static_cast<std::uint16_t>(kFirstCounter + 2 * i));
  auto sensor = modbus_unit_name(answer->request.unit);
  const LineMap& lines = settings.lines_of(sensor);
  Lines(std::move(sensor), lines, inputs, out).state();
}

}  // namespace lintel::bridge::decoders
