#include "gateway/sync/verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::sync {

namespace {

using Failure = Exchange::Failure;

constexpr std::size_t kLongestQuote = 200;

/// Foreign words made fit for one line of a message.
std::string quoted(std::string_view words, const std::vector<std::string>& secrets) {
  std::string out(words);
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      out.replace(at, secret.size(), "***");
    }
  }
  out.resize(std::min(out.size(), kLongestQuote));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return out;
}

Verdict verdict(Course course, Trouble trouble, std::string message, std::string advice) {
  return {course, trouble, std::move(message), std::move(advice), std::nullopt, std::nullopt};
}

bool looks_like_html(const Exchange& exchange) {
  if (exchange.content_type.find("html") != std::string::npos) return true;
  const auto start = exchange.body.find_first_not_of(" \t\r\n");
  return start != std::string::npos && exchange.body[start] == '<';
}

Verdict of_failure(const Exchange& exchange, const std::string& url, const std::string& detail) {
  const auto unreachable = [&](std::string_view what, std::string advice) {
    return verdict(Course::back_off, Trouble::unreachable, fmt::format("{} {} ({})", url, what, detail),
                   std::move(advice));
  };
  switch (exchange.failure) {
    case Failure::stopped: return verdict(Course::stopped, Trouble::stopped, "sync was stopped", "");
    case Failure::bad_address:
      return verdict(Course::slow, Trouble::wrong_address, fmt::format("{} is no address ({})", url, detail),
                     "set [hq] url to the base address of PostgREST, like https://NAME.supabase.co/rest/v1");
    case Failure::not_http:
      return verdict(Course::back_off, Trouble::wrong_address,
                     fmt::format("something else than a web server answers at {} ({})", url, detail),
                     "check host and port in [hq] url");
    case Failure::no_name:
      return unreachable("cannot be reached: its name is not known",
                         "check the name in [hq] url, and that this network has DNS");
    case Failure::no_connection:
      return unreachable("cannot be reached: no connection",
                         "check the store's line, its firewall and the port in [hq] url");
    case Failure::timeout: {
      auto out = unreachable("did not answer in time",
                             "if this stays, the line is too thin or HQ too busy; requests are made smaller");
      out.course = Course::halve;
      return out;
    }
    case Failure::tls:
      return verdict(
          Course::back_off, Trouble::tls, fmt::format("no trusted connection to {} ({})", url, detail),
          "check this gateway's clock, and whether HQ's certificate comes from an own authority: "
          "then set [hq] ca_file; a server that asks who we are needs [hq] client_cert and client_key; a "
          "network that opens TLS shows here too");
    case Failure::too_large:
      return verdict(Course::back_off, Trouble::not_contract,
                     fmt::format("{} answered with more than a sync answer can hold", url),
                     "check that [hq] url leads to PostgREST");
    case Failure::local:
      return verdict(Course::slow, Trouble::local, fmt::format("cannot ask {}: {}", url, detail),
                     "check the files that [hq] ca_file, client_cert and client_key name");
    case Failure::cut:
    case Failure::none: break;
  }
  return unreachable("ended the connection in the middle",
                     "nothing to do if it is rare; else check the line "
                     "and any proxy on the way");
}

Verdict of_web_page(const Exchange& exchange, const std::string& url) {
  return verdict(
      Course::back_off, Trouble::captive_portal,
      fmt::format("{} answered with a web page instead of data (status {})", url, exchange.status),
      "this network shows a login page (a captive portal), a firewall stands before HQ, or [hq] url names "
      "a web site; allow this gateway through, or correct the address");
}

Verdict of_slow_line(const std::string& url, const std::string& said) {
  return verdict(Course::halve, Trouble::unreachable,
                 fmt::format("{} did not get the whole request in time ({})", url, said),
                 "if this stays, the line is too thin or a proxy before HQ waits too short; requests are "
                 "made smaller");
}

