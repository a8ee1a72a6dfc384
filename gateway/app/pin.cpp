#include "gateway/app/pin.hpp"

#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/links/device_key.hpp"
#include "gateway/cli/outcome.hpp"

namespace lintel::app {

namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

int pin(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const bool as_json = std::erase(rest, "--json") > 0;
  if (rest.size() != 1 || !rest.front().starts_with("https://")) {
    return cli::refuse(
        {ErrorKind::misconfigured, "pin takes one URL, for example: lintel pin https://192.168.1.20"}, err);
  }
  const auto key = bridge::links::look_at_key(rest.front(), kPatience);
  if (!key) return cli::refuse(key.error(), err);
  if (as_json) {
    out << nlohmann::json{{"url", rest.front()},
                          {"subject", key->subject},
                          {"valid_until", key->valid_until},
                          {"fingerprint", key->fingerprint},
                          {"pin", key->pin}}
               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
        << '\n';
    return cli::kOk;
  }
  out << fmt::format(
      "# certificate of {}\n# subject      {}\n# valid until  {}\n# fingerprint  {}\n"
      "# Compare the fingerprint with the one that the device itself shows.\npin = {}\n",
      rest.front(), key->subject, key->valid_until, key->fingerprint, key->pin);
  return cli::kOk;
}

}  // namespace lintel::app
