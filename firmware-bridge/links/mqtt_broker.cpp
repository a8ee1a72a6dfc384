#include "firmware-bridge/links/mqtt_broker.hpp"

#include <algorithm>
#include <charconv>
#include <random>

#include <fmt/format.h>
#include <mqtt/async_client.h>

namespace lintel::bridge::links {

namespace {

/// MQTT 5 has its own numbers (table 3-1).
constexpr int kBadClientId = 0x85, kBadUser = 0x86, kNotAuthorized = 0x87;

/// At most 23 characters, which every broker takes.
std::string passing_client_id() {
  std::random_device random;
  return fmt::format("lintel-look-{:08x}", random());
}

}  // namespace

BrokerAddress broker_address(const std::string& url) {
  BrokerAddress address;
  address.tls = url.starts_with("mqtts://");
  std::string rest = url.substr(std::min(url.size(), url.find("://") + 3));
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
  address.port = address.tls ? 8883 : 1883;
  if (has_port) {
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), address.port);
  } else {
    rest += fmt::format(":{}", address.port);
  }
  address.shown = rest;
  address.paho = (address.tls ? "ssl://" : "tcp://") + rest;
  return address;
}

mqtt::connect_options mqtt_connect_options(const BrokerAccount& account, bool with_tls) {
  mqtt::connect_options connect;
  connect.set_mqtt_version(MQTTVERSION_3_1_1);
  if (!account.user.empty()) {
    connect.set_user_name(account.user);
    connect.set_password(account.password);
  }
  if (with_tls) {
    mqtt::ssl_options tls;
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);
    if (!account.ca_file.empty()) tls.set_trust_store(account.ca_file.string());
    connect.set_ssl(tls);
  }
  return connect;
}

std::string why_refused(int code, std::string_view words, const BrokerAddress& address,
                        const std::string& user) {
  switch (code) {
    case 2:
    case kBadClientId:
      return fmt::format("the broker {} refuses the client id: give this link another client_id",
                         address.shown);
    case 4:
    case 5:
    case kBadUser:
    case kNotAuthorized:
      return fmt::format(
          "the broker {} refuses {}: check user and password of this link, and the broker's accounts",
          address.shown, user.empty() ? "a connection without user" : "user \"" + user + "\"");
    default: break;
  }
  if (address.tls) {
    return fmt::format(
        "no trusted TLS connection to the broker {} ({}): check its address, its certificate, and "
        "ca_file of this link",
        address.shown, words);
  }
  return fmt::format(
      "the broker {} cannot be reached ({}): is it running, and is the url of this link right?",
      address.shown, words);
}

Result<void> try_broker(const BrokerAccount& account, std::chrono::milliseconds timeout) {
  const auto address = broker_address(account.url);
  try {
    mqtt::async_client client(address.paho, passing_client_id());
    auto options = mqtt_connect_options(account, address.tls);
    options.set_clean_session(true);
    options.set_connect_timeout(std::chrono::ceil<std::chrono::seconds>(timeout));
    if (!client.connect(options)->wait_for(timeout)) {
      return fail(ErrorKind::transient,
                  fmt::format("the broker {} does not answer as a broker: is another service on this port?",
                              address.shown));
    }
    client.disconnect(0)->wait_for(timeout);
    return {};
  } catch (const mqtt::exception& error) {
    const int code = error.get_return_code();
    const bool refused = code == 2 || code == 4 || code == 5;
    return fail(refused ? ErrorKind::misconfigured : ErrorKind::transient,
                why_refused(code, error.what(), address, account.user));
  }
}

}  // namespace lintel::bridge::links
