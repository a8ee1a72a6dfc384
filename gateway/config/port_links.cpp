// Links that own a serial port: a stream of lines or packets, or a Modbus bus.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/link_file.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

/// A port is either a stream or a Modbus bus, and so is what understands it.
void check_decoder(const LinkFile& file, const Settings& settings, bool bus) {
  const auto* entry = settings.entry("decoder");
  if (entry == nullptr || !file.check_decoder(*entry, entry->value)) return;
  const auto& modbus = file.modbus();
  const bool belongs = std::find(modbus.begin(), modbus.end(), entry->value) != modbus.end();
  if (belongs == bus) return;
  file.problem(*entry, bus ? fmt::format("asks nothing on a Modbus bus, {}", suggest(entry->value, modbus))
                           : std::string("is read on a Modbus bus, use type = modbus"));
}

void read_port(const LinkFile& file, const Settings& settings, Link& link) {
  file.demand(settings, "device", "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0");
  file.demand(settings, "decoder",
              link.type == Link::Type::modbus ? "wirenboard-wb-mcm8-modbus" : "st-vl53l1x-arduino-lines");
  check_decoder(file, settings, link.type == Link::Type::modbus);
  link.device = settings.path("device");
  link.baud = static_cast<unsigned>(whole_number(settings.text("baud"), 0, UINT32_MAX, "", "").value_or(0));
  link.format = settings.text("format");
  link.decoder = settings.text("decoder");
  const auto tty = link.device.filename().string();
  if (link.device.parent_path() == "/dev" && (tty.starts_with("ttyUSB") || tty.starts_with("ttyACM"))) {
    file.warn(
        fmt::format("{} = \"{}\": this name may change when adapters are replugged, choose "
                    "one from /dev/serial/by-id or /dev/serial/by-path",
                    settings.entry("device")->label, link.device.string()));
  }
}

std::chrono::milliseconds milliseconds(const Settings& settings, std::string_view key) {
  return std::chrono::milliseconds{whole_number(settings.text(key), 0, INT32_MAX, "", "").value_or(0)};
}

}  // namespace

void read_serial(const LinkFile& file, const Settings& settings, Link& link) {
  read_port(file, settings, link);
}

void read_modbus(const LinkFile& file, const Settings& settings, Link& link) {
  read_port(file, settings, link);
  file.demand(settings, "units", "90 91");
  link.units = bus_units(settings.text("units")).value_or(std::vector<std::uint8_t>{});
  link.poll_interval =
      seconds(settings.text("poll_seconds"), {}, std::chrono::hours{1}).value_or(link.poll_interval);
  link.answer_timeout = milliseconds(settings, "answer_ms");
  link.gap = milliseconds(settings, "gap_ms");
  link.rs485 = settings.text("rs485");
  link.echo = yes_or_no(settings.text("echo")).value_or(false);
}

}  // namespace lintel::config
