#include "gateway/config/keys.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/program_options/value_semantic.hpp>

#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

using Wrong = std::optional<std::string>;

template <typename T>
Wrong wrong(const Parsed<T>& parsed) {
  return parsed ? std::nullopt : Wrong(parsed.error());
}

template <auto Parse>
Wrong must(std::string_view value) {
  return wrong(Parse(value));
}

template <auto Parse>
Wrong may(std::string_view value) {
  return value.empty() ? std::nullopt : wrong(Parse(value));
}

template <std::int64_t Least, std::int64_t Most, const char* What, const char* Example>
Wrong whole(std::string_view value) {
  return wrong(whole_number(value, Least, Most, What, Example));
}

constexpr char kGigabytes[] = "a whole number of gigabytes";
constexpr char kMegabytes[] = "a whole number of megabytes";
constexpr char kMilliseconds[] = "a whole number of milliseconds";
constexpr char kMinutes[] = "a whole number of minutes";
constexpr char kBaud[] = "a whole number of bits per second";
constexpr char kSeconds[] = "a whole number of seconds";
constexpr char k60[] = "60";
constexpr char k256[] = "256";
constexpr char k100[] = "100";
constexpr char k35[] = "35";
constexpr char kNothing[] = "0";
constexpr char kWholeDays[] = "a whole number of days";
constexpr char k50[] = "50";
constexpr char k30[] = "30";
constexpr char k115200[] = "115200";
constexpr char k9600[] = "9600";
constexpr char k500[] = "500";

Wrong check_durability(std::string_view value) {
  if (value == "strict" || value == "relaxed") return std::nullopt;
  return "expected strict or relaxed";
}

Wrong check_trust(std::string_view value) {
  if (value == "auto" || value == "yes" || value == "no") return std::nullopt;
  return "expected auto, yes or no";
}

Wrong check_sync_interval(std::string_view value) {
  using namespace std::chrono_literals;
  return wrong(seconds(value, 100ms, 24h));
}

Wrong check_poll(std::string_view value) {
  using namespace std::chrono_literals;
  return wrong(seconds(value, 100ms, 1h));
}

Wrong check_rs485(std::string_view value) {
  if (value == "auto" || value == "kernel" || value == "rts") return std::nullopt;
  return "expected auto, kernel or rts";
}

Wrong check_type(std::string_view value) {
  for (const auto* type : {"mqtt", "serial", "modbus", "http", "poll"}) {
    if (value == type) return std::nullopt;
  }
  return "expected mqtt, serial, modbus, http or poll";
}

Wrong check_push_auth(std::string_view value) {
  for (const auto* kind : {"path", "bearer", "basic", "digest"}) {
    if (value == kind) return std::nullopt;
  }
  return "expected path, bearer, basic or digest";
}

Wrong check_poll_auth(std::string_view value) {
  for (const auto* kind : {"none", "bearer", "basic", "digest"}) {
    if (value == kind) return std::nullopt;
  }
  return "expected none, basic, digest or bearer";
}

Wrong check_poll_interval(std::string_view value) {
  using namespace std::chrono_literals;
  return wrong(seconds(value, 100ms, 24h));
}

Wrong check_poll_timeout(std::string_view value) {
  using namespace std::chrono_literals;
  return wrong(seconds(value, 100ms, 5min));
}

