#include "firmware-bridge/decoders/envelopes/uplink.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "firmware-bridge/decoders/envelopes/base64.hpp"
#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

constexpr std::size_t kLongestPayload = 242;  // LoRaWAN regional parameters, the largest of all data rates
constexpr std::size_t kLongestMessage = 300;
constexpr std::string_view kEnvelope = "envelope-";

std::string advice(const Uplink& uplink) {
  return fmt::format("write payload = DECODER beside serial = {} in sensors.d", uplink.device);
}

std::string names_of(const std::vector<const Decoder*>& decoders) {
  std::vector<std::string_view> names;
  for (const auto* decoder : decoders) names.push_back(decoder->name());
  constexpr std::size_t kMostNamed = 4;
  const bool all = names.size() <= kMostNamed;
  if (!all) names.resize(kMostNamed);
  return fmt::format("{}{}", fmt::join(names, ", "), all ? "" : " and others");
}

/// Sets, where the payload's decoder left them open, what only the envelope knows.
class Filler {
 public:
  explicit Filler(const Uplink& uplink) : uplink_(uplink) {
    if (uplink.counter) key_ = flag_ = fmt::format("fcnt={}", *uplink.counter);
    // A device that joins anew counts its frames from 0 again; an uplink that comes again has its time again.
    if (uplink.counter && uplink.time) key_ += "@" + format_utc(uplink.time->time);
    if (key_.empty() && !uplink.mark.empty()) key_ = "uplink=" + uplink.mark;
  }

  void fill(Observation& observation) {
    observation.sensor = uplink_.device;
    if (!observation.time) {
      observation.time = uplink_.time;
      if (uplink_.time_unreadable) observation.flags.emplace_back("invalid_timestamp");
    }
    if (!flag_.empty()) observation.flags.push_back(flag_);
    if (observation.repeat_key.empty() && !key_.empty()) observation.repeat_key = key_for(observation);
  }

 private:
  /// A payload may state several things of one line, as its stored history: they repeat the uplink's key,
  /// not each other.
  std::string key_for(const Observation& o) {
    const int before = stated_[{o.kind, o.line, o.region}]++;
    return before == 0 ? key_ : fmt::format("{} #{}", key_, before + 1);
  }

  const Uplink& uplink_;
  std::string key_;
  std::string flag_;
  std::map<std::tuple<Kind, std::string, std::string>, int> stated_;
};

