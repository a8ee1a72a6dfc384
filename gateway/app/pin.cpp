#include "gateway/app/pin.hpp"

#include <ostream>

#include <fmt/format.h>

#include "firmware-bridge/links/device_key.hpp"
#include "gateway/cli/outcome.hpp"

namespace lintel::app {

namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

int pin(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  if (args.size() != 1 || !args.front().starts_with("https://")) {
    return cli::refuse(
        {ErrorKind::misconfigured, "pin takes one URL, for example: lintel pin https://192.168.1.20"}, err);
  }
  const auto key = bridge::links::look_at_key(args.front(), kPatience);
  if (!key) return cli::refuse(key.error(), err);
  out << fmt::format(
      "# certificate of {}\n# subject      {}\n# valid until  {}\n# fingerprint  {}\n"
      "# Compare the fingerprint with the one that the device itself shows.\npin = {}\n",
      args.front(), key->subject, key->valid_until, key->fingerprint, key->pin);
  return cli::kOk;
}

}  // namespace lintel::app
