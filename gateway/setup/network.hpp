#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lintel::setup {

/// How the machine reaches its network.
struct Network {
  std::string hostname;  ///< empty: as it is
  bool cable = false;    ///< something was said of the cable; else what it was told before holds
  std::string address;   ///< of the cable, "192.168.1.20/24"; empty: by DHCP
  std::string router;
  std::vector<std::string> dns, ntp;

  std::string ssid;  ///< empty: no wireless network
  std::string wifi_password;
  std::string country;
  bool hidden = false;

  std::string apn;  ///< empty: no mobile network
  std::string modem_user, modem_password, sim_pin;
};

inline constexpr std::string_view kCableFile =
    "etc/NetworkManager/system-connections/lintel-cable.nmconnection";

/// The files that say so to NetworkManager (keyfiles), chrony and the kernel, by path from the root. Those
/// that hold a password end in .nmconnection; NetworkManager refuses them unless root alone may read them.
std::map<std::string, std::string> network_files(const Network& network);

}  // namespace lintel::setup
