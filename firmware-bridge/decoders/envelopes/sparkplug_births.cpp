#include "firmware-bridge/decoders/envelopes/sparkplug_births.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

constexpr std::uint64_t kNumbers = 256;
constexpr std::string_view kMore = "more";

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const char* begin = text.data() + at + word.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  return error == std::errc{} && end != begin ? std::optional(value) : std::nullopt;
}

SparkplugBirths::Alias alias_from(std::string_view note) {
  const auto blank = note.find(' ');
  const auto type = number_after(note, "");
  SparkplugBirths::Alias alias;
  const bool known = type && *type < static_cast<std::uint64_t>(SparkplugType::other);
  alias.type = known ? static_cast<SparkplugType>(*type) : SparkplugType::other;
  if (blank != std::string_view::npos) alias.name = note.substr(blank + 1);
  return alias;
}

}  // namespace

SparkplugBirths::SparkplugBirths(DecodeSession& session, const SparkplugTopic& topic)
    : session_(session),
      edge_(fmt::format("{}/{}", topic.group, topic.edge)),
      owner_(topic.device.empty() ? edge_ : fmt::format("{}/{}", edge_, topic.device)),
      group_(topic.group.size() + 1) {}

bool SparkplugBirths::put(const std::string& key, std::string value) {
  const auto found = session_.notes.find(key);
  if (found == session_.notes.end()) {
    if (session_.notes.size() >= kMostNotes) return false;
    session_.notes.emplace(key, std::move(value));
  } else {
    if (found->second == value) return true;
    found->second = std::move(value);
  }
  session_.notes_changed = true;
  return true;
}

void SparkplugBirths::erase(std::string_view prefix) {
  auto note = session_.notes.lower_bound(prefix);
  while (note != session_.notes.end() && note->first.starts_with(prefix)) {
    note = session_.notes.erase(note);
    session_.notes_changed = true;
  }
}

SparkplugBirths::State SparkplugBirths::state() const {
  const auto found = session_.notes.find(edge_);
  if (found == session_.notes.end()) return {};
  const std::string_view note = found->second;
  const auto seq = note.starts_with("seq=") ? number_after(note, "seq=") : std::nullopt;
  return {seq, number_after(note, "bdseq=")};
}

void SparkplugBirths::set_state(const State& state) {
  std::string note = state.seq ? fmt::format("seq={}", *state.seq) : "";
  if (state.birth) note += fmt::format("{}bdseq={}", note.empty() ? "" : " ", *state.birth);
  put(edge_, std::move(note));
}

void SparkplugBirths::begin_node(std::optional<std::uint64_t> birth_number) {
  erase(edge_ + "#");
  erase(edge_ + "/");
  set_state({std::nullopt, birth_number});
}

bool SparkplugBirths::begin(const std::vector<SparkplugMetric>& counts_first) {
  erase(owner_ + "#");
  if (!put(owner_ + "#", "")) return false;
  for (const auto& metric : counts_first) {
    if (!metric.alias || !metric.name) continue;
    const bool nameable = is_name(*metric.name);
    const auto note =
        fmt::format("{} {}", static_cast<int>(metric.type), nameable ? *metric.name : std::string_view{});
    if (!put(fmt::format("{}#{}", owner_, *metric.alias), note)) {
      put(owner_ + "#", std::string(kMore));
      break;
    }
  }
  return true;
}

void SparkplugBirths::end() {
  erase(owner_ + "#");
  if (owner_ != edge_) return;
  erase(edge_ + "/");
  set_state({std::nullopt, state().birth});
}

bool SparkplugBirths::born() const {
  return session_.notes.contains(owner_ + "#");
}

bool SparkplugBirths::complete() const {
  const auto found = session_.notes.find(owner_ + "#");
  return found != session_.notes.end() && found->second != kMore;
}

std::optional<SparkplugBirths::Alias> SparkplugBirths::alias(std::uint64_t number) const {
  const auto found = session_.notes.find(fmt::format("{}#{}", owner_, number));
  if (found == session_.notes.end()) return std::nullopt;
  return alias_from(found->second);
}

std::vector<SparkplugBirths::Alias> SparkplugBirths::aliases() const {
  std::vector<Alias> all;
  const std::string prefix = owner_ + "#";
  for (auto note = session_.notes.upper_bound(prefix);
       note != session_.notes.end() && note->first.starts_with(prefix); ++note) {
    all.push_back(alias_from(note->second));
  }
  return all;
}

std::vector<std::string> SparkplugBirths::alive() const {
  std::vector<std::string> identities;
  for (auto note = session_.notes.lower_bound(edge_);
       note != session_.notes.end() && note->first.starts_with(edge_); ++note) {
    const std::string_view key = note->first;
    const auto rest = key.substr(edge_.size());
    if (!key.ends_with('#') || !(rest.starts_with('#') || rest.starts_with('/'))) continue;
    identities.emplace_back(key.substr(group_, key.size() - group_ - 1));
  }
  return identities;
}

SparkplugBirths::Order SparkplugBirths::follow(std::uint64_t seq) {
  State now = state();
  const auto last = std::exchange(now.seq, seq);
  if (last == seq) return Order::repeated;
  set_state(now);
  if (!last) return Order::first;
  return seq == (*last + 1) % kNumbers ? Order::next : Order::gap;
}

std::optional<std::uint64_t> SparkplugBirths::due() const {
  const auto last = state().seq;
  return last ? std::optional((*last + 1) % kNumbers) : std::nullopt;
}

std::optional<std::uint64_t> SparkplugBirths::birth_number() const {
  return state().birth;
}

}  // namespace lintel::bridge::decoders::envelopes
