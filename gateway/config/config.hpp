#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/result.hpp"

namespace lintel::config {

/// `subscribe = milesight-vs125 bus/+/telemetry`
struct Subscription {
  std::string decoder;
  std::string topic;
};

/// A file in links.d/; its stem is the link's name.
struct Link {
  enum class Type { mqtt, serial, modbus, http, poll };
  enum class Auth { none, path, bearer, basic, digest };
  std::string name;
  Type type = Type::mqtt;
  std::filesystem::path file;

  // mqtt
  std::string url;        ///< mqtt://host:port or mqtts://host:port
  std::string client_id;  ///< default: lintel-<store id>-<link>
  std::string user;
  std::string password;
  std::filesystem::path ca_file;  ///< mqtts: own CA instead of the system's; poll: who vouches for the device
  std::filesystem::path journal;  ///< of the broker's journal plugin; empty: it has none
  std::vector<Subscription> subscriptions;
  std::vector<std::string>
      discover;  ///< topic filters that are listened to for `lintel discover`, never counted

  // serial and modbus
  std::filesystem::path device;  ///< /dev/serial/by-id/..., by-path/..., or a tty
  unsigned baud = 115200;
  std::string format = "8N1";  ///< data bits, parity N|E|O, stop bits
  std::string decoder;         ///< also of http and poll

