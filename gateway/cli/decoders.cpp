#include "gateway/cli/decoders.hpp"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"

namespace lintel::cli {

int decoders(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  if (!args.empty()) return refuse(unexpected_argument(args.front(), {}), err);
  std::size_t width = 0;
  for (const auto& decoder : bridge::decoders::Registry::built_in().all())
    width = std::max(width, decoder->name().size());
  for (const auto& decoder : bridge::decoders::Registry::built_in().all()) {
    out << fmt::format("{:<{}}  {}\n", decoder->name(), width, decoder->summary());
  }
  return kOk;
}

}  // namespace lintel::cli
