#pragma once

#include <string>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::test {

/// What must hold of anything a decoder says, whatever bytes it was given: the first promise that `decoded`
/// breaks, as a sentence; empty when it keeps them all.
std::string broken_promise(const bridge::Decoded& decoded);

/// The same for what a decoder keeps from frame to frame.
std::string broken_promise(const bridge::DecodeSession& session);

}  // namespace lintel::test
