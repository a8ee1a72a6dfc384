#pragma once

#include <filesystem>

namespace lintel::config {

/// What the name of a device leads to now: several names, as those in /dev/serial, may lead to one port.
/// Links are followed also where the device itself is not plugged in.
std::filesystem::path port_of(const std::filesystem::path& device);

}  // namespace lintel::config
