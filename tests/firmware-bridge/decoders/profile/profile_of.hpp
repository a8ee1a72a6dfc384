#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/decoders/profile/load.hpp"

namespace lintel::test {

/// The problems of a profile that consists of these members beside name, summary and source; samples are not
/// run. `members` is JSON without the outer braces.
std::vector<std::string> problems_of(std::string_view members);

/// The decoder of such a profile; fails the running test when it has problems.
std::unique_ptr<const bridge::decoders::profile::Profile> profile_of(std::string_view members);

/// What came out, a line each as test::describe has it; `payload` and `topic` as received.
std::vector<std::string> decoded(const bridge::Decoder& decoder, std::string_view payload,
                                 std::string_view topic = {}, const bridge::DecodeSettings& settings = {});

}  // namespace lintel::test
