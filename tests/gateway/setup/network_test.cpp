#include "gateway/setup/network.hpp"

#include <doctest/doctest.h>

using namespace lintel;

namespace {

const std::string kConnections = "etc/NetworkManager/system-connections/";

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("network: without a word the cable asks the router, and there is no radio") {
  const auto files = setup::network_files({});
  REQUIRE(files.size() == 1);
  const auto& cable = files.at(kConnections + "lintel-cable.nmconnection");
  CHECK(holds(cable, "[ipv4]\nmethod=auto\n"));
  CHECK(holds(cable, "type=ethernet\n"));
}

TEST_CASE("network: a fixed address with router and name servers of both kinds") {
  setup::Network network;
  network.address = "192.168.1.20/24";
  network.router = "192.168.1.1";
  network.dns = {"192.168.1.1", "2001:db8::1", "9.9.9.9"};
  const auto cable = setup::network_files(network).at(kConnections + "lintel-cable.nmconnection");
  CHECK(holds(cable, "[ipv4]\nmethod=manual\naddress1=192.168.1.20/24,192.168.1.1\n"));
  CHECK(holds(cable, "dns=192.168.1.1;9.9.9.9;\n"));
  CHECK(holds(cable, "[ipv6]\nmethod=auto\ndns=2001:db8::1;\n"));
}

TEST_CASE("network: names and passwords reach NetworkManager whatever they hold") {
  setup::Network network;
  network.ssid = "a;b";
  network.wifi_password = " back\\slash ";
  network.country = "DE";
  network.hidden = true;
  network.apn = "internet";
  network.sim_pin = "0000";
  network.ntp = {"ntp.shop.example", "192.168.1.1"};
  const auto files = setup::network_files(network);
  const auto& wifi = files.at(kConnections + "lintel-wifi.nmconnection");
  CHECK(holds(wifi, "ssid=97;59;98;\n"));
  CHECK(holds(wifi, "psk=\\sback\\\\slash\\s\n"));
  CHECK(holds(wifi, "hidden=true\n"));
  CHECK(files.at("etc/modprobe.d/lintel-wifi.conf") == "options cfg80211 ieee80211_regdom=DE\n");
  const auto& modem = files.at(kConnections + "lintel-modem.nmconnection");
  CHECK(holds(modem, "[gsm]\napn=internet\npin=0000\n"));
  CHECK(files.at("etc/chrony/sources.d/lintel.sources") ==
        "server ntp.shop.example iburst\nserver 192.168.1.1 iburst\n");
}

TEST_CASE("network: the cable comes before the radio, and the radio before what costs by the megabyte") {
  setup::Network network;
  network.ssid = "Shop";
  network.apn = "internet";
  const auto files = setup::network_files(network);
  CHECK(holds(files.at(kConnections + "lintel-cable.nmconnection"), "route-metric=100\n"));
  CHECK(holds(files.at(kConnections + "lintel-wifi.nmconnection"), "route-metric=600\n"));
  CHECK(holds(files.at(kConnections + "lintel-modem.nmconnection"), "route-metric=700\n"));
}
