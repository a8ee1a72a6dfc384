#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "firmware-bridge/core/decoder.hpp"
#include "gateway/app/device_clocks.hpp"
#include "gateway/app/doubts.hpp"
#include "gateway/app/mapping.hpp"
#include "gateway/app/outbox.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/config/config.hpp"
#include "gateway/counting/coverage_states.hpp"
#include "gateway/counting/occupancies.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/counting/split.hpp"
#include "gateway/evidence/record.hpp"
#include "gateway/health/watch.hpp"
#include "gateway/store/decoder_notes.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// A replay that only says what it would do: what it would have counted so far, and in which states the
/// counters would be.
struct Trial {
  std::map<std::pair<std::string, std::string>, counting::SeriesState> states;  ///< sensor, line
  std::set<std::tuple<std::string, std::string, std::int64_t>> stored;  ///< sensor, line or region, start
};

/// What became of a frame that was replayed.
struct Replayed {
  int added = 0;    ///< readings that are new
  int already = 0;  ///< stored before, by their natural key
  int covered = 0;  ///< inside what the series' totals or windows have counted, or a baseline of totals
  std::string decoder;
  std::string kind;  ///< of what still stands in its way; empty: nothing
  std::string reason;
};

/// Takes a frame all the way: decoder, observations, times, counting, tables. What cannot be taken goes
/// to quarantine with its reason. Runs on the writer thread, inside the store's open batch; SqliteError
/// leaves it.
class Pipeline {
 public:
  using FindDecoder = std::function<const bridge::Decoder*(std::string_view)>;
  /// Gets each frame that was understood, with what counting made of it. Of a batch that is rolled back
  /// afterwards it gets the frames again.
  using Witness = std::function<void(evidence::Record)>;
  /// What became of a statement about people who passed, once it is in the open batch. A rollback is not
  /// told.
  using Counted = std::function<void(const store::Sensor&, std::string_view line, const counting::Statement&,
                                     const counting::Outcome&)>;

  /// `outbox` takes what decoders ask to be sent back through the link of a frame; it must outlive the
  /// pipeline. Without one nothing is sent.
  Pipeline(const config::Config& config, store::Store& store, counting::SeriesStates& series,
           const clock::Zone& zone, const FindDecoder& find_decoder, Outbox* outbox = nullptr);

  /// `arrival` is the wall time at which the frame came; `spooled` its place in the spool, if it has one.
  void process(const bridge::Frame& frame, const clock::Arrival& arrival, store::SpoolPosition spooled = {});

  void set_witness(Witness witness) { witness_ = std::move(witness); }
  /// Who wants to know which rule decided about each statement; nobody by default.
  void observe(Counted counted) { counted_ = std::move(counted); }

  /// Decodes a frame that waits for its time, so that health knows who is there (`live`: it came in this
  /// boot), and so that one which ends the process does so now. Counts nothing.
  void hear(const bridge::Frame& frame, bool live);
  /// This boot's time turned out to be another one: what was measured by it is forgotten.
  void clock_replaced() { clocks_.forget(); }

  /// Keeps a frame undecoded, because decoding it has ended the process before.
  void refuse(const bridge::Frame& frame, UtcMs arrival, std::string_view kind, std::string_view reason);

  /// Decodes a frame of the quarantine again, by today's routes or `with`, as if it came in now but at its
  /// own time. Nothing counts twice: natural keys, the counters' states and the marks of what the frame has
  /// added before decide. Once nothing stands in its way, it leaves quarantine with the batch.
  Replayed replay(const store::Quarantined& kept, UtcMs arrival, const bridge::Decoder* with,
                  Trial* trial = nullptr);

  /// Writes what decoders have come to remember; before each commit of the batch.
  void flush();
  /// Goes back to what was remembered at the last commit; after a rollback.
  void load();

  /// Configuration in the store has changed: goes by it from the next frame on.
  void reload();
  /// The zone of local times in payloads of sensors that have none of their own, from the next reload() on.
  void set_zone(const clock::Zone& zone) { unlisted_.zone = zone; }
  /// Writes down what has changed with that (settle() in mapping.hpp); else the next frame does.
  void settle_all(UtcMs now, bool tell = true);

  [[nodiscard]] std::uint64_t reloads() const { return reloads_; }
  /// What people said of how often sensors report, by serial; 0: nothing.
  [[nodiscard]] std::map<std::string, Millis, std::less<>> intervals() const;

  /// Whether frames of this topic are counted, by a subscription or an adopted sensor.
  [[nodiscard]] bool takes(std::string_view link, std::string_view topic) const;
  [[nodiscard]] const Mapping& mapping(std::string_view serial) const { return installed(serial).mapping; }

  /// When the series were counting.
  counting::CoverageStates& coverage() { return coverage_; }
  /// What devices say of themselves.
  [[nodiscard]] const health::Devices& devices() const { return devices_; }
  /// HQ has told where the totals of a card before stood (carried_counters): series go on from there, and
  /// what passed before their first total here becomes a reading. Inside a batch.
  void carry(UtcMs now);
  /// How many people are in the regions that are counted.
  counting::Occupancies& occupancy() { return occupancy_; }
  /// How sensors can reach us now. Cheap enough for every second, also outside of a batch.
  void watch_ways(const std::map<std::string, health::LinkState, std::less<>>& links, UtcMs now);

