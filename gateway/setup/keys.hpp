#pragma once

#include <span>

#include "gateway/config/keys.hpp"

namespace lintel::setup {

/// What a setup file states beside gateway.conf, links and sensors.
std::span<const config::Key> setup_keys();

}  // namespace lintel::setup
