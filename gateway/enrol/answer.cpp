#include "gateway/enrol/answer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::enrol {

namespace {

using nlohmann::json;

constexpr std::int64_t kLongestLife = 86'400;
constexpr std::size_t kLongestJwt = 16'384;
constexpr std::size_t kLongestWords = 300;

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-'
               : std::string_view("0123456789abcdef").find(text[i]) == std::string_view::npos)
      return false;
  }
  return true;
}

/// Fit for an HTTP header.
bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Answer granted(const json& all, bool of_enrolment) {
  Granted out;
  out.jwt = all.at("jwt");
  out.life = std::chrono::seconds{all.at("expires_in").get<std::int64_t>()};
  out.time = utc_ms(all.at("time").get<std::int64_t>());
  if (!is_plain(out.jwt) || out.jwt.size() > kLongestJwt) return Unclear{"has no token"};
  if (out.life.count() <= 0 || out.life.count() > kLongestLife) return Unclear{"has a token of no sane life"};
  if (!of_enrolment) return out;
  const auto& store = all.at("store");
  out.gateway = all.at("gateway");
  out.store = {store.at("id"), store.at("name"), store.at("timezone"), store.at("day_start_minute")};
  if (is_uuid(out.gateway) && is_uuid(out.store.id)) return out;
  return Unclear{"names no gateway and store"};
}

struct Words {
  std::string_view code;
  sync::Course course;
  std::string_view message, advice;
};

constexpr std::string_view kAskForToken =
    "ask HQ for an enrolment token for this store and run `lintel provision`";

constexpr auto kPeople = sync::Course::people;
constexpr std::array kWords = {
    Words{"unknown_token", kPeople, "HQ does not know the enrolment token",
          "check that all 32 digits are right, else ask HQ for a new token; then `lintel provision`"},
    Words{"expired", kPeople, "the enrolment token has run out", kAskForToken},
    Words{"used", kPeople, "the enrolment token has been used, and a token is for one card", kAskForToken},
    Words{"revoked", kPeople, "HQ has revoked this gateway, or closed its store",
          "ask HQ; it is tried again once a day, and counting goes on here"},
    Words{"unknown_card", kPeople,
          "HQ does not know this card: another one was enrolled for the store in its place", kAskForToken},
    Words{"card_cloned", kPeople,
          "two cards hold this gateway's identity, because this one was copied: HQ refuses both",
          "find the copy and take it away; then ask HQ for an enrolment token and run `lintel provision` on "
          "the "
          "card that stays"},
    Words{"late", sync::Course::back_off, "HQ has answered a later renewal of this card",
          "nothing: the newer secret is used"},
    Words{"malformed", sync::Course::slow, "HQ did not understand what the gateway asked for its token",
          "HQ's schema and this gateway do not fit each other: update the older one"},
};

std::string one_line(std::string text) {
  text.resize(std::min(text.size(), kLongestWords));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

sync::Verdict verdict(sync::Course course, std::string_view message, std::string_view advice) {
  sync::Verdict out;
  out.course = course;
  out.trouble = sync::Trouble::credential;
  out.message = message;
  out.advice = advice;
  return out;
}

}  // namespace

Answer parse_answer(std::string_view body, bool of_enrolment) {
  const auto all = json::parse(body, nullptr, false);
  if (!all.is_object() || all.value("v", json()) != 1) return Unclear{"is not what schema/ENROL.md says"};
  try {
    if (const auto error = all.find("error"); error != all.end()) {
      return Refused{error->at("code"), error->at("message")};
    }
    return granted(all, of_enrolment);
  } catch (const json::exception&) {  // its words would quote secrets
    return Unclear{"lacks a part of what schema/ENROL.md says"};
  }
}

sync::Verdict words_for(const Refusal& refusal, const std::string& said) {
  for (const auto& words : kWords) {
    if (words.code == refusal.code) return verdict(words.course, words.message, words.advice);
  }
  return verdict(kPeople,
                 fmt::format("HQ refuses this card ({}): {}", one_line(refusal.code), one_line(said)),
                 "this gateway does not know the reason: update it, or ask HQ");
}

sync::Verdict not_enrolled() {
  return verdict(sync::Course::slow, "this gateway is not enrolled at HQ", kAskForToken);
}

}  // namespace lintel::enrol
