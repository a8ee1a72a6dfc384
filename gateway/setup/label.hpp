#pragma once

#include <string>

#include "firmware-bridge/core/result.hpp"

namespace lintel::setup {

/// What stands on the box.
struct Label {
  std::string store;  ///< what people call it; may be empty
  std::string url;    ///< of the gateway's page: the QR code holds it and nothing else
  std::string pin;    ///< of the page; empty: not on the label
};

/// A page of A4 as SVG with the same label twice, one for the box and one for the file, 90 by 50 mm each with
/// lines to cut along. `misconfigured` when the address is too long for a QR code.
Result<std::string> label_sheet(const Label& label);

}  // namespace lintel::setup
