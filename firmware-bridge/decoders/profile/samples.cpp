#include "firmware-bridge/decoders/profile/samples.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/core/nearest.hpp"
#include "firmware-bridge/decoders/iso_time.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxSamples = 100;

/// One fact of a reading: how a profile spells it and what came out.
struct Fact {
  std::string_view key;
  std::string (*got)(const Observation&);
};

std::string time_text(const std::optional<DeviceTime>& time) {
  if (!time) return {};
  const std::string text = format_utc(time->time);
  return time->local ? text.substr(0, text.size() - 1) + "(local)" : text;
}

std::string number_text(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : std::string();
}

constexpr Fact kFacts[] = {
    {"sensor", [](const Observation& o) { return o.sensor; }},
    {"kind", [](const Observation& o) { return std::string(to_string(o.kind)); }},
    {"time", [](const Observation& o) { return time_text(o.time); }},
    {"from", [](const Observation& o) { return time_text(o.from); }},
    {"to", [](const Observation& o) { return time_text(o.to); }},
    {"line", [](const Observation& o) { return o.line; }},
    {"region", [](const Observation& o) { return o.region; }},
    {"count_in", [](const Observation& o) { return number_text(o.count_in); }},
    {"count_out", [](const Observation& o) { return number_text(o.count_out); }},
    {"occupancy", [](const Observation& o) { return number_text(o.occupancy); }},
    {"repeat_key", [](const Observation& o) { return o.repeat_key; }},
};

/// What a sample says, in the words of time_text and number_text.
std::string wanted(std::string_view key, const Json& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.get_ptr<const Json::string_t*>()) {
    if (key != "time" && key != "from" && key != "to") return *text;
    const std::size_t mark = text->find("(local)");
    const auto time = parse_iso_time(std::string_view(*text).substr(0, mark));
    return time ? time_text(time) : *text;
  }
  return value.dump();
}

class SampleRun {
 public:
  SampleRun(const Profile& profile, const Spot& spot, Problems& problems)
      : profile_(profile), spot_(spot), problems_(problems) {}

  void run() {
    Fields fields(spot_, problems_);
    const auto payload = fields.need("payload", "what the device sends: JSON, or a text");
    const auto expected = fields.need("expect", "the readings that it must give; [] for none");
    const auto rejects = fields.get("rejects");
    topic_ = fields.text("topic").value_or("");
    frame_.topic = topic_;
    frame_.retained = fields.flag("retained");
    const auto lines = fields.get("lines");
    if (lines) map_lines(*lines);
    fields.text("name");
    fields.finish();
    if (!payload || !expected) return;
    const auto* text = payload->value->get_ptr<const Json::string_t*>();
    payload_ = text != nullptr ? *text : payload->value->dump();
    frame_.payload = payload_;
    DecodeSession session;
    profile_.decode(frame_, settings_, session, decoded_);
    compare_rejects(rejects ? whole_number(*rejects->value).value_or(0) : 0);
    compare(*expected);
  }

 private:
  void map_lines(const Spot& spot) {
    if (!spot.value->is_object())
      return problems_.add(spot.pointer, "expected an object: line, then in and out");
    for (const auto& [line, channels] : spot.value->items()) {
      Fields sides(spot.at(line, channels), problems_);
      settings_.lines[line] = {sides.text("in").value_or(""), sides.text("out").value_or("")};
      sides.finish();
    }
  }

  void compare_rejects(std::int64_t allowed) {
    const auto count = static_cast<std::int64_t>(decoded_.rejects.size());
    if (count == allowed) return;
    problems_.add(spot_.pointer,
                  fmt::format("the sample gives {} rejects, expected {}{}", count, allowed,
                              count > 0 ? ": " + decoded_.rejects.front().message : std::string()));
  }

  void compare(const Spot& expected) {
    const std::size_t count = expected.value->is_array() ? expected.value->size() : 0;
    if (!expected.value->is_array()) return problems_.add(expected.pointer, "expected a list of readings");
    if (count != decoded_.observations.size())
      problems_.add(expected.pointer, fmt::format("the sample gives {} readings, expected {}",
                                                  decoded_.observations.size(), count));
    for (std::size_t i = 0; i < std::min(count, decoded_.observations.size()); ++i)
      compare(expected.at(i), decoded_.observations[i]);
  }

  void compare(const Spot& expected, const Observation& got) {
    Fields fields(expected, problems_);
    for (const Fact& fact : kFacts) {
      const auto stated = fields.get(fact.key);
      // A key to tell repeats apart by is only looked at where a sample states one.
      if (!stated && fact.key == "repeat_key") continue;
      const std::string want = stated ? wanted(fact.key, *stated->value) : "";
      const std::string have = fact.got(got);
      if (want != have)
        problems_.add(expected.pointer + "/" + std::string(fact.key),
                      fmt::format("expected {}, the sample gives {}", want.empty() ? "nothing" : want,
                                  have.empty() ? "nothing" : have));
    }
    if (const auto flags = fields.get("flags"))
      for (const Spot& one : each(*flags, problems_)) compare_flag(one, got);
    fields.finish();
  }

  void compare_flag(const Spot& flag, const Observation& got) {
    const auto has = [&](const std::string& word) { return *flag.value == word; };
    if (std::any_of(got.flags.begin(), got.flags.end(), has)) return;
    const std::vector<std::string_view> words(got.flags.begin(), got.flags.end());
    const std::string word = flag.value->is_string() ? flag.value->get<std::string>() : "";
    problems_.add(flag.pointer, fmt::format("the sample does not give the flag {}, {}", shown(*flag.value),
                                            suggest(word, words)));
  }

  const Profile& profile_;
  const Spot& spot_;
  Problems& problems_;
  std::string topic_;
  std::string payload_;
  Frame frame_;
  DecodeSettings settings_;
  Decoded decoded_;
};

}  // namespace

std::size_t run_samples(const Profile& profile, const Json& document, Problems& problems) {
  const auto found = document.find("samples");
  if (found == document.end() || !found->is_array() || found->empty()) {
    problems.add("", "samples is missing: expected a list of payloads with the readings they must give");
    return 0;
  }
  const Spot spot{&*found, "/samples"};
  if (found->size() > kMaxSamples) {
    problems.add(spot.pointer, fmt::format("{} samples are more than {}", found->size(), kMaxSamples));
    return 0;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const Spot sample = spot.at(i);
    SampleRun(profile, sample, problems).run();
  }
  return found->size();
}

}  // namespace lintel::bridge::decoders::profile
