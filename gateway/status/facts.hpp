#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/own_watch.hpp"
#include "gateway/health/watch.hpp"

namespace lintel::status {

/// What only the running daemon knows: it answers the control verb `status` with this, and the page adds
/// it to what the database says.
struct Facts {
  struct Link {
    std::string name;
    std::string type;  ///< as links.d calls it
    bool up = false;
    std::string trouble;  ///< why it is down, or what is odd about it
    std::uint64_t frames = 0;
    std::uint64_t pictures = 0;                                ///< dropped before anything was stored
    std::map<std::string, std::string, std::less<>> silent{};  ///< devices that do not answer it, and why
    int failed_cycles = 0;  ///< of a polled device: rounds in a row without an answer
  };
  /// Of a gateway that enrolled; never a secret.
  struct Card {
    bool enrolled = false;
    bool pending = false;  ///< an enrolment waits for HQ
    std::string gateway;   ///< uuid
    std::string store;     ///< name
    std::optional<UtcMs> token_until;
    std::optional<UtcMs> renewal_at;
    std::string trouble;  ///< why the token is not renewed
    std::string advice;
  };
  struct Hq {
    bool configured = false;
    std::string state;  ///< "current", "draining", "failing", ...
    std::string error;
    std::string advice;
    std::optional<UtcMs> next_try;
    bool present = false;          ///< HQ has the newest changes already, while older ones wait
    std::uint64_t bytes_sent = 0;  ///< on the wire since the start, headers included
    std::uint64_t bytes_received = 0;
    std::string trouble;        ///< a stable word: "none", "unreachable", "credential", ...
    std::string contract_note;  ///< both ends do not speak the same version of the contract; empty: they do
    std::optional<Card> card;   ///< absent: its token comes from a file
  };

  std::chrono::seconds uptime{0};
  std::optional<UtcMs> time;                  ///< the gateway's own wall clock; absent while it is not known
  std::string clock_source;                   ///< "none", "host", "https", "ntp"
  std::optional<Millis> clock_uncertainty{};  ///< absent: nobody knows
  bool frames_wait = false;                   ///< frames of a boot whose time is not known yet
  Millis clock_disagreement{0};
  std::string storage_error;      ///< why nothing can be stored now; empty: all is well
  std::string notice;             ///< what the start had to repair
  std::uint64_t spool_bytes = 0;  ///< received, not yet in the database
  std::uint64_t frames = 0;       ///< since the start, also the next two
  std::uint64_t refused = 0;
  std::uint64_t repeats = 0;
  std::vector<Link> links;
  Hq hq;
  health::OwnWatch::Found own;  ///< what the machine says, and what is wrong with it
  std::map<std::int64_t, health::Watch::Sensor> sensors;  ///< by sensor id
};

nlohmann::json to_json(const Facts& facts);

}  // namespace lintel::status
