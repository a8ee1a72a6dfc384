#include "firmware-bridge/decoders/registry.hpp"

#include <algorithm>
#include <utility>

#include "firmware-bridge/core/embedded.hpp"
#include "firmware-bridge/decoders/envelopes/chirpstack.hpp"
#include "firmware-bridge/decoders/envelopes/sparkplug.hpp"
#include "firmware-bridge/decoders/envelopes/things_stack.hpp"
#include "firmware-bridge/decoders/eurotech_pcn1001.hpp"
#include "firmware-bridge/decoders/hikvision_people_counting.hpp"
#include "firmware-bridge/decoders/hilink_ld2450.hpp"
#include "firmware-bridge/decoders/irisys_vector.hpp"
#include "firmware-bridge/decoders/lintel_wire.hpp"
#include "firmware-bridge/decoders/milesight_push.hpp"
#include "firmware-bridge/decoders/profile/load.hpp"
#include "firmware-bridge/decoders/st_people_lines.hpp"
#include "firmware-bridge/decoders/tasmota_counter.hpp"
#include "firmware-bridge/decoders/uplinks/hkt_people_counter.hpp"
#include "firmware-bridge/decoders/uplinks/imbuildings_people_counter.hpp"
#include "firmware-bridge/decoders/uplinks/lorawan_motion.hpp"
#include "firmware-bridge/decoders/uplinks/milesight_presence.hpp"
#include "firmware-bridge/decoders/uplinks/milesight_vs121.hpp"
#include "firmware-bridge/decoders/uplinks/milesight_vs13x.hpp"
#include "firmware-bridge/decoders/uplinks/milesight_vs350.hpp"
#include "firmware-bridge/decoders/uplinks/milesight_vs360.hpp"
#include "firmware-bridge/decoders/uplinks/terabee_uplink.hpp"
#include "firmware-bridge/decoders/uplinks/yosensi_people_counter.hpp"
#include "firmware-bridge/decoders/vdv301_passenger_counting.hpp"
#include "firmware-bridge/decoders/wirenboard_wb_mcm8.hpp"
#include "firmware-bridge/decoders/xovis_v5.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr auto kByName = [](const auto& decoder, std::string_view name) { return decoder->name() < name; };

template <class T, class... Arguments>
void put(Registry& registry, Arguments&&... arguments) {
  registry.add(std::make_unique<T>(std::forward<Arguments>(arguments)...));
}

}  // namespace

std::unique_ptr<Registry> Registry::with_built_in() {
  auto registry = std::make_unique<Registry>();
  put<HktPeopleCounter>(*registry);
  put<ImbuildingsPeopleCounter>(*registry);
  put<LintelWire>(*registry);
  put<LorawanMotion>(*registry);
  put<envelopes::ChirpStack>(*registry, *registry);
  put<envelopes::ThingsStack>(*registry, *registry);
  put<EurotechPcn1001>(*registry);
  put<HilinkLd2450>(*registry);
  put<HikvisionPeopleCounting>(*registry);
  put<IrisysVector>(*registry);
  put<MilesightPush>(*registry, "milesight-vs125",
                     "Milesight VS125 stereo people counter, JSON over MQTT or HTTP");
  put<MilesightPush>(*registry, "milesight-vs133-vs135",
                     "Milesight VS133 and VS135 ToF people counters, JSON over MQTT or HTTP");
  put<MilesightPresence>(*registry);
  put<MilesightVs121>(*registry);
  put<MilesightVs13x>(*registry);
  put<MilesightVs350>(*registry);
  put<MilesightVs360>(*registry);
  put<envelopes::SparkplugB>(*registry);
  put<StPeopleLines>(*registry);
  put<TasmotaCounter>(*registry);
  put<TerabeeUplink>(*registry);
  put<YosensiPeopleCounter>(*registry);
  put<WirenboardWbMcm8>(*registry);
  put<Vdv301PassengerCounting>(*registry);
  put<XovisV5>(*registry);
  // A test holds that all of them load and that their samples hold.
  for (const auto& file : embedded::profiles()) {
    auto loaded = profile::load(file.bytes, profile::Samples::skip);
    if (loaded.profile) registry->add(std::move(loaded.profile));
  }
  return registry;
}

const Registry& Registry::built_in() {
  static const std::unique_ptr<Registry> kBuiltIn = with_built_in();
  return *kBuiltIn;
}

bool Registry::add(std::unique_ptr<const Decoder> decoder) {
  const auto place = std::lower_bound(decoders_.begin(), decoders_.end(), decoder->name(), kByName);
  if (place != decoders_.end() && (*place)->name() == decoder->name()) return false;
  decoders_.insert(place, std::move(decoder));
  return true;
}

const Decoder* Registry::find(std::string_view name) const {
  const auto place = std::lower_bound(decoders_.begin(), decoders_.end(), name, kByName);
  return place != decoders_.end() && (*place)->name() == name ? place->get() : nullptr;
}

}  // namespace lintel::bridge::decoders
