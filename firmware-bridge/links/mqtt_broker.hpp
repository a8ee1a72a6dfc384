#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace mqtt {
class connect_options;
}

namespace lintel::bridge::links {

/// Where a broker is.
struct BrokerAddress {
  std::string paho;   ///< as Paho writes it: tcp://host:port, ssl://host:port
  std::string shown;  ///< host:port
  std::uint16_t port = 1883;
  bool tls = false;
};
BrokerAddress broker_address(const std::string& url);

/// Who we are to a broker.
struct BrokerAccount {
  std::string url;  ///< mqtt://host[:port] or mqtts://host[:port]
  std::string user;
  std::string password;
  std::filesystem::path ca_file;  ///< mqtts: own CA instead of the system's
};

/// Protocol, account and trust; session, keep-alive and time-outs are the caller's.
mqtt::connect_options mqtt_connect_options(const BrokerAccount& account, bool with_tls);

/// CONNACK's refusals (MQTT 3.1.1, table 3.1; MQTT 5, table 3-1) and Paho's own errors, as sentences.
std::string why_refused(int code, std::string_view words, const BrokerAddress& address,
                        const std::string& user);

/// Connects to the broker and leaves: a clean session under a client id of its own, no subscription, no
/// message, so that no other session notices. `misconfigured`: the broker refuses the account; `transient`:
/// no connection. Blocks until an answer or the time-out.
Result<void> try_broker(const BrokerAccount& account, std::chrono::milliseconds timeout);

}  // namespace lintel::bridge::links
