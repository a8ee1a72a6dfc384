#include "gateway/setup/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lintel::setup {

namespace {

// Fixed, so that taking a setup file twice leaves one connection.
constexpr const char* kCable = "6c3a5d0e-4d4f-4b1a-9a53-6c696e74656c";
constexpr const char* kWifi = "8f7e0c7b-93a4-4d0e-8a2c-6c696e74656c";
constexpr const char* kModem = "2b9d1f62-0d3e-4e0b-b1f5-6c696e74656c";

// Of two ways that work the cable comes first, and the one that costs by the megabyte last.
constexpr int kCableMetric = 100, kWifiMetric = 600, kModemMetric = 700;

/// A text in a keyfile: a blank at its ends and a backslash are written otherwise (GKeyFile).
std::string escaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool end = i == 0 || i + 1 == text.size();
    if (text[i] == '\\') {
      result += "\\\\";
    } else if (text[i] == ' ' && end) {
      result += "\\s";
    } else if (text[i] == '\t') {
      result += "\\t";
    } else {
      result += text[i];
    }
  }
  return result;
}

/// A network's name as bytes, which needs no escape whatever it holds.
std::string bytes_of(const std::string& ssid) {
  std::string result;
  for (const unsigned char c : ssid) result += fmt::format("{};", c);
  return result;
}

std::string head(const char* id, const char* uuid, const char* type) {
  return fmt::format(
      "# Written from lintel-setup.txt.\n[connection]\nid={}\nuuid={}\ntype={}\nautoconnect=true\n"
      "autoconnect-retries=0\n\n",
      id, uuid, type);
}

std::string addresses(int metric) {
  return fmt::format("[ipv4]\nmethod=auto\nroute-metric={0}\n\n[ipv6]\nmethod=auto\nroute-metric={0}\n",
                     metric);
}

std::string fixed(const Network& network) {
  const bool six = network.address.find(':') != std::string::npos;
  std::string four, other;
  auto text = fmt::format("[{}]\nmethod=manual\naddress1={}{}\nroute-metric={}\n", six ? "ipv6" : "ipv4",
                          network.address, network.router.empty() ? "" : "," + network.router, kCableMetric);
  for (const auto& server : network.dns) {
    const bool of_six = server.find(':') != std::string::npos;
    (of_six == six ? four : other) += server + ";";
  }
  if (!four.empty()) text += fmt::format("dns={}\n", four);
  text += fmt::format("\n[{}]\nmethod={}\n", six ? "ipv4" : "ipv6", six ? "disabled" : "auto");
  if (!other.empty()) text += fmt::format("dns={}\n", other);
  return text;
}

std::string wifi(const Network& network) {
  auto text = head("lintel-wifi", kWifi, "wifi") + fmt::format("[wifi]\nmode=infrastructure\nssid={}\n{}\n",
                                                               bytes_of(network.ssid),
                                                               network.hidden ? "hidden=true\n" : "");
  if (!network.wifi_password.empty()) {
    text += fmt::format("[wifi-security]\nkey-mgmt=wpa-psk\npsk={}\n\n", escaped(network.wifi_password));
  }
  return text + addresses(kWifiMetric);
}

std::string modem(const Network& network) {
  auto text = head("lintel-modem", kModem, "gsm") + fmt::format("[gsm]\napn={}\n", escaped(network.apn));
  const auto add = [&text](const char* key, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}={}\n", key, escaped(value));
  };
  add("username", network.modem_user);
  add("password", network.modem_password);
  add("pin", network.sim_pin);
  return text + "\n" + addresses(kModemMetric);
}

}  // namespace

std::map<std::string, std::string> network_files(const Network& network) {
  const std::string connections = "etc/NetworkManager/system-connections/";
  std::map<std::string, std::string> files;
  files[std::string(kCableFile)] = head("lintel-cable", kCable, "ethernet") +
                                   (network.address.empty() ? addresses(kCableMetric) : fixed(network));
  if (!network.ssid.empty()) files[connections + "lintel-wifi.nmconnection"] = wifi(network);
  if (!network.apn.empty()) files[connections + "lintel-modem.nmconnection"] = modem(network);
  if (!network.country.empty()) {
    files["etc/modprobe.d/lintel-wifi.conf"] =
        fmt::format("options cfg80211 ieee80211_regdom={}\n", network.country);
  }
  if (!network.ntp.empty()) {
    auto& sources = files["etc/chrony/sources.d/lintel.sources"];
    for (const auto& server : network.ntp) sources += fmt::format("server {} iburst\n", server);
  }
  if (!network.hostname.empty()) {
    files["etc/hostname"] = network.hostname + "\n";
    files["etc/hosts"] = fmt::format(
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {}\n", network.hostname);
  }
  return files;
}

}  // namespace lintel::setup
