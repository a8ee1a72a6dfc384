#include "firmware-bridge/decoders/registry.hpp"

#include "firmware-bridge/decoders/milesight_push.hpp"
#include "firmware-bridge/decoders/st_people_lines.hpp"
#include "firmware-bridge/decoders/tasmota_counter.hpp"

namespace lintel::bridge::decoders {

namespace {

const MilesightPush kMilesightVs125("milesight-vs125",
                                    "Milesight VS125 stereo people counter, JSON over MQTT or HTTP");
const MilesightPush kMilesightVs133("milesight-vs133-vs135",
                                    "Milesight VS133 and VS135 ToF people counters, JSON over MQTT or HTTP");
const StPeopleLines kStPeopleLines;
const TasmotaCounter kTasmotaCounter;

constexpr const Decoder* kDecoders[] = {
    &kMilesightVs125,
    &kMilesightVs133,
    &kStPeopleLines,
    &kTasmotaCounter,
};

}  // namespace

std::span<const Decoder* const> all_decoders() {
  return kDecoders;
}

const Decoder* find_decoder(std::string_view name) {
  for (const Decoder* decoder : kDecoders)
    if (decoder->name() == name) return decoder;
  return nullptr;
}

}  // namespace lintel::bridge::decoders
