#include "gateway/app/verb_setup.hpp"

#include <unistd.h>

#include <ostream>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/new_file.hpp"
#include "gateway/cli/options.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/clock/machine.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/enrol/secret.hpp"
#include "gateway/setup/compose.hpp"
#include "gateway/setup/keys.hpp"
#include "gateway/setup/label.hpp"
#include "gateway/setup/sections.hpp"
#include "gateway/setup/setup_file.hpp"
#include "gateway/setup/take.hpp"

namespace lintel::app {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kImageOptions[] = {"--out",        "--from",  "--set",
                                              "--token-file", "--label", "--json"};
constexpr std::string_view kTakeOptions[] = {"--root", "--json"};
constexpr std::size_t kPinDigits = 6;

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

struct Wanted {
  std::string out, from, token_file, label;
  std::vector<std::string> sets;
  bool as_json = false;
};

Result<Wanted> wanted_of(std::vector<std::string> words) {
  Wanted wanted;
  wanted.as_json = std::erase(words, "--json") > 0;
  for (const auto& [name, value] : {std::pair{"--out", &wanted.out},
                                    {"--from", &wanted.from},
                                    {"--token-file", &wanted.token_file},
                                    {"--label", &wanted.label}}) {
    auto taken = cli::take_option(words, name);
    if (!taken) return tl::unexpected(taken.error());
    if (*taken) *value = std::move(**taken);
  }
  while (true) {
    auto taken = cli::take_option(words, "--set");
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) break;
    wanted.sets.push_back(std::move(**taken));
  }
  if (!words.empty()) return tl::unexpected(cli::unexpected_argument(words.front(), kImageOptions));
  if (wanted.out.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("say where to: lintel provision image --out {}", setup::kFileName));
  }
  return wanted;
}

/// `--set SECTION.KEY=VALUE`. A secret does not belong onto the command line, which all users of the machine
/// see.
Result<std::string> with_sets(std::string text, const std::vector<std::string>& sets) {
  for (const auto& set : sets) {
    const auto equals = set.find('=');
    const auto name = set.substr(0, equals);
    const auto dot = name.find('.');
    if (equals == std::string::npos || dot == std::string::npos) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("--set {}: expected SECTION.KEY=VALUE, for example wifi.ssid=Shop", name));
    }
    for (const auto keys : {setup::setup_keys(), config::gateway_keys()}) {
      const auto* key = config::find_key(keys, name.substr(0, dot), name.substr(dot + 1));
      if (key == nullptr || !key->secret) continue;
      return fail(
          ErrorKind::misconfigured,
          fmt::format("--set {}: a secret on the command line is seen by every user of this machine: put "
                      "it into the file of --from{}",
                      name, name == "card.token" ? ", or give --token-file" : ""));
    }
    auto more = setup::stated(text, name, set.substr(equals + 1));
    if (!more) return more;
    text = std::move(*more);
  }
  return text;
}

std::string digits_of(const std::string& secret) {
  std::string pin;
  for (std::size_t i = 0; pin.size() < kPinDigits && i + 4 <= secret.size(); i += 4)
    pin += fmt::format("{}", std::stoul(secret.substr(i, 4), nullptr, 16) % 10);
  return pin;
}

/// What nobody has stated and every gateway needs: a PIN, and a name of its own.
Result<std::string> completed(std::string text) {
  const auto secret = enrol::new_secret();
  if (!secret) return tl::unexpected(secret.error());
  for (const auto& [name, value] :
       {std::pair{"card.pin", digits_of(*secret)}, {"card.hostname", "lintel-" + secret->substr(58)}}) {
    if (!setup::value_of(text, name).empty()) continue;
    auto more = setup::stated(text, name, value);
    if (!more) return more;
    text = std::move(*more);
  }
  return text;
}

Result<std::string> composed(const Wanted& wanted) {
  std::string text(setup::blank());
  if (!wanted.from.empty()) {
    auto read = config::read_text(wanted.from);
    if (!read) {
      return fail(ErrorKind::misconfigured, fmt::format("--from {}: {}{}", wanted.from, read.error(),
                                                        cli::did_you_mean_file(wanted.from)));
    }
    text = std::move(read->text);
  }
  auto more = with_sets(std::move(text), wanted.sets);
  if (!more) return more;
  text = std::move(*more);
  if (!wanted.token_file.empty()) {
    const auto token = config::read_text(wanted.token_file);
    if (!token)
      return fail(ErrorKind::misconfigured,
                  fmt::format("--token-file {}: {}", wanted.token_file, token.error()));
    const auto parsed = enrol::parse_enrolment_token(token->text);
    if (!parsed) return tl::unexpected(parsed.error());
    auto with_token = setup::stated(text, "card.token", *parsed);
    if (!with_token) return with_token;
    text = std::move(*with_token);
  }
  return completed(std::move(text));
}

