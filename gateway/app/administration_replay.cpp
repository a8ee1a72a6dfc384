// Decoding what waits in quarantine once more.
#include <fmt/format.h>

#include "gateway/app/administration.hpp"
#include "gateway/status/members.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;
using status::text_of;

constexpr std::size_t kFramesAtOnce = 100;

}  // namespace

void Administration::replay_one(const store::Quarantined& frame, const bridge::Decoder* with, Trial* trial,
                                bool named, json& answer) {
  const auto leave = [&](const std::string& kind, const std::string& reason) {
    answer["left"].push_back({{"id", frame.id}, {"kind", kind}, {"reason", reason}});
  };
  const auto add = [&](const char* key, std::int64_t n) {
    answer[key] = answer[key].get<std::int64_t>() + n;
  };
  add("frames", 1);
  if (frame.kind == "crash" && (!named || parts_.heard != nullptr)) {
    return leave("crash",
                 "decoding it has ended the process; to try again, stop the gateway and name its id");
  }
  if (!frame.received) return leave("sanity", "when it came is not known");
  const auto result = parts_.pipeline.replay(frame, *frame.received, with, trial);
  add("added", result.added);
  add("already", result.already);
  add("covered", result.covered);
  if (result.kind.empty()) return add("understood", 1);
  leave(result.kind, frame.removed > 0
                         ? fmt::format("{} ({} parts of it were not kept: pictures or personal data)",
                                       result.reason, frame.removed)
                         : result.reason);
}

Result<json> Administration::replay(const json& request) {
  store::QuarantineFilter filter;
  if (const auto ids = request.find("ids"); ids != request.end() && ids->is_array()) {
    for (const auto& id : *ids) {
      if (id.is_number_integer()) filter.ids.push_back(id.get<std::int64_t>());
    }
  }
  if (const auto link = text_of(request, "link"); !link.empty()) filter.link = link;
  if (const auto decoder = text_of(request, "decoder"); !decoder.empty()) filter.decoder = decoder;
  const bridge::Decoder* with = nullptr;
  if (const auto name = text_of(request, "with"); !name.empty()) {
    Plan plan;
    if (auto chosen = choose_decoder({{"decoder", name}}, nullptr, plan); !chosen) {
      return tl::unexpected(chosen.error());
    }
    with = parts_.registry.find(name);
  }
  const auto after = request.value("after", std::int64_t{0});
  Trial* trial = nullptr;
  if (request.value("dry_run", false)) {
    if (after == 0 || !trial_) trial_.emplace();
    trial = &*trial_;
  }
  json answer{{"frames", 0},  {"understood", 0},       {"added", 0},     {"already", 0},
              {"covered", 0}, {"left", json::array()}, {"next", nullptr}};
  const auto frames = parts_.store.quarantine().find(filter, after, kFramesAtOnce);
  for (const auto& frame : frames) replay_one(frame, with, trial, !filter.ids.empty(), answer);
  if (frames.size() == kFramesAtOnce) answer["next"] = frames.back().id;
  return answer;
}

}  // namespace lintel::app
