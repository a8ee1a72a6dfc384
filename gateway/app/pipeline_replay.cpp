// What of a quarantined frame still counts: Pipeline::replay and what only it needs.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/app/pipeline.hpp"

namespace lintel::app {

namespace {

std::vector<std::string> marks_from(const std::string& text) {
  std::vector<std::string> marks;
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return marks;
  for (const auto& mark : list) {
    if (mark.is_string()) marks.push_back(mark.get<std::string>());
  }
  return marks;
}

bridge::Frame frame_of(const store::Quarantined& kept) {
  bridge::Frame frame;
  frame.link = kept.link;
  frame.topic = kept.topic;
  frame.payload = kept.payload;
  frame.boot = kept.boot;
  frame.arrived = kept.arrived;
  frame.retained = kept.retained;
  return frame;
}

std::string instant(const std::optional<bridge::DeviceTime>& time) {
  return time ? std::to_string(count_ms(time->time)) : std::string();
}

/// Takes `mark` out of `marks`; false if it is not there.
bool strike(std::vector<std::string>& marks, const std::string& mark) {
  const auto found = std::find(marks.begin(), marks.end(), mark);
  if (found == marks.end()) return false;
  marks.erase(found);
  return true;
}

}  // namespace

std::string mark_of(const std::string& identity, const bridge::Observation& observation) {
  const auto text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", identity, bridge::to_string(observation.kind),
                                observation.line, observation.region, instant(observation.time),
                                instant(observation.from), instant(observation.to));
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

Replayed Pipeline::replay(const store::Quarantined& kept, UtcMs arrival, const bridge::Decoder* with,
                          Trial* trial) {
  if (unsettled_ && trial == nullptr) settle_all(arrival);
  const auto frame = frame_of(kept);
  Route* found = route(frame);
  if (found == nullptr && with == nullptr) {
    Replayed result;
    result.kind = "unsupported";
    result.reason = fmt::format("no subscription of link {} matches its topic", kept.link);
    return result;
  }
  // On a copy: a session remembers what came last on the wire, and this did not.
  Route again;
  if (found != nullptr) {
    again.decoder = found->decoder;
    again.settings = found->settings;
    again.session.notes = found->session.notes;
    again.identity = found->identity;
  }
  if (with != nullptr) again.decoder = with;
  decode(frame, *again.decoder, again);
  return take_again(kept, frame, arrival, again, trial);
}

Replayed Pipeline::take_again(const store::Quarantined& kept, const bridge::Frame& frame, UtcMs arrival,
                              Route& route, Trial* trial) {
  Replayed result;
  result.decoder = route.decoder->name();
  const auto stands = [&](std::string_view kind, const std::string& reason) {
    if (result.kind.empty()) result.kind = kind, result.reason = reason;
  };
  for (const auto& reject : decoded_.rejects) stands(to_string(reject.kind), reject.message);

  auto counted = marks_from(kept.counted);
  auto missing = counted;
  std::vector<std::string> marks;
  for (const auto& observation : decoded_.observations) {
    marks.push_back(mark_of(identify(frame, route, observation), observation));
    strike(missing, marks.back());
  }
  if (!missing.empty()) {
    result.kind = "sanity";
    result.reason =
        "parts of it were counted before, and this decoder names them differently: counting the rest could "
        "double them";
    return result;
  }
  auto before = counted;
  judged_.clear();
  for (std::size_t i = 0; i < decoded_.observations.size(); ++i) {
    if (strike(before, marks[i])) {
      ++result.already;
      continue;
    }
    const auto done = accept(frame, route, decoded_.observations[i], arrival, {true, trial});
    if (!done) {
      stands("sanity", done.error().message);
      continue;
    }
    ++(*done == Taken::added ? result.added : *done == Taken::already ? result.already : result.covered);
    counted.push_back(marks[i]);
  }
  if (trial != nullptr) return result;
  if (!judged_.empty()) testify(frame, route, arrival, {});
  if (result.kind.empty()) {
    store_.quarantine().remove(kept);
  } else {
    store_.quarantine().judge_again(kept.id, {result.decoder, result.kind, result.reason},
                                    nlohmann::json(counted).dump());
  }
  return result;
}

}  // namespace lintel::app
