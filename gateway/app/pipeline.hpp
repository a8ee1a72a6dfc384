#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"
#include "gateway/app/outbox.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/config/config.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/decoder_notes.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// Takes a frame all the way: decoder, observations, times, counting, tables. What cannot be taken goes
/// to quarantine with its reason. Runs on the writer thread, inside the store's open batch; SqliteError
/// leaves it.
class Pipeline {
 public:
  using FindDecoder = std::function<const bridge::Decoder*(std::string_view)>;

  /// `outbox` takes what decoders ask to be sent back through the link of a frame; it must outlive the
  /// pipeline. Without one nothing is sent.
  Pipeline(const config::Config& config, store::Store& store, counting::SeriesStates& series,
           const clock::Zone& zone, const FindDecoder& find_decoder, Outbox* outbox = nullptr);

  /// `arrival` is the wall time at which the frame came.
  void process(const bridge::Frame& frame, UtcMs arrival);

  /// Keeps a frame undecoded, because decoding it has ended the process before.
  void refuse(const bridge::Frame& frame, UtcMs arrival, std::string_view kind, std::string_view reason);

  /// Writes what decoders have come to remember; before each commit of the batch.
  void flush();
  /// Goes back to what they remembered at the last commit; after a rollback.
  void load();

 private:
  struct Route {
    std::string topic;  ///< MQTT filter; empty takes all
    const bridge::Decoder* decoder;
    bridge::DecodeSettings settings;
    bridge::DecodeSession session;
  };
  struct Installed {
    const config::Sensor* sensor = nullptr;
    clock::Zone zone;
  };

  void forget_others();
  Route* route(const bridge::Frame& frame);
  const Installed& installed(std::string_view serial) const;
  void decode(const bridge::Frame& frame, Route& route);
  /// Fails with the reason why an observation cannot be taken.
  Result<void> accept(const bridge::Frame& frame, const Route& route, const bridge::Observation& observation,
                      UtcMs arrival);
  void record(store::Sensor& sensor, const bridge::Observation& observation,
              const counting::Statement& statement, UtcMs arrival);

  store::Store& store_;
  counting::SeriesStates& series_;
  Outbox* outbox_;
  store::DecoderNotes notes_;
  std::map<std::string, std::vector<Route>, std::less<>> routes_;
  std::map<std::string, Installed, std::less<>> sensors_;
  Installed unlisted_;
  bridge::Decoded decoded_;
  std::string identity_;
  std::string abort_on_;  ///< fault injection for tests: a payload with these bytes ends the process
};

/// MQTT's rule: + is one level, # is the rest.
bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace lintel::app