Verdict of_versions(const Refused& refused, const std::string& url, const Versions& ours) {
  const bool we = refused.code == kGatewayTooOld;
  const auto hq = refused.versions ? fmt::format("HQ understands {} to {}", refused.versions->lowest,
                                                 refused.versions->highest)
                                   : std::string("HQ does not say which it understands");
  return verdict(
      Course::slow, Trouble::version,
      fmt::format("this gateway is too {} for {}: of the versions of the sync contract, {}, this gateway "
                  "{} to {}",
                  we ? "old" : "new", url, hq, ours.lowest, ours.highest),
      we ? "update this gateway (the package lintel); until then nothing is lost, and it is tried again"
         : "HQ's schema has to be updated (sqitch deploy); until then nothing is lost, and it is tried "
           "again");
}

Verdict of_success(const Exchange& exchange, const std::string& url, const std::vector<std::string>& secrets,
                   const Versions& ours) {
  auto parsed = parse_answer(exchange.body, ours);
  if (parsed.answer) {
    Verdict out;
    out.course = Course::confirmed;
    out.answer = std::move(parsed.answer);
    return out;
  }
  if (parsed.refused && (parsed.refused->code == kGatewayTooOld || parsed.refused->code == kHqTooOld)) {
    return of_versions(*parsed.refused, url, ours);
  }
  if (parsed.refused) {
    return verdict(
        Course::halve, Trouble::refused_request,
        fmt::format("{} did not understand the request: {} {}", url, quoted(parsed.refused->code, secrets),
                    quoted(parsed.refused->message, secrets)),
        "HQ's schema and this gateway do not fit each other: update the older one");
  }
  return verdict(Course::back_off, Trouble::not_contract,
                 fmt::format("the answer of {} {}", url,
                             exchange.body.empty() ? "is empty" : quoted(parsed.why_not, secrets)),
                 "check that [hq] url leads to PostgREST with Lintel's schema, and that nothing on the way "
                 "changes answers");
}

Verdict of_refused_credential(const Exchange& exchange, const std::string& said, const ErrorBody& error) {
  if (error.code == "PGRST301" || error.code == "PGRST303") {
    return verdict(
        Course::renew, Trouble::credential, fmt::format("HQ refused the credential: {}", said),
        "put a current token into [hq] credential_file; if it is current, or this gateway is enrolled, "
        "check the clocks and that PostgREST has the key that HQ's database signs with");
  }
  return verdict(Course::renew, Trouble::credential,
                 fmt::format("HQ refused access with status {}: {}", exchange.status, said),
                 "check [hq] api_key (Supabase asks for it) and [hq] credential_file");
}

Verdict of_not_found(const Exchange& exchange, const std::string& url, const std::string& said,
                     const ErrorBody& error) {
  if (error.code == "PGRST202" || error.code == "PGRST205") {
    return verdict(Course::slow, Trouble::schema_older,
                   fmt::format("HQ's database does not have the function of {}: {}", url, said),
                   "deploy Lintel's schema at HQ, or reload PostgREST's schema cache (notify pgrst, 'reload "
                   "schema')");
  }
  if (error.code.empty()) {
    return verdict(
        Course::back_off, Trouble::wrong_address,
        fmt::format("there is nothing at {} (status {}, not from PostgREST)", url, exchange.status),
        "set [hq] url to the base address of PostgREST; at Supabase it ends in /rest/v1");
  }
  return verdict(Course::back_off, Trouble::hq_error, fmt::format("HQ answered 404: {}", said),
                 "HQ's schema seems incomplete: run its deployment again");
}