/// Of the page: at the usual port, unless the file states another one.
std::string address_of(const std::string& text) {
  const auto listen = setup::value_of(text, "status.listen");
  const auto colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::string("80") : listen.substr(colon + 1);
  return fmt::format("http://{}.local{}/", setup::value_of(text, "card.hostname"),
                     port == "80" ? "" : ":" + port);
}

Result<json> make_image(const Wanted& wanted) {
  const auto text = composed(wanted);
  if (!text) return tl::unexpected(text.error());
  const auto folder = wanted.from.empty() ? fs::path(".") : fs::path(wanted.from).parent_path();
  const auto checked = setup::read_setup(*text, folder, "/nonexistent", cli::vocabulary());
  if (!checked) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the gateway would not take it:\n{}", checked.error().message));
  }
  const auto url = address_of(*text), pin = setup::value_of(*text, "card.pin");
  const auto sheet = setup::label_sheet({setup::value_of(*text, "store.name"), url, pin});
  if (!sheet) return tl::unexpected(sheet.error());
  if (auto written = cli::write_new(wanted.out, *text); !written) return tl::unexpected(written.error());
  if (!wanted.label.empty()) {
    if (auto written = cli::write_new(wanted.label, *sheet); !written) {
      ::unlink(wanted.out.c_str());
      return tl::unexpected(written.error());
    }
  }
  return json{{"file", wanted.out},
              {"label", wanted.label.empty() ? json(nullptr) : json(wanted.label)},
              {"hostname", checked->network.hostname},
              {"page", url},
              {"token", !checked->token.empty()},
              {"warnings", checked->warnings},
              {"beside", checked->named_files}};
}

void tell(const json& made, std::ostream& out, std::ostream& err) {
  for (const auto& warning : made["warnings"])
    err << fmt::format("warning: {}\n", warning.get<std::string>());
  const auto file = made["file"].get<std::string>();
  out << fmt::format("{} is for one card: the gateway {}.\n", file, made["hostname"].get<std::string>());
  if (fs::path(file).filename() != setup::kFileName)
    out << fmt::format("On the card it has to be called {}.\n", setup::kFileName);
  for (const auto& name : made["beside"])
    out << fmt::format("Beside it belongs {}.\n", name.get<std::string>());
  if (!made["token"].get<bool>())
    out << "It holds no enrolment token: the gateway will count, and not send to HQ.\n";
  out << fmt::format("Its page will be {}\n", made["page"].get<std::string>());
  if (made["label"].is_string())
    out << fmt::format("{} is the label for its box, with the PIN.\n", made["label"].get<std::string>());
}

}  // namespace

int provision_image(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  const auto wanted = wanted_of({args.begin(), args.end()});
  if (!wanted) return cli::refuse(wanted.error(), err);
  const auto made = make_image(*wanted);
  if (!made) return cli::refuse(made.error(), err);
  if (wanted->as_json) {
    out << dump(*made);
  } else {
    tell(*made, out, err);
  }
  return cli::kOk;
}

int provision_take(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> words(args.begin(), args.end());
  const bool as_json = std::erase(words, "--json") > 0;
  const auto root = cli::take_option(words, "--root");
  if (!root) return cli::refuse(root.error(), err);
  if (words.size() > 1) return cli::refuse(cli::unexpected_argument(words[1], kTakeOptions), err);
  if (words.empty() || words.front().starts_with('-')) {
    return cli::refuse(
        {ErrorKind::misconfigured, fmt::format("say where {} lies, for example: lintel provision "
                                               "take /boot/firmware",
                                               setup::kFileName)},
        err);
  }
  setup::TakeOptions options;
  options.folder = words.front();
  if (*root) options.root = **root;
  options.now = clock::sample_machine().wall;
  const auto taken = setup::take(options, cli::vocabulary());
  if (!taken) return cli::refuse(taken.error(), err);
  if (as_json) {
    out << dump({{"there", taken->there},
                 {"network", taken->network},
                 {"written", taken->done},
                 {"warnings", taken->warnings}});
    return cli::kOk;
  }
  for (const auto& warning : taken->warnings) err << fmt::format("warning: {}\n", warning);
  if (!taken->there) {
    out << fmt::format("There is no {} in {}: nothing to take.\n", setup::kFileName, options.folder.string());
    return cli::kOk;
  }
  for (const auto& line : taken->done) out << fmt::format("wrote {}\n", line);
  if (taken->network) out << "The network is another one from the next start on.\n";
  return cli::kOk;
}

}  // namespace lintel::app