void report(const Uplink& uplink, std::vector<DeviceReport> inner, Decoded& out) {
  if (inner.empty() && uplink.signal_dbm) inner.emplace_back();
  for (auto& one : inner) {
    one.sensor = uplink.device;
    if (!one.signal_dbm) one.signal_dbm = uplink.signal_dbm;
    out.reports.push_back(std::move(one));
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Letters and digits in one piece, in lower case.
std::vector<std::string> words_of(std::string_view text) {
  const auto belongs = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::vector<std::string> words(1);
  for (const char c : lower(text)) {
    if (belongs(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// "vs13x" is every word that has a digit for the x, which has to follow a digit itself.
bool same_word(std::string_view pattern, std::string_view word) {
  if (pattern.size() != word.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool any_digit = pattern[i] == 'x' && i > 0 && digit(pattern[i - 1]);
    if (pattern[i] != word[i] && !(any_digit && digit(word[i]))) return false;
  }
  return true;
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

bool fits_model(std::string_view decoder, std::string_view model) {
  const auto parts = words_of(decoder);
  const auto words = words_of(model);
  const auto named = [&](const std::string& part) {
    return std::any_of(words.begin(), words.end(), [&](const auto& word) { return same_word(part, word); });
  };
  if (parts.empty() || words == parts) return words == parts && !parts.empty();
  if (!named(parts.front())) return false;
  const bool states_models = std::any_of(parts.begin() + 1, parts.end(), has_digit);
  return !states_models || std::any_of(parts.begin() + 1, parts.end(),
                                       [&](const auto& part) { return has_digit(part) && named(part); });
}

std::optional<std::string> identity_of(std::string_view eui, const DecodeSettings& settings) {
  std::string hex = lower(eui);
  if (eui.size() == 11 || eui.size() == 12) {
    const auto bytes = from_base64(eui);
    if (!bytes || bytes->size() != 8) return std::nullopt;
    hex.clear();
    for (const char byte : *bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  if (hex.size() != 16 || !is_hex(hex)) return std::nullopt;
  const auto listed = [&](const std::string& name) {
    return settings.sensors.contains(name) || settings.payloads.contains(name);
  };
  if (auto printed = upper(hex); !listed(hex) && listed(printed)) return printed;
  return hex;
}

std::optional<DeviceTime> read_server_time(std::string_view text) {
  auto time = parse_iso_time(text);
  if (!time) return std::nullopt;
  constexpr std::size_t kFourthDecimal = std::string_view("2022-07-18T09:34:15.775").size();
  if (text.size() <= kFourthDecimal) return time;
  const auto decimals = text.substr(kFourthDecimal - 3, 4);
  const bool stated = decimals.find_first_not_of("0123456789") == std::string_view::npos;
  if (stated && decimals.back() >= '5') time->time += Millis{1};
  return time;
}

std::optional<int> best_rssi(const Json* receptions) {
  std::optional<int> best;
  if (receptions == nullptr || !receptions->is_array()) return best;
  for (const Json& reception : *receptions) {
    const Json* stated = member(&reception, "rssi");
    const auto rssi = stated == nullptr ? std::nullopt : whole_number(*stated);
    const bool possible = rssi && *rssi >= -200 && *rssi < 0;  // 0 is how some servers write "unknown"
    if (possible && (!best || *rssi > *best)) best = static_cast<int>(*rssi);
  }
  return best;
}

void UplinkOpener::open(const Uplink& uplink, const Frame& outer, const DecodeSettings& settings,
                        const Place& place, Decoded& out) const {
  const auto bytes = from_base64(uplink.data);
  if (!bytes) {
    report(uplink, {}, out);
    return reject(out, RejectKind::integrity, place,
                  fmt::format("expected base64, found {}", excerpt(uplink.data)));
  }
  if (bytes->size() > kLongestPayload) {
    return reject(
        out, RejectKind::length, place,
        fmt::format("{} bytes, more than the {} that LoRaWAN carries", bytes->size(), kLongestPayload));
  }
  if (bytes->empty()) return report(uplink, {}, out);
  if (uplink.port == 0) {
    report(uplink, {}, out);
    return reject(out, RejectKind::unsupported, place,
                  "came on port 0, which carries the network's own commands and no counts");
  }
  Frame inner = outer;
  inner.payload = *bytes;
  inner.topic = {};
  inner.port = uplink.port;
  const Decoder* decoder = choose(uplink, inner, settings, place, out);
  if (decoder == nullptr) return report(uplink, {}, out);

  DecodeSettings own;
  own.lines = settings.lines_of(uplink.device);
  DecodeSession fresh;
  Decoded said;
  decoder->decode(inner, own, fresh, said);
  Filler filler(uplink);
  for (auto& observation : said.observations) {
    filler.fill(observation);
    out.observations.push_back(std::move(observation));
  }
  report(uplink, std::move(said.reports), out);
  for (const auto& one : said.rejects) {
    reject(out, one.kind, place,
           fmt::format("{}: {}", decoder->name(), std::string_view(one.message).substr(0, kLongestMessage)));
  }
}

std::vector<const Decoder*> UplinkOpener::fitting(const std::vector<std::string_view>& models) const {
  std::vector<const Decoder*> found;
  for (const auto& decoder : registry_.all()) {
    const auto fits = [&](std::string_view model) { return fits_model(decoder->name(), model); };
    if (decoder->framing() != Framing::uplink) continue;
    if (models.empty() || std::any_of(models.begin(), models.end(), fits)) found.push_back(decoder.get());
  }
  return found;
}

const Decoder* UplinkOpener::choose(const Uplink& uplink, const Frame& inner, const DecodeSettings& settings,
                                    const Place& place, Decoded& out) const {
  if (const auto set = settings.payloads.find(uplink.device); set != settings.payloads.end()) {
    const Decoder* decoder = registry_.find(set->second);
    if (decoder != nullptr && !set->second.starts_with(kEnvelope)) return decoder;
    reject(out, RejectKind::unsupported, place,
           fmt::format("payload = {} of {} in sensors.d names {}", set->second, uplink.device,
                       decoder == nullptr ? "no decoder of this version" : "another envelope"));
    return nullptr;
  }
  const auto recognising = [&](std::vector<const Decoder*> decoders) {
    std::erase_if(decoders, [&](const Decoder* decoder) { return !decoder->recognises(inner); });
    return decoders;
  };
  const auto named = uplink.models.empty() ? std::vector<const Decoder*>{} : fitting(uplink.models);
  if (named.size() == 1 && has_digit(named.front()->name())) return named.front();
  auto possible = recognising(named);
  if (possible.empty()) possible = recognising(fitting({}));
  if (possible.size() == 1) return possible.front();
  reject(
      out, RejectKind::unsupported, place,
      possible.empty()
          ? fmt::format("no decoder recognises the {} bytes of {} on port {}; {}", inner.payload.size(),
                        uplink.device, uplink.port ? std::to_string(*uplink.port) : "unknown", advice(uplink))
          : fmt::format("several decoders recognise the payload of {} ({}); {}", uplink.device,
                        names_of(possible), advice(uplink)));
  return nullptr;
}

}  // namespace lintel::bridge::decoders::envelopes