 private:
  struct Route {
    std::string topic;  ///< MQTT filter; empty takes all
    const bridge::Decoder* decoder = nullptr;
    bridge::DecodeSettings settings{};
    bridge::DecodeSession session{};
    std::optional<bridge::DecodeSession> hearing{};  ///< of frames that are only heard
    std::string identity{};                          ///< of a device that states none; empty: its link is
  };
  using Routes = std::map<std::string, std::vector<Route>, std::less<>>;
  struct Installed {
    const config::Sensor* file = nullptr;
    Mapping mapping{};
    clock::Zone zone;
  };
  /// How an observation is taken in.
  struct How {
    bool late = false;  ///< a replay: what came after it must not be overwritten
    Trial* trial = nullptr;
  };
  enum class Taken { added, already, covered };

  template <class F>
  void each_route(F&& f);
  void forget_others();
  static Route* find(Routes& routes, const bridge::Frame& frame);
  Route* route(const bridge::Frame& frame);
  void add_adopted(const bridge::DecodeSettings& mapped);
  const Installed& installed(std::string_view serial) const;
  void decode(const bridge::Frame& frame, const bridge::Decoder& decoder, Route& route);
  std::string identify(const bridge::Frame& frame, const Route& route,
                       const bridge::Observation& observation) const;
  Replayed take_again(const store::Quarantined& kept, const bridge::Frame& frame, UtcMs arrival, Route& route,
                      Trial* trial);
  /// Fails with the reason why an observation cannot be taken.
  Result<Taken> accept(const bridge::Frame& frame, const Route& route, const bridge::Observation& observation,
                       const clock::Arrival& arrival, How how);
  void look_at_clocks(const bridge::Frame& frame, const Route& route, const clock::Arrival& arrival);
  Taken record(store::Sensor& sensor, const bridge::Observation& observation,
               const counting::Statement& statement, UtcMs arrival, How how);
  void testify(const bridge::Frame& frame, const Route& route, UtcMs arrival, store::SpoolPosition spooled);
  Taken put_count(store::Sensor& sensor, const std::string& line, const counting::Statement& statement,
                  UtcMs arrival, How how);
  Taken put_presence(store::Sensor& sensor, const std::string& region, const store::Presence& presence,
                     UtcMs arrival, How how);

  void begin(store::Sensor& sensor, const std::string& line, const counting::Statement& statement,
             UtcMs arrival);
  bool take_up(const store::CarriedCounter& carried, UtcMs now);
  void book_late(store::Sensor& sensor, const store::CarriedCounter& carried,
                 const counting::FirstTotal& first, UtcMs now);
  counting::OneByOne one_by_one(const store::Sensor& sensor, const std::string& line, UtcMs from, UtcMs to);
  void face(const store::Sensor& sensor, const std::string& line, store::Reading& reading) const;
  bool put_days(const store::Sensor& sensor, const std::string& line, const store::Reading& reading,
                UtcMs arrival);

  static counting::CoverageStates::Options coverage_options(const config::Config& config);
  [[nodiscard]] Millis patience(const store::Sensor& sensor) const;
  void sign_of_life(const store::Sensor& sensor, const bridge::Frame& frame, UtcMs at);
  void wrong_count(const bridge::Observation& observation, const Installed& place, UtcMs arrival);
  void take_reports(const bridge::Frame& frame, const Route& route, UtcMs arrival);
  void note_devices(const bridge::Frame& frame, const Route& route, const clock::Arrival& arrival);

  const config::Config& config_;
  store::Store& store_;
  counting::SeriesStates& series_;
  store::CarriedCounters carried_;
  bool carrying_ = false;  ///< something is there that no series has taken up
  counting::CoverageStates coverage_;
  counting::Occupancies occupancy_;
  health::Devices devices_;
  counting::Weigh weigh_;  ///< what is told of several days at once
  const FindDecoder find_decoder_;
  Counted counted_;
  Outbox* outbox_;
  store::DecoderNotes notes_;
  Doubts doubts_;
  Routes adopted_, routes_;
  std::map<std::string, Installed, std::less<>> sensors_;
  Installed unlisted_;
  bool unsettled_ = true;
  std::uint64_t reloads_ = 0;
  bridge::Decoded decoded_;
  std::vector<const bridge::Observation*> taken_;
  DeviceClocks clocks_;
  std::string identity_;
  Witness witness_;
  std::vector<evidence::Judged> judged_;  ///< of the frame in hand, while somebody wants to know
  std::string abort_on_;  ///< fault injection for tests: a payload with these bytes ends the process
};

/// A word that is equal for the same statement of the same device, whatever it counts.
std::string mark_of(const std::string& identity, const bridge::Observation& observation);

}  // namespace lintel::app
