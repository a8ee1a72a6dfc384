#pragma once

#include <algorithm>
#include <string_view>

#include "firmware-bridge/core/time.hpp"

namespace lintel::app {

/// A boot's number as the database keeps it: a blob of 16 bytes.
inline std::string_view bytes_of(const BootId& boot) {
  return {reinterpret_cast<const char*>(boot.data()), boot.size()};
}

/// The same back; what is missing at the end is zeros.
inline BootId boot_from(std::string_view bytes) {
  BootId boot{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), boot.size()), boot.begin());
  return boot;
}

}  // namespace lintel::app
