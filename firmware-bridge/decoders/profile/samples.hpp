#pragma once

#include "firmware-bridge/decoders/profile/fields.hpp"
#include "firmware-bridge/decoders/profile/profile.hpp"

namespace lintel::bridge::decoders::profile {

/// Decodes the samples that a profile carries, at most 100, and tells of every difference between what they
/// expect and what came out. How many were run.
std::size_t run_samples(const Profile& profile, const Json& document, Problems& problems);

}  // namespace lintel::bridge::decoders::profile
