#include "gateway/enrol/identity.hpp"

#include <nlohmann/json.hpp>

namespace lintel::enrol {

namespace {

using nlohmann::json;

constexpr int kVersion = 1;

std::string hex(const BootId& id) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out;
  for (const auto byte : id) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

BootId boot_from(const std::string& text) {
  BootId id{};
  if (text.size() != 2 * id.size()) throw std::invalid_argument("boot");
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  }
  return id;
}

json of(const Card& card) {
  return {{"gateway", card.gateway},
          {"store",
           {{"id", card.store.id},
            {"name", card.store.name},
            {"timezone", card.store.timezone},
            {"day_start_minute", card.store.day_start_minute}}},
          {"enrolled", card.enrolled},
          {"secret", card.secret},
          {"next", card.next},
          {"token_digest", card.token_digest}};
}

Card card_from(const json& it) {
  const auto& store = it.at("store");
  return {it.at("gateway"),
          {store.at("id"), store.at("name"), store.at("timezone"), store.at("day_start_minute")},
          it.at("enrolled"),
          it.at("secret"),
          it.at("next"),
          it.at("token_digest")};
}

json of(const Token& token) {
  return {{"jwt", token.jwt},
          {"life", token.life.count()},
          {"hq_time", count_ms(token.hq_time)},
          {"boot", hex(token.since.boot)},
          {"since", token.since.at.count()}};
}

Token token_from(const json& it) {
  return {it.at("jwt"),
          std::chrono::seconds{it.at("life").get<std::int64_t>()},
          utc_ms(it.at("hq_time").get<std::int64_t>()),
          {boot_from(it.at("boot")), BootTime{it.at("since").get<std::int64_t>()}}};
}

Identity identity_from(const json& all) {
  if (all.at("v") != kVersion) throw std::invalid_argument("version");
  Identity out;
  out.url = all.at("url");
  out.moved_from = all.at("moved_from");
  if (const auto& it = all.at("card"); !it.is_null()) out.card = card_from(it);
  if (const auto& it = all.at("pending"); !it.is_null()) {
    out.pending = Pending{it.at("token"), it.at("secret"), it.at("from_file")};
  }
  if (const auto& it = all.at("token"); !it.is_null()) out.token = token_from(it);
  if (const auto& it = all.at("refusal"); !it.is_null()) {
    out.refusal = Refusal{it.at("code"), it.at("of_enrolment"), it.at("token_digest")};
  }
  return out;
}

}  // namespace

std::string to_text(const Identity& identity) {
  json all{{"v", kVersion},     {"url", identity.url}, {"moved_from", identity.moved_from},
           {"card", nullptr},   {"pending", nullptr},  {"token", nullptr},
           {"refusal", nullptr}};
  if (identity.card) all["card"] = of(*identity.card);
  if (const auto& it = identity.pending) {
    all["pending"] = {{"token", it->token}, {"secret", it->secret}, {"from_file", it->from_file}};
  }
  if (identity.token) all["token"] = of(*identity.token);
  if (const auto& it = identity.refusal) {
    all["refusal"] = {
        {"code", it->code}, {"of_enrolment", it->of_enrolment}, {"token_digest", it->token_digest}};
  }
  return all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Identity> parse_identity(const std::string& text) {
  try {
    return identity_from(json::parse(text));
  } catch (const std::exception&) {  // its words would quote the text
    return fail(ErrorKind::corrupt, "it does not hold an identity");
  }
}

}  // namespace lintel::enrol
