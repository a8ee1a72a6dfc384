#pragma once

#include "firmware-bridge/decoders/profile/fields.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"

namespace lintel::bridge::decoders::profile {

/// The compiled form of a profile. Everything that is wrong with it goes to `problems`; the form is only of
/// use while there are none.
Form compile(const Json& profile, Problems& problems);

}  // namespace lintel::bridge::decoders::profile
