#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::test::truth {

/// The simulated devices' format: a word for the kind, then key=value, separated by spaces (see device.cpp).
const bridge::Decoder& text_decoder();

}  // namespace lintel::test::truth
