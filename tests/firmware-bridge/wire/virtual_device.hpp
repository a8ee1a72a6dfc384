#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/firmware-bridge/wire/device.h"

namespace lintel::test {

/// The firmware's side of the wire. Its memory may survive a reset, as FRAM does.
class VirtualDevice {
 public:
  /// Memory holds what it held by chance at the first start.
  explicit VirtualDevice(bool keeps, std::uint32_t run, std::uint32_t now = 0)
      : keeps_(keeps), device_(device_size()), memory_(device_memory_size()) {
    start(run, now);
  }

  void reset(std::uint32_t run, std::uint32_t now) {
    if (!keeps_) std::fill(memory_.begin(), memory_.end(), std::uint8_t{0xa5});
    start(run, now);
  }
  /// Damages a byte of its memory.
  void damage(std::size_t at, std::uint8_t with) { memory_.at(at) ^= with; }

  void event(std::uint8_t line, std::uint32_t in, std::uint32_t out, std::uint32_t now) {
    device_event(device_.data(), line, in, out, now);
  }
  void total(std::uint8_t line, std::uint32_t in) { device_total(device_.data(), line, in, 0); }
  void health(std::uint32_t uptime, std::uint16_t supply, std::uint8_t battery, std::uint16_t faults) {
    device_health(device_.data(), uptime, supply, battery, faults);
  }
  void receive(std::string_view bytes, std::uint32_t now) {
    for (const char c : bytes) device_receive(device_.data(), static_cast<std::uint8_t>(c), now);
  }
  /// The next packet it sends; empty if none.
  std::string next(std::uint32_t now) {
    std::string packet(kDevicePacket, '\0');
    packet.resize(device_next(device_.data(), reinterpret_cast<std::uint8_t*>(packet.data()), now));
    return packet;
  }
  /// All it sends at this moment.
  std::string output(std::uint32_t now) {
    std::string all;
    for (auto packet = next(now); !packet.empty(); packet = next(now)) all += packet;
    return all;
  }

  [[nodiscard]] bool keeps() const { return keeps_; }
  [[nodiscard]] unsigned waiting() const { return device_waiting(device_.data()); }
  [[nodiscard]] std::uint32_t acknowledged() const { return device_acknowledged(device_.data()); }
  [[nodiscard]] std::uint32_t people(std::uint32_t number) const {
    return device_people(device_.data(), number);
  }
  [[nodiscard]] std::uint32_t run() const { return device_run(device_.data()); }
  [[nodiscard]] std::uint32_t merged() const { return device_merged(device_.data()); }
  [[nodiscard]] std::uint32_t lost() const { return device_lost(device_.data()); }
  [[nodiscard]] std::uint64_t utc(std::uint32_t now) const { return device_utc(device_.data(), now); }

 private:
  void start(std::uint32_t run, std::uint32_t now) { device_start(device_.data(), memory_.data(), run, now); }

  bool keeps_;
  std::vector<std::uint8_t> device_;  // allocated by operator new: aligned for what it holds
  std::vector<std::uint8_t> memory_;
};

}  // namespace lintel::test
