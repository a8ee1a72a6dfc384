#pragma once

#include <filesystem>
#include <iosfwd>

#include "gateway/config/config.hpp"

namespace lintel::cli {

/// What the card's identity says where the configuration says nothing: HQ's address, and id, name and zone of
/// the store. With [hq] credential_file nothing of it counts. What is odd about it goes to `err`.
void complete_from_identity(config::Config& config, std::ostream& err);

/// An enrolment token for a gateway without a screen: beside the configuration. Empty without a
/// configuration.
std::filesystem::path enrolment_token_file(const config::Config& config);

}  // namespace lintel::cli