Verdict of_status(const Exchange& exchange, const std::string& url, const std::string& said,
                  const ErrorBody& error) {
  const auto status = exchange.status;
  if (error.code == "57014") {
    return verdict(Course::halve, Trouble::overloaded,
                   fmt::format("HQ's database took too long over the request: {}", said),
                   "nothing: requests are made smaller; if it stays, HQ's database needs attention");
  }
  // What PostgREST makes of a replica depends on how it begins its transactions.
  if (error.code == "25006" ||
      (error.code == "0A000" && error.message.find("during recovery") != std::string::npos)) {
    return verdict(
        Course::back_off, Trouble::wrong_address,
        fmt::format("{} leads to a read replica of HQ's database, which takes no counts: {}", url, said),
        "it is tried again; HQ's proxy, or [hq] url, must lead to the PostgREST of the primary");
  }
  if (status >= 300 && status < 400) {
    return verdict(Course::back_off, Trouble::captive_portal,
                   fmt::format("{} was answered with a redirect to {}", url, shown_url(exchange.location)),
                   "redirects are not followed: this network shows a login page (a captive portal), or [hq] "
                   "url is not HQ's own address");
  }
  if (status == 408) return of_slow_line(url, said);
  if (status == 504 && error.code.empty()) {
    return verdict(
        Course::halve, Trouble::overloaded, fmt::format("a proxy before HQ gave up waiting for HQ: {}", said),
        "nothing: requests are made smaller; if it stays, HQ is down or its database needs attention");
  }
  if (status == 429 || status == 503 || status == 504) {
    return verdict(Course::back_off, Trouble::overloaded, fmt::format("HQ is busy or down: {}", said),
                   "nothing, it is tried again; if it stays, tell HQ");
  }
  if (status == 413) {
    return verdict(Course::halve, Trouble::hq_error, fmt::format("{} takes no request this large", url),
                   "requests are made smaller; the proxy before HQ should allow 1 MB");
  }
  if (status == 407) {
    return verdict(Course::back_off, Trouble::permission, "the proxy asks for a login",
                   "give it in the variable https_proxy");
  }
  // PostgREST says no in JSON.
  if (status == 403 && looks_like_html(exchange)) return of_web_page(exchange, url);
  if (status == 403 || error.code == "42501") {
    return verdict(Course::back_off, Trouble::permission, fmt::format("HQ denied the request: {}", said),
                   "the token's role may not call this function, or the gateway is revoked at HQ");
  }
  if (error.code == "PGRST106") {
    return verdict(Course::slow, Trouble::schema_older,
                   fmt::format("HQ does not expose its schema: {}", said),
                   "add \"api\" to PostgREST's exposed schemas");
  }
  return verdict(Course::back_off, Trouble::hq_error, fmt::format("HQ answered {}", said),
                 error.json ? "it is tried again; if it stays, HQ's logs tell more"
                            : "check that [hq] url leads to PostgREST");
}

Verdict of_error(const Exchange& exchange, const std::string& url, const std::vector<std::string>& secrets) {
  const auto error = parse_error_body(exchange.body);
  auto said = fmt::format("status {}", exchange.status);
  if (!error.code.empty()) said += " " + quoted(error.code, secrets);
  if (!error.message.empty()) said += ", \"" + quoted(error.message, secrets) + "\"";
  if (exchange.status == 401) return of_refused_credential(exchange, said, error);
  if (exchange.status == 404) return of_not_found(exchange, url, said, error);
  return of_status(exchange, url, said, error);
}

}  // namespace

std::optional<Verdict> judge_transport(const Exchange& exchange, const std::string& url,
                                       const std::vector<std::string>& secrets) {
  if (exchange.failure != Failure::none) {
    return of_failure(exchange, url, quoted(exchange.detail, secrets));
  }
  if (exchange.status == 200 && looks_like_html(exchange)) return of_web_page(exchange, url);
  if (exchange.status == 200) return std::nullopt;
  auto out = of_error(exchange, url, secrets);
  out.retry_after = exchange.retry_after;
  return out;
}

Verdict judge(const Exchange& exchange, const std::string& url, const std::vector<std::string>& secrets,
              const Versions& ours) {
  auto out = judge_transport(exchange, url, secrets);
  return out ? std::move(*out) : of_success(exchange, url, secrets, ours);
}

const char* to_string(Trouble trouble) {
  switch (trouble) {
    case Trouble::none: return "none";
    case Trouble::stopped: return "stopped";
    case Trouble::unreachable: return "unreachable";
    case Trouble::tls: return "tls";
    case Trouble::wrong_address: return "wrong_address";
    case Trouble::captive_portal: return "captive_portal";
    case Trouble::not_contract: return "not_contract";
    case Trouble::refused_request: return "refused_request";
    case Trouble::credential: return "credential";
    case Trouble::permission: return "permission";
    case Trouble::schema_older: return "schema_older";
    case Trouble::version: return "version";
    case Trouble::overloaded: return "overloaded";
    case Trouble::hq_error: return "hq_error";
    case Trouble::local: return "local";
    case Trouble::identity: return "identity";
  }
  return "?";
}

}  // namespace lintel::sync