  // modbus
  std::vector<std::uint8_t> units;  ///< addresses on the bus, rising
  std::chrono::milliseconds poll_interval{10'000};
  std::chrono::milliseconds answer_timeout{500};
  std::chrono::milliseconds gap{0};  ///< silence before a request; 0: as the standard has it
  std::string rs485 = "auto";        ///< auto, kernel, rts
  bool echo = false;                 ///< the adapter hears what it sends

  // http: who may send; poll: who we are to the device. With `user`
  Auth auth = Auth::none;
  std::string secret;  ///< `secret` or `secret_file`: password, token or part of the path

  // poll
  std::vector<std::string> urls;  ///< of one device
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{10'000};
  std::string pin;      ///< sha256//BASE64 of the device's key
  bool stream = false;  ///< an answer that never ends, a part for each message
};

/// `region = shop capacity=120 from=1,!S2/1`
struct Region {
  struct Line {
    std::string sensor;  ///< serial; empty: the sensor whose file it is
    std::string line;    ///< empty: the whole device
    bool out_is_in = false;
  };
  std::string region;
  std::optional<std::int64_t> capacity;
  std::vector<Line> from;  ///< empty: the sensor tells itself how many are there
};

/// A file in sensors.d/: what a person says about one device. Optional: devices without one are counted
/// under the identity they state.
struct Sensor {
  std::filesystem::path file;
  std::string serial;  ///< identity in the payload; "link:NAME" for a device that states none
  std::string name;
  std::string replaces;  ///< the device that counted behind this door before, by its serial; empty: none
  bool invert = false;   ///< in and out change places
  std::string timezone;  ///< zone of device-local times; empty: the store's
  std::chrono::seconds expected_interval{0};                     ///< 0: learnt
  std::map<std::string, bridge::ChannelMap, std::less<>> lines;  ///< `line = door in=C1 out=C2`
  std::string payload;  ///< decoder of what an envelope carries for it; empty: the envelope finds out
  std::map<std::string, std::string, std::less<>> line_names;  ///< `line_name = 1 = Main door`
  std::map<std::string, std::string, std::less<>> region_names;
  std::vector<Region> regions;                ///< how many people a region holds, and where they come in
  bool pinned = false;                        ///< what this file states holds, whatever HQ says
  std::set<std::string, std::less<>> stated;  ///< the keys it states
};

struct Config {
  std::filesystem::path file;  ///< empty: embedded defaults

  // [store]
  std::string store_id;  ///< uuid given by HQ; empty until provisioned
  std::string store_name = "Store";
  std::string timezone = "UTC";
  int day_start_minute = 0;  ///< `day_start = 04:00`
  /// From when the two hold: "2026-11-01", "always", or empty: from the day after the file said so.
  std::string calendar_from;
  std::vector<std::string> open;  ///< as the file states them: `open = monday 09:00-20:00`
  std::string opening_hours;      ///< the same as in stores.settings.opening_hours; empty: nobody says

  // [gateway]
  std::string gateway_name = "gateway";
  std::filesystem::path state_dir = "/var/lib/lintel";
  std::filesystem::path spool_dir = "/run/lintel/spool";
  std::uint64_t spool_limit_bytes = 256ull << 20;  ///< `spool_limit_mb`
  std::filesystem::path profiles_dir;              ///< empty: there is no configuration file

  // [storage]
  std::chrono::milliseconds commit_interval{50};  ///< strict; `durability = relaxed` makes it 60 s
  std::chrono::days keep_days{35};                ///< confirmed readings stay resendable
  std::uint64_t database_bytes = 0;               ///< `database_mb`; 0: by the disk
  std::uint64_t evidence_bytes = 100ull << 20;    ///< `evidence_mb`; 0: messages are not kept
  bool relaxed = false;

  // [clock]
  std::string trust_system = "auto";  ///< auto, yes, no

  // [status]
  std::string listen = "127.0.0.1:8080";   ///< empty: no page
  std::vector<std::string> allowed_hosts;  ///< beside the addresses of the machine itself and its name
  std::string page_pin;                    ///< of `pin_file`; empty: the page changes nothing

  // [ingest]
  std::string ingest_listen = "0.0.0.0:8081";  ///< where links of type http listen, if there are any

  // [hq]
  std::string hq_url;                        ///< https://project.supabase.co/rest/v1; empty: no sync
  std::string hq_api_key;                    ///< Supabase's `apikey` header
  std::filesystem::path hq_credential_file;  ///< the gateway's JWT, one line; empty: this card enrols
  std::filesystem::path hq_ca_file;
  std::filesystem::path hq_client_cert;  ///< mutual TLS; empty: none
  std::filesystem::path hq_client_key;
  std::chrono::milliseconds hq_interval{60'000};  ///< `interval_seconds`, fractions allowed; at most one
                                                  ///< request per interval while there is no backlog

  // [health]
  std::uint64_t card_endurance_bytes = 0;  ///< that may be written to the card; 0: not known
  std::chrono::minutes offline_after{30};

  std::vector<Link> links;      ///< sorted by name
  std::vector<Sensor> sensors;  ///< sorted by serial

  /// What is accepted but somebody should look at, each a sentence that names the place.
  std::vector<std::string> warnings;
  /// What states a key: "hq.url" -> "gateway.conf:12", "LINTEL_HQ_URL" or "--set hq.url". Keys that are
  /// at their default are absent.
  std::map<std::string, std::string, std::less<>> origins;
};

/// What the decoders are called, so that a wrong name is refused with the nearest right one.
struct Vocabulary {
  std::vector<std::string> decoders;
  std::vector<std::string> modbus{};  ///< those of them that belong on a Modbus bus, and nowhere else
  /// What the profiles of a folder add; may be empty.
  std::function<std::vector<std::string>(const std::filesystem::path& folder)> profiles{};
};

/// Where settings come from, the weakest first.
struct Sources {
  std::filesystem::path file;            ///< empty: embedded defaults, no links and no sensors
  std::vector<std::string> environment;  ///< "LINTEL_HQ_URL=..."; names without LINTEL_ are ignored
  std::vector<std::string> overrides;    ///< "hq.url=..."
};

/// Reads the file, gateway.d/*.conf, links.d/*.conf and sensors.d/*.conf beside it, the environment and the
/// overrides. What gateway.d states holds before the file, of several there the last by name.
/// All problems of a load are told together: the error is `misconfigured`, its message one line per
/// problem, each naming file, line, key and, for an unknown word, the nearest known one. Relative paths
/// are relative to the file that states them, in the environment and in overrides to the current folder.
Result<Config> load(const Sources& sources, const Vocabulary& vocabulary);

/// The same with the environment of the process.
Result<Config> load(const std::filesystem::path& file, const Vocabulary& vocabulary,
                    const std::vector<std::string>& overrides);

}  // namespace lintel::config
