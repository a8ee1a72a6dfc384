#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/decoders/profile/profile.hpp"

namespace lintel::bridge::decoders::profile {

/// Whether the samples of a profile are decoded and compared with what they expect.
enum class Samples { run, skip };

struct Loaded {
  std::string name;                        ///< as far as it could be read, also of a broken profile
  std::unique_ptr<const Profile> profile;  ///< null: broken
  std::size_t samples = 0;                 ///< how many were run
  std::vector<std::string> problems;       ///< what a person has to change, each with its place
};

/// A profile from the text of its file, at most 256 KiB. Never throws. Problems of syntax name line and
/// column ("7:14: ..."), those of meaning a JSON pointer ("/statements/0/kind: ...").
Loaded load(std::string_view text, Samples samples);

}  // namespace lintel::bridge::decoders::profile
