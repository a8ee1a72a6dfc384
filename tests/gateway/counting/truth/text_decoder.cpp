#include "tests/gateway/counting/truth/text_decoder.hpp"

#include <charconv>

namespace lintel::test::truth {

namespace {

using bridge::Kind;

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void take_word(std::string_view word, bridge::Observation& o, bridge::DeviceReport& report) {
  const auto split = word.find('=');
  const auto key = word.substr(0, split);
  const auto value = split == std::string_view::npos ? std::string_view{} : word.substr(split + 1);
  if (key == "serial") o.sensor = report.sensor = std::string(value);
  if (key == "in") o.count_in = number(value);
  if (key == "out") o.count_out = number(value);
  if (key == "at") o.time = o.to = bridge::DeviceTime{utc_ms(number(value))};
  if (key == "from") o.from = bridge::DeviceTime{utc_ms(number(value))};
  if (key == "key") o.repeat_key = value;
  if (key == "wraps") o.wraps_at = number(value);
  if (key == "run") o.counter_run = value;
  if (key == "daily") o.flags.emplace_back("resets_daily");
  if (key == "restarted") o.flags.emplace_back("device_restarted");
  if (key == "uptime") report.uptime_seconds = number(value);
}

class TextDecoder final : public bridge::Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "truth"; }
  [[nodiscard]] std::string_view summary() const override { return "simulated devices"; }
  [[nodiscard]] bridge::Framing framing() const override { return bridge::Framing::lines; }

  void decode(const bridge::Frame& frame, const bridge::DecodeSettings&, bridge::DecodeSession&,
              bridge::Decoded& out) const override {
    bridge::Observation observation;
    bridge::DeviceReport report;
    auto rest = frame.payload;
    const auto next = [&rest] {
      const auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      return word;
    };
    const auto kind = next();
    observation.kind = kind == "event" ? Kind::event : kind == "total" ? Kind::total : Kind::interval;
    while (!rest.empty()) take_word(next(), observation, report);
    // Without a time of its own a window is as long as it is said to be, and ends when it comes.
    if (!observation.to) observation.from.reset();
    out.observations.push_back(std::move(observation));
    if (report.uptime_seconds) out.reports.push_back(report);
  }
};

}  // namespace

const bridge::Decoder& text_decoder() {
  static const TextDecoder decoder;
  return decoder;
}

}  // namespace lintel::test::truth