const Key kGatewayKeys[] = {
    {"store", "id", "", "Identity of the store, the uuid that HQ shows. Empty until it is provisioned.",
     may<uuid>},
    {"store", "name", "Store", "What people call the store.", must<some_text>},
    {"store", "timezone", "UTC",
     "Time zone of the store, for example Europe/Berlin. Days and hours follow it.", must<timezone>},
    {"store", "day_start", "00:00", "When the store's day begins, for example 04:00 for a bar.",
     must<minute_of_day>},
    {"store", "calendar_from", "",
     "From when a changed timezone or day_start holds: a day as 2026-11-01, or always if the old one was "
     "wrong; then all days are counted anew. Default: from the next day on.",
     may<calendar_from>},
    {"store", "open", "",
     "When the store is open on a weekday or a date: monday 09:00-12:30 14:00-02:00, or 2026-12-25 closed. "
     "A line for each; days without one are closed. Without any nobody knows.",
     may<open_on>, true},

    {"gateway", "name", "gateway", "What people call this device.", must<some_text>},
    {"gateway", "state_dir", "/var/lib/lintel",
     "Folder of the database. On storage that survives a power cut.", must<some_text>},
    {"gateway", "spool_dir", "/run/lintel/spool",
     "Folder of messages that are acknowledged but not yet in the database. In memory (tmpfs) it spares the "
     "card.",
     must<some_text>},
    {"gateway", "spool_limit_mb", "256", "Most that the spool may hold, in megabytes.",
     whole<1, 1'048'576, kMegabytes, k256>},
    {"gateway", "profiles_dir", "",
     "Folder of formats of your own, a profile each (*.json). Default: profiles.d beside this file."},

    {"storage", "durability", "strict",
     "strict: a power cut costs at most one commit interval. relaxed: up to 60 seconds, and far fewer "
     "writes.",
     check_durability},
    {"storage", "commit_interval_ms", "50",
     "How long readings are collected before they are committed together, in milliseconds. "
     "With durability = relaxed it is 60000 unless stated.",
     whole<1, 600'000, kMilliseconds, k50>},
    {"storage", "keep_days", "35",
     "How many days readings stay here after HQ has confirmed them, so that an HQ restored from a backup "
     "gets them "
     "again: more than HQ's backups reach back.",
     whole<1, 400, kWholeDays, k35>},
    {"storage", "database_mb", "0",
     "Most that the database may fill, in megabytes; then the oldest readings go, first those that HQ has. "
     "0: nine "
     "tenths of what the disk has.",
     whole<0, 1'048'576, kMegabytes, kNothing>},
    {"storage", "evidence_mb", "100",
     "Space for the messages behind the counts, packed, for `lintel explain`: the oldest go. 0 keeps none.",
     whole<0, 1'048'576, kMegabytes, k100>},

    {"clock", "trust_system", "auto",
     "Whether this machine's clock is believed before a time server or HQ has confirmed it. auto: unless it "
     "is "
     "a board without a clock chip. While it is not, readings wait for the time.",
     check_trust},

    {"status", "listen", "127.0.0.1:8080",
     "Address and port of the status page; 0.0.0.0:8080 shows it to the whole network, empty means no page.",
     may<listen_address>},
    {"status", "allowed_host", "",
     "A name under which browsers may open the page, beside this machine's own addresses and name. May be "
     "repeated.",
     may<host_name>, true},
    {"status", "pin_file", "",
     "File whose first line is the PIN, 6 to 64 characters, with which people may change something on the "
     "page. Empty: a file page_pin beside this one; without it the page can only be looked at."},

    {"ingest", "listen", "0.0.0.0:8081",
     "Address and port that devices push to, for links of type = http; none of them, no listener. The "
     "same as [status] listen: one listener for both.",
     must<ingest_address>},

    {"hq", "url", "",
     "PostgREST in front of the central schema. Empty: as `lintel provision` was told it, else nothing is "
     "sent.",
     may<http_url>},
    {"hq", "api_key", "", "The `apikey` header that Supabase asks for.", may<word>, false, true},
    {"hq", "credential_file", "",
     "File with a token that HQ minted for this gateway, one line. Empty: the gateway enrols and renews its "
     "tokens itself (lintel provision)."},
    {"hq", "ca_file", "", "Certificate authority to trust instead of the system's."},
    {"hq", "client_cert", "",
     "Certificate (PEM) to show where the proxy before HQ asks who we are: mutual TLS. With client_key."},
    {"hq", "client_key", "", "The key of client_cert (PEM), not encrypted; nobody else may read the file."},
    {"hq", "interval_seconds", "60",
     "Time between two transmissions while nothing is in arrears, in seconds.", check_sync_interval},

    {"health", "offline_after_minutes", "30",
     "Silence after which a sensor is offline, in minutes; never less than three of its own intervals.",
     whole<1, 44'640, kMinutes, k30>},
    {"health", "card_endurance_gb", "0",
     "How much may be written to the card in its life, in gigabytes, by its maker's word (TBW); 0: not "
     "known. With it "
     "the gateway says how long the card will last, an estimate.",
     whole<0, 1'000'000, kGigabytes, kNothing>},
};

const Key kMqttKeys[] = {
    {"", "type", "", "mqtt, serial, modbus, http or poll.", check_type},
    {"", "url", "", "The broker, mqtt://HOST:PORT or mqtts://HOST:PORT.", must<broker_url>},
    {"", "client_id", "", "Name of the session at the broker. Default: lintel-STORE ID-LINK.", may<word>},
    {"", "user", "", "User at the broker."},
    {"", "password", "", "Password at the broker. password_file keeps it out of this file.", nullptr, false,
     true},
    {"", "password_file", "", "File whose first line is the password."},
    {"", "ca_file", "", "With mqtts: certificate authority to trust instead of the system's."},
    {"", "journal", "",
     "Folder in which the broker's plugin keeps a journal, on this machine: messages are taken from there, "
     "so "
     "that none is lost when the broker is killed. Empty: the broker has none."},
    {"", "subscribe", "",
     "Decoder and topic filter, for example: milesight-vs125 counters/+/telemetry. May be repeated.",
     must<subscription>, true},
    {"", "discover", "",
     "Topic filter to listen to for `lintel discover`, for example: #. Nothing of it is counted. May be "
     "repeated.",
     must<topic_filter>, true},
};

const Key kSerialKeys[] = {
    {"", "type", "", "mqtt, serial, modbus, http or poll.", check_type},
    {"", "device", "", "The serial line, best by its /dev/serial/by-id or by-path name.", must<some_text>},
    {"", "baud", "115200", "Speed in bits per second.", whole<50, 4'000'000, kBaud, k115200>},
    {"", "format", "8N1", "Data bits, parity (N, E, O), stop bits.", must<serial_format>},
    {"", "decoder", "", "What understands the lines or packets, see `lintel decoders`.", must<some_text>},
};

const Key kModbusKeys[] = {
    {"", "type", "", "mqtt, serial, modbus, http or poll.", check_type},
    {"", "device", "", "The serial line, best by its /dev/serial/by-id or by-path name.", must<some_text>},
    {"", "baud", "9600", "Speed in bits per second.", whole<50, 4'000'000, kBaud, k9600>},
    {"", "format", "8N2", "Data bits, parity (N, E, O), stop bits.", must<serial_format>},
    {"", "decoder", "", "What the units are, see `lintel decoders`.", must<some_text>},
    {"", "units", "", "Addresses of the units on the bus, for example: 90 91 100-103", must<bus_units>},
    {"", "poll_seconds", "10", "Time between two rounds of questions, in seconds.", check_poll},
    {"", "answer_ms", "500", "How long a unit may take to answer, in milliseconds.",
     whole<10, 10'000, kMilliseconds, k500>},
    {"", "gap_ms", "0",
     "Silence that units need before a question, in milliseconds; 0: 3.5 characters, as the standard has it.",
     whole<0, 1000, kMilliseconds, k50>},
    {"", "rs485", "auto",
     "Who turns the line between sending and listening: auto (the adapter), kernel (the serial driver) or "
     "rts "
     "(the gateway, with the RTS line).",
     check_rs485},
    {"", "echo", "no", "yes: the adapter hears what it sends.", must<yes_or_no>},
};

const Key kHttpKeys[] = {
    {"", "type", "", "mqtt, serial, modbus, http or poll.", check_type},
    {"", "decoder", "", "What understands the messages, see `lintel decoders`.", must<some_text>},
    {"", "auth", "path",
     "How a device shows that it may send: path (the secret is part of the address), bearer, basic or "
     "digest.",
     check_push_auth},
    {"", "user", "", "With basic and digest: the user."},
    {"", "secret", "", "Path part, token or password. secret_file keeps it out of this file.", nullptr, false,
     true},
    {"", "secret_file", "", "File whose first line is the secret."},
};

const Key kPollKeys[] = {
    {"", "type", "", "mqtt, serial, modbus, http or poll.", check_type},
    {"", "url", "", "What to ask the device for. May be repeated, for one device.", must<device_url>, true},
    {"", "decoder", "", "What understands the answers, see `lintel decoders`.", must<some_text>},
    {"", "interval_seconds", "60",
     "Time from one question to the next, in seconds. With stream = yes: silence after which the connection "
     "is made anew.",
     check_poll_interval},
    {"", "timeout_seconds", "10", "How long an answer may take, in seconds.", check_poll_timeout},
    {"", "auth", "none", "What the device asks for: none, basic, digest or bearer.", check_poll_auth},
    {"", "user", "", "With basic and digest: the user at the device."},
    {"", "secret", "", "Password or token. secret_file keeps it out of this file.", nullptr, false, true},
    {"", "secret_file", "", "File whose first line is the password or token."},
    {"", "pin", "", "With https: the device's own key, as `lintel pin URL` prints it.", may<key_pin>},
    {"", "ca_file", "", "With https: certificate authority that vouches for the device."},
    {"", "stream", "no", "yes: one answer that never ends and brings each message as a part.",
     must<yes_or_no>},
};

const Key kSensorKeys[] = {
    {"", "serial", "", "The device, as its payload names it.", may<some_text>},
    {"", "link", "", "Instead of serial: the link of a device that does not name itself."},
    {"", "name", "", "What people call it, for example: Main entrance.", may<some_text>},
    {"", "replaces", "",
     "Serial of the device that counted behind the same door before: its history goes on with this one.",
     may<some_text>},
    {"", "invert", "no", "yes: in and out change places.", must<yes_or_no>},
    {"", "timezone", "", "Zone of the times in its payload. Default: the store's.", may<timezone>},
    {"", "expected_interval_seconds", "0", "Usual time between two messages, in seconds; 0: it is learnt.",
     whole<0, 2'678'400, kSeconds, k60>},
    {"", "line", "",
     "Name of a counting line and its channels, for example: door in=C1 out=C2. May be repeated.", must<line>,
     true},
    {"", "payload", "",
     "Decoder of what a LoRaWAN network server passes on from it. Default: found by model and bytes.",
     may<word>},
    {"", "line_name", "",
     "What people call a line, after the key its payload gives it, for example: 1 = Main door. May be "
     "repeated.",
     must<named_key>, true},
    {"", "region_name", "", "The same for a region, for example: 2 = Checkout. May be repeated.",
     must<named_key>, true},
    {"", "region", "",
     "How many people a region holds, and the lines that lead into it, for example: "
     "shop capacity=120 from=1,!S2/1. May be repeated.",
     must<region>, true},
    {"", "pinned", "no", "yes: what this file states holds, whatever HQ says.", must<yes_or_no>},
};

}  // namespace

std::string Key::full_name() const {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

std::span<const Key> gateway_keys() {
  return kGatewayKeys;
}
std::span<const Key> mqtt_keys() {
  return kMqttKeys;
}
std::span<const Key> serial_keys() {
  return kSerialKeys;
}
std::span<const Key> http_keys() {
  return kHttpKeys;
}
std::span<const Key> poll_keys() {
  return kPollKeys;
}
std::span<const Key> modbus_keys() {
  return kModbusKeys;
}
std::span<const Key> sensor_keys() {
  return kSensorKeys;
}

const Key* find_key(std::span<const Key> keys, std::string_view section, std::string_view name) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key& key) { return key.section == section && key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> section_names(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const auto& key : keys) {
    if (names.empty() || names.back() != key.section) names.push_back(key.section);
  }
  return names;
}

std::vector<std::string_view> key_names(std::span<const Key> keys, std::string_view section) {
  std::vector<std::string_view> names;
  for (const auto& key : keys) {
    if (key.section == section) names.push_back(key.name);
  }
  return names;
}

boost::program_options::options_description describe(std::span<const Key> keys) {
  namespace po = boost::program_options;
  po::options_description options;
  for (const auto& key : keys) {
    const po::value_semantic* semantic = nullptr;
    if (key.repeatable) {
      semantic = po::value<std::vector<std::string>>()->composing();
    } else {
      semantic = po::value<std::string>()->default_value(std::string(key.fallback));
    }
    options.add_options()(key.full_name().c_str(), semantic, std::string(key.help).c_str());
  }
  return options;
}

}  // namespace lintel::config
