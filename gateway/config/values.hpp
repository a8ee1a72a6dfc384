#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "firmware-bridge/core/decoder.hpp"
#include "gateway/config/config.hpp"

namespace lintel::config {

/// A value, or what was expected instead: the end of a sentence that already named place and key
/// ("expected a number of seconds, for example 60").
template <typename T>
using Parsed = tl::expected<T, std::string>;

std::string_view trim(std::string_view text);

/// Why these bytes cannot stand in a configuration (controls, or not UTF-8); nullopt when they can.
std::optional<std::string> why_not_text(std::string_view bytes);

Parsed<std::int64_t> whole_number(std::string_view text, std::int64_t least, std::int64_t most,
                                  std::string_view what, std::string_view example);
/// Fractions allowed, to the millisecond.
Parsed<std::chrono::milliseconds> seconds(std::string_view text, std::chrono::milliseconds least,
                                          std::chrono::milliseconds most);
Parsed<bool> yes_or_no(std::string_view text);
Parsed<std::string> uuid(std::string_view text);  ///< in lower case
Parsed<int> minute_of_day(std::string_view text);
Parsed<std::string> calendar_from(std::string_view text);  ///< "always" or "2026-11-01"
/// "monday 09:00-20:00", "friday 09:00-12:30 14:00-02:00", "2026-12-25 closed".
struct OpenOn {
  std::string day;    ///< a weekday or a date
  std::string spans;  ///< JSON: [["09:00","20:00"]]
};
Parsed<OpenOn> open_on(std::string_view text);
/// Such lines as stores.settings.opening_hours has them; of two for a day the later. Empty without any.
std::string opening_hours(const std::vector<std::string>& lines);
Parsed<std::string> some_text(std::string_view text);  ///< not empty, at most 200 bytes
Parsed<std::string> word(std::string_view text);  ///< printable ASCII without blanks: fit for an HTTP header

/// A zone of the operating system's tz database.
Parsed<std::string> timezone(std::string_view text);

/// mqtt:// or mqtts://, with the port (1883, 8883) added where it is missing.
Parsed<std::string> broker_url(std::string_view text);
/// http:// or https://, without a slash at the end.
Parsed<std::string> http_url(std::string_view text);
/// "127.0.0.1:8080" or "[::1]:8080"; port 0 lets the system choose.
Parsed<std::string> listen_address(std::string_view text);
/// The same, but it cannot be left out.
Parsed<std::string> ingest_address(std::string_view text);
/// What to ask a device for: http:// or https://, with path and query.
Parsed<std::string> device_url(std::string_view text);
Parsed<std::string> key_pin(std::string_view text);  ///< "sha256//" and 44 characters of base64
Parsed<std::string> host_name(std::string_view text);

/// "DECODER TOPIC". The decoder's name is not checked here, the filter is (MQTT 3.1.1, section 4.7).
Parsed<Subscription> subscription(std::string_view text);
Parsed<std::string> topic_filter(std::string_view text);
Parsed<std::string> serial_format(std::string_view text);  ///< "8N1"
/// "90 91 100-103": addresses on a Modbus bus, 1 to 247, each once; rising.
Parsed<std::vector<std::uint8_t>> bus_units(std::string_view text);
/// "NAME in=CHANNEL out=CHANNEL"; one of the two may be missing.
Parsed<std::pair<std::string, bridge::ChannelMap>> line(std::string_view text);

/// "KEY = NAME"; the key is what stands before the first =.
Parsed<std::pair<std::string, std::string>> named_key(std::string_view text);

/// "NAME capacity=PEOPLE from=LINE,SERIAL/LINE,!SERIAL/LINE"; what comes after from= may hold blanks. !
/// stands before a line whose out leads in, SERIAL/ is the whole device. One of the two may be missing.
Parsed<Region> region(std::string_view text);

/// The URL without what may be a password: "mqtt://***@host".
std::string without_credentials(std::string_view url);

}  // namespace lintel::config
