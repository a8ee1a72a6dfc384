#include <algorithm>
#include <ostream>
#include <vector>

#include "gateway/cli/decode.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/profiles.hpp"

namespace lintel::cli {

namespace {

/// The first word that names a profile by its file.
std::vector<std::string>::iterator profile_among(std::vector<std::string>& words) {
  const auto first = std::find_if(words.begin(), words.end(),
                                  [](const std::string& word) { return !word.starts_with("-"); });
  return first != words.end() && first->ends_with(".json") ? first : words.end();
}

}  // namespace

int decode(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> words(args.begin(), args.end());
  const auto options = take_configuration_options(words);
  if (!options) return refuse(options.error(), err);
  const auto profile = profile_among(words);
  if (profile == words.end()) return decode(words, *decoders_in_force(*options, err).registry, out, err);

  auto checked = check_profile(*profile);
  for (const std::string& complaint : complaints(checked.file)) err << complaint << '\n';
  if (!checked.decoder) return kUsage;
  *profile = checked.decoder->name();
  bridge::decoders::Registry only;
  only.add(std::move(checked.decoder));
  return decode(words, only, out, err);
}

}  // namespace lintel::cli
