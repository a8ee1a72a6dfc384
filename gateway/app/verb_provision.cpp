#include "gateway/app/verb_provision.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <ostream>
#include <vector>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/app/verb_setup.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/clock/machine.hpp"
#include "gateway/config/values.hpp"
#include "gateway/enrol/ask.hpp"
#include "gateway/enrol/secret.hpp"
#include "gateway/status/control.hpp"
#include "gateway/sync/web_time.hpp"

namespace lintel::app {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::string_view kOptions[] = {"--config", "--set", "--json", "--url", "--token-file", "--status"};
constexpr auto kPatience = 10s;
constexpr auto kAnswerWithin = 2s;
constexpr std::size_t kLongestLine = 4096;

const std::atomic<bool> kNever{false};

struct Context {
  const config::Config& config;
  bool as_json;
  std::ostream& out;
  std::ostream& err;
};

enrol::Moment moment() {
  return {clock::boot_id(), clock::boot_now()};
}

/// Does not show what is typed.
class Unseen {
 public:
  Unseen() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = changed_ && ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_;
};

std::string line_of_input() {
  std::string line;
  for (char c = 0; line.size() < kLongestLine && std::cin.get(c) && c != '\n';) line += c;
  return line;
}

Result<std::string> token_text(const std::optional<std::string>& file, std::ostream& err) {
  if (file && *file != "-") {
    auto text = enrol::read_token_file(*file);
    if (!text) return tl::unexpected(text.error());
    if (*text) return std::move(**text);
    return fail(ErrorKind::misconfigured, fmt::format("--token-file {}: there is no such file{}", *file,
                                                      cli::did_you_mean_file(*file)));
  }
  if (::isatty(STDIN_FILENO) != 1) return line_of_input();
  err << "Enrolment token from HQ (it is not shown): " << std::flush;
  auto line = [] {
    const Unseen unseen;
    return line_of_input();
  }();
  err << '\n';
  return line;
}

/// HQ's address: told here, or by the configuration, which must not say another one.
Result<std::string> address(const Context& context, const std::optional<std::string>& told) {
  const auto& configured = context.config.hq_url;
  if (!told && configured.empty()) {
    return fail(ErrorKind::misconfigured, "where is HQ? Say --url URL, or [hq] url in gateway.conf");
  }
  if (!told) return configured;
  const auto url = config::http_url(*told);
  if (!url)
    return fail(ErrorKind::misconfigured, fmt::format("--url {}: {}", sync::shown_url(*told), url.error()));
  const auto place = context.config.origins.find("hq.url");
  if (place == context.config.origins.end() || configured.empty() || *url == configured) return *url;
  return fail(ErrorKind::misconfigured, fmt::format("{}: [hq] url says {}, which holds: change it there",
                                                    place->second, sync::shown_url(configured)));
}

sync::HttpOptions http_options(const config::Config& config, const std::string& url) {
  sync::HttpOptions options;
  options.ca_file = config.hq_ca_file;
  options.client_cert = config.hq_client_cert;
  options.client_key = config.hq_client_key;
  // A board without a clock chip may believe that it is 1970, when no certificate is valid.
  if (!url.starts_with("https://") || clock::sample_machine().synchronised) return options;
  const auto told = sync::ask_time(url, options, clock::build_date(), clock::boot_now, kNever);
  if (!told) return options;
  options.verify_at = [at = *told]() -> std::optional<UtcMs> {
    return at.time + std::chrono::floor<Millis>(clock::boot_now() - at.at);
  };
  return options;
}

/// A damaged identity is put aside: the card is enrolled anew.
Result<enrol::Identity> read_or_begin(const enrol::IdentityFile& file, std::ostream& err) {
  auto identity = file.read();
  if (identity || identity.error().kind != ErrorKind::corrupt) return identity;
  const auto aside = file.set_aside();
  if (!aside) return tl::unexpected(aside.error());
  err << fmt::format("note: the identity was damaged; it was kept as {}\n", aside->string());
  return enrol::Identity{};
}

Error error_of(const enrol::Asked& asked) {
  const auto text = asked.why.advice.empty() ? asked.why.message
                                             : fmt::format("{}; {}", asked.why.message, asked.why.advice);
  if (asked.outcome == enrol::Outcome::refused) return {ErrorKind::rejected, text};
  if (asked.why.trouble == sync::Trouble::wrong_address) return {ErrorKind::misconfigured, text};
  if (asked.why.trouble == sync::Trouble::local) return {ErrorKind::rejected, text};
  return {ErrorKind::transient,
          text + ". The token is kept: the gateway goes on trying when it runs, or run this again"};
}

struct Daemon {
  bool running = false;
  bool knows_hq = false;
};

/// Has a running gateway look at its new identity.
Daemon wake(const config::Config& config) {
  const auto control = status::control_path(config.state_dir);
  const auto facts = status::ask(control, {{"verb", "status"}}, kAnswerWithin);
  if (!facts) return {};
  const auto hq = facts->value("hq", json::object());
  (void)status::ask(control, {{"verb", "sync-now"}}, kAnswerWithin);
  return {true, hq.value("configured", false)};
}

std::string what_follows(const enrol::Identity& identity, const Daemon& daemon) {
  if (!daemon.running) return "Start the gateway: systemctl start lintel";
  if (!identity.moved_from.empty()) {
    return "This card was another store's. Restart the gateway (systemctl restart lintel): it puts the old "
           "database aside and begins a new one.";
  }
  if (!daemon.knows_hq)
    return "Restart the gateway, which did not know HQ's address: systemctl restart lintel";
  return "The running gateway sends from now on; `lintel sync` shows it.";
}

int tell(const Context& context, const enrol::Identity& identity, const std::string& url, bool before) {
  const auto daemon = wake(context.config);
  const auto& store = identity.card->store;
  const auto next = what_follows(identity, daemon);
  if (context.as_json) {
    context.out << json{{"gateway", identity.card->gateway},
                        {"store",
                         {{"id", store.id},
                          {"name", store.name},
                          {"timezone", store.timezone},
                          {"day_start_minute", store.day_start_minute}}},
                        {"url", sync::shown_url(url)},
                        {"enrolled_before", before},
                        {"running", daemon.running},
                        {"next", next}}
                       .dump(2, ' ', false, json::error_handler_t::replace)
                << '\n';
    return cli::kOk;
  }
  context.out << fmt::format("{} \"{}\" ({}).\n",
                             before
                                 ? "This card has been enrolled with this token before: it is the gateway of"
                                 : "This card is now the gateway of",
                             store.name, store.timezone)
              << fmt::format("  gateway  {}\n  store    {}\n  HQ       {}\n{}\n", identity.card->gateway,
                             store.id, sync::shown_url(url), next);
  return cli::kOk;
}

Result<int> enrol_card(const Context& context, const std::string& url, const std::string& token) {
  const enrol::IdentityFile file(context.config.state_dir);
  const auto lock = file.lock(kPatience);
  if (!lock) return tl::unexpected(lock.error());
  auto identity = read_or_begin(file, context.err);
  if (!identity) return tl::unexpected(identity.error());
  const bool known = identity->card && identity->card->token_digest == enrol::digest_of(token);
  if (known && (!identity->refusal || identity->refusal->of_enrolment)) {
    return tell(context, *identity, url, true);
  }
  const auto secret = enrol::new_secret();
  if (!secret) return tl::unexpected(secret.error());
  enrol::begin_enrolment(*identity, token, *secret, false);
  if (!context.config.origins.contains("hq.url")) identity->url = url;
  const enrol::World world{url, context.config.hq_api_key,
                           enrol::over_http(http_options(context.config, url), kNever), enrol::new_secret,
                           moment};
  const auto asked = enrol::ask(file, *identity, enrol::Need::enrol, world);
  if (asked.outcome != enrol::Outcome::granted) return tl::unexpected(error_of(asked));
  return tell(context, *identity, url, false);
}

json status_of(const enrol::Identity& identity, const std::string& url) {
  json out{{"enrolled", identity.card.has_value()},
           {"pending", identity.pending.has_value()},
           {"url", url.empty() ? json(nullptr) : json(sync::shown_url(url))},
           {"gateway", nullptr},
           {"store", nullptr},
           {"token_until", nullptr},
           {"renewal_at", nullptr},
           {"trouble", ""},
           {"advice", ""}};
  if (identity.card) {
    out["gateway"] = identity.card->gateway;
    out["store"] = {{"id", identity.card->store.id}, {"name", identity.card->store.name}};
  }
  if (const auto left = enrol::remaining(identity, moment())) {
    const auto now = machine_now();
    out["token_until"] = format_utc(now + left->life);
    out["renewal_at"] = format_utc(now + std::max(left->until_renewal, Millis{0}));
  }
  if (identity.refusal || (!identity.card && !identity.pending)) {
    const auto words = identity.refusal ? enrol::words_for(*identity.refusal) : enrol::not_enrolled();
    out["trouble"] = words.message;
    out["advice"] = words.advice;
  }
  return out;
}

void print_status(const json& it, std::ostream& out) {
  const auto text = [&](const char* key) { return it[key].is_string() ? it[key].get<std::string>() : "-"; };
  if (it["enrolled"].get<bool>()) {
    out << fmt::format("enrolled  as the gateway of \"{}\"\n", it["store"]["name"].get<std::string>())
        << fmt::format("gateway   {}\nHQ        {}\n", text("gateway"), text("url"))
        << (it["token_until"].is_null()
                ? std::string("token     none of this boot: renewed when the gateway runs\n")
                : fmt::format("token     until {}, renewed at {}\n", text("token_until"),
                              text("renewal_at")));
  }
  if (it["pending"].get<bool>()) out << "pending   an enrolment waits for HQ's answer\n";
  if (!text("trouble").empty()) {
    out << fmt::format("trouble   {}\nadvice    {}\n", text("trouble"), text("advice"));
  }
}

Result<int> show(const Context& context) {
  if (!context.config.hq_credential_file.empty()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("[hq] credential_file is set: the gateway's token comes from {}, and it does not enrol",
                    context.config.hq_credential_file.string()));
  }
  const auto identity = enrol::IdentityFile(context.config.state_dir).read();
  if (!identity) return tl::unexpected(identity.error());
  auto answer = status_of(*identity, context.config.hq_url);
  // What the running gateway met last is not all in the file.
  const auto facts =
      status::ask(status::control_path(context.config.state_dir), {{"verb", "status"}}, kAnswerWithin);
  if (facts && (*facts)["hq"]["card"].is_object()) {
    const auto& card = (*facts)["hq"]["card"];
    for (const auto* key : {"token_until", "renewal_at"}) answer[key] = card[key];
    if (!card.value("trouble", "").empty()) {
      for (const auto* key : {"trouble", "advice"}) answer[key] = card[key];
    }
  }
  if (context.as_json) {
    context.out << answer.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    print_status(answer, context.out);
  }
  const bool good = answer["enrolled"].get<bool>() && answer["trouble"].get<std::string>().empty();
  return good ? cli::kOk : cli::kProblem;
}

