#include "gateway/setup/keys.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "gateway/config/values.hpp"
#include "gateway/enrol/secret.hpp"

namespace lintel::setup {

namespace {

using Wrong = std::optional<std::string>;

bool all(std::string_view text, int (*is)(int)) {
  return std::all_of(text.begin(), text.end(), [is](unsigned char c) { return is(c) != 0; });
}

bool is_address(std::string_view value) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const std::string text(value);
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

Wrong check_token(std::string_view value) {
  const auto token = enrol::parse_enrolment_token(value);
  return token ? std::nullopt : Wrong(token.error().message);
}

Wrong check_pin(std::string_view value) {
  if (value.size() >= 6 && value.size() <= 64) return std::nullopt;
  return "expected 6 to 64 characters";
}

Wrong check_hostname(std::string_view value) {
  const bool fits = !value.empty() && value.size() <= 63 && value.front() != '-' && value.back() != '-' &&
                    std::all_of(value.begin(), value.end(), [](unsigned char c) {
                      return (c >= 'a' && c <= 'z') || std::isdigit(c) != 0 || c == '-';
                    });
  if (fits) return std::nullopt;
  return "expected a name of small letters, digits and hyphens, for example lintel-main-street";
}

Wrong check_address(std::string_view value) {
  if (value.empty()) return std::nullopt;
  const auto slash = value.find('/');
  const auto bits = slash == std::string_view::npos ? std::string_view() : value.substr(slash + 1);
  const bool number = !bits.empty() && bits.size() <= 3 && all(bits, std::isdigit);
  const auto address = value.substr(0, slash);
  const int most = address.find(':') == std::string_view::npos ? 32 : 128;
  if (number && std::stoi(std::string(bits)) <= most && is_address(address)) return std::nullopt;
  return "expected an address with the length of its network, for example 192.168.1.20/24";
}

Wrong check_ip(std::string_view value) {
  return value.empty() || is_address(value) ? std::nullopt
                                            : Wrong("expected an address, for example 192.168.1.1");
}

Wrong check_host(std::string_view value) {
  const bool fits =
      !value.empty() && value.size() <= 253 && std::all_of(value.begin(), value.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '.' || c == ':';
      });
  return fits ? std::nullopt : Wrong("expected the name or address of a time server");
}

Wrong check_ssid(std::string_view value) {
  return value.size() <= 32 ? std::nullopt : Wrong("expected the name of a network, at most 32 bytes");
}

Wrong check_wifi_password(std::string_view value) {
  const bool digits = value.size() == 64 && all(value, std::isxdigit);
  if (value.empty() || digits || (value.size() >= 8 && value.size() <= 63)) return std::nullopt;
  return "expected 8 to 63 characters";
}

Wrong check_country(std::string_view value) {
  const bool fits = value.size() == 2 && all(value, std::isupper);
  return value.empty() || fits ? std::nullopt : Wrong("expected two capital letters, for example DE");
}

Wrong check_yes_or_no(std::string_view value) {
  return value == "yes" || value == "no" ? std::nullopt : Wrong("expected yes or no");
}

Wrong check_sim_pin(std::string_view value) {
  const bool fits = value.size() >= 4 && value.size() <= 8 && all(value, std::isdigit);
  return value.empty() || fits ? std::nullopt : Wrong("expected 4 to 8 digits");
}

const config::Key kKeys[] = {
    {"card", "token", "", "The enrolment token that HQ shows for the store.", check_token, false, true},
    {"card", "pin", "", "The PIN with which people may change something on the page.", check_pin, false,
     true},
    {"card", "hostname", "", "The gateway's name in the network: http://NAME.local.", check_hostname},
    {"network", "address", "", "A fixed address for the cable; empty: by DHCP.", check_address},
    {"network", "gateway", "", "With a fixed address: the router.", check_ip},
    {"network", "dns", "", "With a fixed address: a name server. May be repeated.", check_ip, true},
    {"network", "ntp", "", "A time server of one's own. May be repeated.", check_host, true},
    {"wifi", "ssid", "", "Name of the wireless network.", check_ssid},
    {"wifi", "password", "", "Its password; empty: an open network.", check_wifi_password, false, true},
    {"wifi", "country", "", "Where the gateway stands, for the channels that are allowed there: DE.",
     check_country},
    {"wifi", "hidden", "no", "Whether the network does not show its name.", check_yes_or_no},
    {"modem", "apn", "", "Access point name of the mobile network, for a USB modem.", nullptr},
    {"modem", "user", "", "User there, where one is asked for.", nullptr},
    {"modem", "password", "", "Password there.", nullptr, false, true},
    {"modem", "pin", "", "PIN of the SIM card.", check_sim_pin, false, true},
};

}  // namespace

std::span<const config::Key> setup_keys() {
  return kKeys;
}

}  // namespace lintel::setup
