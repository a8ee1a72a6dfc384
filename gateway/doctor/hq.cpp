// The way to HQ, step by step: name, connection, trust, PostgREST, and what it thinks of this card.
#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "gateway/doctor/examination.hpp"
#include "gateway/enrol/identity_file.hpp"
#include "gateway/enrol/steps.hpp"
#include "gateway/health/words.hpp"
#include "gateway/sync/credential.hpp"

namespace lintel::doctor {

namespace {

using nlohmann::json;
using Step = sync::Look::Step;

constexpr auto kSoon = std::chrono::days{14};

std::string day(const std::optional<UtcMs>& at) {
  return at ? format_utc(*at).substr(0, 10) : "?";
}

std::string certificate_of(const sync::Look& look) {
  return fmt::format("certificate \"{}\" by \"{}\", valid {} to {}", look.subject, look.issuer,
                     day(look.valid_from), day(look.valid_until));
}

const char* advice_for_distrust(const sync::Look& look, UtcMs now) {
  if (look.subject.empty()) {
    return "Does this port speak TLS? Something on the way may cut it; check the files that [hq] ca_file, "
           "client_cert "
           "and client_key name.";
  }
  if (look.valid_until && *look.valid_until < now)
    return "HQ has to renew its certificate, unless this gateway's clock is wrong: see clock.";
  if (look.valid_from && *look.valid_from > now)
    return "This gateway's clock is behind: see clock. Else HQ's certificate is from the future.";
  if (look.detail.find("match") != std::string::npos)
    return "The certificate is for another name than [hq] url has: correct the url, or HQ's certificate.";
  return "If HQ's certificate comes from an own authority, name it with [hq] ca_file. Otherwise somebody on "
         "the way "
         "opens TLS: ask who runs this network.";
}

/// The end of a JWT's life: its claim `exp`.
std::optional<UtcMs> end_of(const std::string& jwt) {
  const auto first = jwt.find('.'), second = jwt.find('.', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  std::string bytes;
  unsigned collected = 0;
  int bits = 0;
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const char c : jwt.substr(first + 1, second - first - 1)) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    collected = (collected << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    if ((bits += 6) < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(collected >> bits & 0xFF);
  }
  const auto claims = json::parse(bytes, nullptr, false);
  if (!claims.is_object() || !claims.contains("exp") || !claims["exp"].is_number()) return std::nullopt;
  return utc_ms(static_cast<std::int64_t>(claims["exp"].get<double>()) * 1000);
}

/// A token, or why there is none to try.
struct Card {
  std::string token;
  std::string text;           ///< what is known of it
  std::optional<Check> said;  ///< it needs no question to HQ
};

Card from_file(Examination& it) {
  Card card;
  const auto& file = it.config().hq_credential_file;
  const auto token = sync::read_credential(file);
  if (!token) {
    card.said =
        Check{"credential", Outcome::problem, token.error().message,
              "Put a token that HQ minted for this gateway into that file, or take the line away and enrol "
              "with `lintel provision`."};
    return card;
  }
  card.token = *token;
  card.text = fmt::format("the token in {}", file.string());
  const auto end = end_of(*token);
  if (!end) return card;
  const auto left = *end - it.now();
  card.text += left < Millis{0} ? " expired " + format_utc(*end) : " expires " + format_utc(*end);
  if (left >= Millis{0}) return card;
  card.said =
      Check{"credential", Outcome::problem, card.text,
            "Put a new one there; without [hq] credential_file the gateway enrols and renews by itself."};
  return card;
}

Card from_identity(Examination& it) {
  Card card;
  const auto identity = enrol::IdentityFile(it.config().state_dir).read();
  if (!identity) {
    const bool hidden = identity.error().kind == ErrorKind::misconfigured;
    card.said = Check{"credential", hidden ? Outcome::skipped : Outcome::problem, identity.error().message,
                      hidden ? "" : "Ask HQ for an enrolment token and run `lintel provision`."};
    return card;
  }
  if (identity->refusal) {
    const auto words = enrol::words_for(*identity->refusal);
    card.said = Check{"credential", Outcome::problem, words.message, words.advice};
    return card;
  }
  if (!identity->card) {
    const auto words = enrol::not_enrolled();
    card.said = identity->pending
                    ? Check{"credential", Outcome::attention, "an enrolment waits for HQ's answer",
                            "The running gateway goes on trying; see hq."}
                    : Check{"credential", Outcome::problem, words.message, words.advice};
    return card;
  }
  card.text = fmt::format("enrolled as the gateway of \"{}\"", identity->card->store.name);
  const enrol::Moment moment{clock::boot_id(), clock::boot_now()};
  const auto left = enrol::remaining(*identity, moment);
  if (left) card.text += ", the token lasts " + health::in_words(std::max(left->life, Millis{0}));
  if (enrol::usable(*identity, moment)) {
    card.token = identity->token->jwt;
    return card;
  }
  const bool runs = it.running();
  card.said = Check{"credential", runs ? Outcome::attention : Outcome::ok,
                    card.text + ", there is no token that is good now; the gateway renews it when it runs",
                    runs ? "See hq: the running gateway has not been able to renew it yet." : ""};
  return card;
}

/// Trouble that the running gateway has with its card, which is not all in the file.
std::optional<Check> trouble_of_daemon(Examination& it) {
  if (!it.running()) return std::nullopt;
  const auto hq = it.facts()->value("hq", json::object());
  const auto card = hq.find("card");
  if (card == hq.end() || !card->is_object()) return std::nullopt;
  const auto trouble = card->value("trouble", std::string());
  if (trouble.empty()) return std::nullopt;
  return Check{"credential", Outcome::problem, trouble, card->value("advice", std::string())};
}

Check ask_about(Examination& it, const Card& card) {
  if (const auto why = it.why_no_hq(); !why.empty())
    return {"credential", Outcome::ok, card.text + "; HQ was not asked, because " + why, ""};
  if (it.hq_trouble())
    return {"credential", Outcome::ok,
            card.text + "; HQ was not asked, because it does not answer as it should", ""};
  const auto answer = it.ask_hq(card.token);
  const auto trouble = sync::judge_transport(answer, sync::shown_url(it.config().hq_url),
                                             {card.token, it.config().hq_api_key});
  if (!trouble) return {"credential", Outcome::ok, card.text + "; HQ takes it", ""};
  const bool about_it =
      trouble->trouble == sync::Trouble::credential || trouble->trouble == sync::Trouble::permission;
  return {"credential", about_it ? Outcome::problem : Outcome::attention, card.text + "; " + trouble->message,
          trouble->advice};
}

bool skipped_without_connection(Examination& it, const char* name, const Tell& tell) {
  const auto why = it.why_no_hq();
  if (why.empty()) return false;
  tell({name, Outcome::skipped, why, ""});
  return true;
}

}  // namespace

void check_dns(Examination& it, const Tell& tell) {
  if (it.config().hq_url.empty()) return tell({"dns", Outcome::skipped, it.why_no_hq(), ""});
  const auto host = sync::host_of(it.config().hq_url);
  const auto& look = it.hq();
  if (look.failed == Step::address || look.failed == Step::name) {
    tell({"dns", Outcome::problem, fmt::format("the name {} is not known here ({})", host, look.detail),
          "Check the name in [hq] url. If other names are unknown too (getent hosts debian.org), this "
          "network has no "
          "DNS: check cable, DHCP and /etc/resolv.conf."});
    return;
  }
  tell({"dns", Outcome::ok,
        look.literal      ? fmt::format("{} is an address, no name to look up", host)
        : look.ip.empty() ? fmt::format("{} is known", host)
                          : fmt::format("{} is {}", host, look.ip),
        ""});
}

void check_tls(Examination& it, const Tell& tell) {
  if (it.config().hq_url.empty()) return tell({"tls", Outcome::skipped, it.why_no_hq(), ""});
  const auto& look = it.hq();
  const auto url = sync::shown_url(it.config().hq_url);
  switch (look.failed) {
    case Step::address:
    case Step::name: return tell({"tls", Outcome::skipped, it.why_no_hq(), ""});
    case Step::connection:
      tell({"tls", Outcome::problem, fmt::format("no connection to {} ({})", url, look.detail),
            "Check the store's line, its firewall and the port in [hq] url. Nothing is lost meanwhile."});
      return;
    case Step::trust:
      tell({"tls", Outcome::problem,
            fmt::format("no trusted connection to {}: {}{}", url, look.detail,
                        look.subject.empty() ? "" : "; " + certificate_of(look)),
            advice_for_distrust(look, it.now())});
      return;
    case Step::none: break;
  }
  if (!look.tls) {
    tell({"tls", Outcome::attention, fmt::format("{} is reached ({}), without TLS", url, look.ip),
          "Everybody on the way can read and change what is sent: use https:// unless HQ is on this "
          "machine."});
    return;
  }
  if (look.valid_until && *look.valid_until - it.now() < kSoon) {
    tell({"tls", Outcome::attention,
          fmt::format("{} is reached ({}), {}", url, look.ip, certificate_of(look)),
          "HQ's certificate ends soon: tell HQ."});
    return;
  }
  tell({"tls", Outcome::ok, fmt::format("{} is reached ({}), {}", url, look.ip, certificate_of(look)), ""});
}

void check_hq(Examination& it, const Tell& tell) {
  if (skipped_without_connection(it, "hq", tell)) return;
  if (const auto& trouble = it.hq_trouble()) {
    const bool mute = trouble->trouble == sync::Trouble::unreachable;
    tell({"hq", Outcome::problem, trouble->message,
          mute ? "HQ, or a proxy before it, is busy or stuck: ask HQ. Nothing is lost meanwhile."
               : trouble->advice});
    return;
  }
  tell({"hq", Outcome::ok,
        fmt::format("{} answers as PostgREST with Lintel's schema", sync::shown_url(it.config().hq_url)),
        ""});
}

void check_credential(Examination& it, const Tell& tell) {
  if (it.config().hq_url.empty()) return tell({"credential", Outcome::skipped, it.why_no_hq(), ""});
  const bool file = !it.config().hq_credential_file.empty();
  const auto card = file ? from_file(it) : from_identity(it);
  // A refusal on disk says more than the daemon's latest trouble; anything else less.
  const bool final = card.said && card.said->outcome == Outcome::problem;
  const auto trouble = file || final ? std::nullopt : trouble_of_daemon(it);
  tell(trouble ? *trouble : card.said ? *card.said : ask_about(it, card));
}

}  // namespace lintel::doctor