Result<int> run(const config::Config& config, std::vector<std::string> rest, std::ostream& out,
                std::ostream& err) {
  const Context context{config, std::erase(rest, "--json") > 0, out, err};
  for (const auto& word : rest) {
    if (word != "--token" && !word.starts_with("--token=")) continue;
    return fail(
        ErrorKind::misconfigured,
        "a token on the command line is seen by every user of this machine and kept by the shell: give "
        "it with --token-file FILE, or through a pipe, or when it is asked for");
  }
  const auto url = take_option(rest, "--url"), token_file = take_option(rest, "--token-file");
  if (!url) return tl::unexpected(url.error());
  if (!token_file) return tl::unexpected(token_file.error());
  const bool status = std::erase(rest, "--status") > 0;
  if (!rest.empty()) return tl::unexpected(cli::unexpected_argument(rest.front(), kOptions));
  if (status) return show(context);
  if (!config.hq_credential_file.empty()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("[hq] credential_file is set, and with it the gateway uses the token in {}: take the "
                    "line away to enrol",
                    config.hq_credential_file.string()));
  }
  const auto where = address(context, *url);
  if (!where) return tl::unexpected(where.error());
  const auto text = token_text(*token_file, err);
  if (!text) return tl::unexpected(text.error());
  const auto token = enrol::parse_enrolment_token(*text);
  if (!token) return tl::unexpected(token.error());
  return enrol_card(context, *where, *token);
}

}  // namespace

int provision(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  if (!args.empty() && args.front() == "image") return provision_image(args.subspan(1), out, err);
  if (!args.empty() && args.front() == "take") return provision_take(args.subspan(1), out, err);
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const auto code = run(*config, std::move(rest), out, err);
  return code ? *code : cli::refuse(code.error(), err);
}

}  // namespace lintel::app
