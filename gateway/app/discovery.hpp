#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/app/heard.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// A device that was heard and that nobody has made a sensor.
struct Candidate {
  std::string serial;  ///< what it is called; empty where no decoder says
  std::string link;
  std::string topic;
  std::string source;                 ///< "counted" (on its own, not adopted), "refused", "heard"
  std::vector<std::string> decoders;  ///< that recognise what it sends
  std::uint64_t messages = 0;
  std::string sample;  ///< printable, without what is personal, at most 200 bytes
};

/// Lists them: sensors that registered themselves (`planning`), the newest frame of each source in
/// quarantine, and what `discover` filters heard (null: the gateway is not running). Topics that are
/// counted and devices that are sensors already are left out. On the thread that owns the store.
std::vector<Candidate> candidates(store::Store& store, const Pipeline& pipeline,
                                  const bridge::decoders::Registry& registry, const Heard* heard);

nlohmann::json to_json(const Candidate& candidate);

}  // namespace lintel::app
