#include "gateway/enrol/ask.hpp"

#include <memory>

#include <fmt/format.h>

namespace lintel::enrol {

namespace {

std::string endpoint(std::string base, Need need) {
  while (!base.empty() && base.back() == '/') base.pop_back();
  return base + (need == Need::enrol ? "/rpc/gateway_enroll_v1" : "/rpc/gateway_renew_v1");
}

std::vector<std::string> secrets_of(const Identity& identity, const World& world) {
  std::vector<std::string> out{world.api_key};
  if (identity.pending) out.insert(out.end(), {identity.pending->token, identity.pending->secret});
  if (identity.card) {
    out.insert(out.end(), {identity.card->enrolled, identity.card->secret, identity.card->next});
  }
  return out;
}

sync::Verdict not_contract(const std::string& url, const std::string& why) {
  sync::Verdict out;
  out.trouble = sync::Trouble::not_contract;
  out.message = fmt::format("the answer of {} {}", url, why);
  out.advice =
      "check that [hq] url leads to PostgREST with Lintel's schema, and that nothing on the way changes "
      "answers";
  return out;
}

}  // namespace

decltype(World::post) over_http(sync::HttpOptions options, const std::atomic<bool>& stop) {
  auto http = std::make_shared<sync::Http>(std::move(options), stop);
  return [http](const std::string& url, const std::vector<std::string>& headers, const std::string& body) {
    return http->post(url, headers, body);
  };
}

sync::Verdict local_trouble(const Error& error) {
  sync::Verdict out;
  out.course = error.kind == ErrorKind::transient ? sync::Course::back_off : sync::Course::slow;
  out.trouble = sync::Trouble::local;
  out.message = error.message;
  return out;
}

Asked ask(const IdentityFile& file, Identity& identity, Need need, const World& world) {
  const auto fresh = world.secret();
  if (!fresh) return {Outcome::unclear, local_trouble(fresh.error())};
  prepare(identity, need, *fresh);
  if (const auto kept = file.write(identity); !kept) return {Outcome::unclear, local_trouble(kept.error())};

  std::vector<std::string> headers{"Content-Type: application/json", "Accept: application/json",
                                   "Content-Profile: api"};
  if (!world.api_key.empty()) headers.push_back("apikey: " + world.api_key);
  const auto url = endpoint(world.url, need);
  const auto asked = world.now();
  const auto exchange = world.post(url, headers, body_of(identity, need));
  const auto shown = sync::shown_url(url);
  if (auto trouble = sync::judge_transport(exchange, shown, secrets_of(identity, world))) {
    return {Outcome::unclear, std::move(*trouble)};
  }
  const auto answer = parse_answer(exchange.body, need == Need::enrol);
  Asked out;
  out.outcome = take(identity, need, answer, asked);
  if (const auto* unclear = std::get_if<Unclear>(&answer)) out.why = not_contract(shown, unclear->why);
  if (const auto* refused = std::get_if<Refused>(&answer)) {
    out.why = words_for({refused->code, need == Need::enrol, ""}, refused->message);
  }
  // Where the disk refuses it, the question of before is still there and HQ answers it once more.
  if (out.outcome != Outcome::unclear) (void)!file.write(identity).has_value();
  return out;
}

}  // namespace lintel::enrol
