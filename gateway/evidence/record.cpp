#include "gateway/evidence/record.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "gateway/store/redact.hpp"

namespace lintel::evidence {

namespace {

using nlohmann::json;
using Ordered = nlohmann::ordered_json;

bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte >= 0x7F;
  });
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return 0;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return bytes;
}

template <class Json>
Json maybe(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<std::int64_t> maybe_from(const json& value) {
  return value.is_number_integer() ? std::optional(value.get<std::int64_t>()) : std::nullopt;
}

Ordered to_json(const Judged& judged) {
  Ordered out{{"sensor", judged.sensor},
              {"line", judged.line},
              {"kind", judged.kind},
              {"in", maybe<Ordered>(judged.said_in)},
              {"out", maybe<Ordered>(judged.said_out)},
              {"from", count_ms(judged.from)},
              {"to", count_ms(judged.at)},
              {"rule", judged.rule}};
  if (judged.counted) {
    out["reading"] = {count_ms(judged.started), judged.duration.count(), maybe<Ordered>(judged.count_in),
                      maybe<Ordered>(judged.count_out)};
  }
  if (judged.by_total && judged.one_by_one) out["disagree"] = {*judged.by_total, *judged.one_by_one};
  return out;
}

Judged judged_from(const json& entry) {
  Judged judged;
  judged.sensor = entry.at("sensor").get<std::string>();
  judged.line = entry.at("line").get<std::string>();
  judged.kind = entry.at("kind").get<std::string>();
  judged.said_in = maybe_from(entry.at("in"));
  judged.said_out = maybe_from(entry.at("out"));
  judged.from = utc_ms(entry.at("from").get<std::int64_t>());
  judged.at = utc_ms(entry.at("to").get<std::int64_t>());
  judged.rule = entry.at("rule").get<std::string>();
  if (const auto reading = entry.find("reading"); reading != entry.end()) {
    judged.counted = true;
    judged.started = utc_ms(reading->at(0).get<std::int64_t>());
    judged.duration = Millis{reading->at(1).get<std::int64_t>()};
    judged.count_in = maybe_from(reading->at(2));
    judged.count_out = maybe_from(reading->at(3));
  }
  if (const auto both = entry.find("disagree"); both != entry.end()) {
    judged.by_total = maybe_from(both->at(0));
    judged.one_by_one = maybe_from(both->at(1));
  }
  return judged;
}

}  // namespace

json payload_json(std::string_view payload) {
  if (is_text(payload)) return {{"text", std::string(payload)}};
  return {{"hex", to_hex(payload)}};
}

std::string to_line(const Record& record, std::string_view salt) {
  Ordered out{{"at", count_ms(record.arrival)},
              {"spool", {record.segment, record.offset}},
              {"link", record.link},
              {"topic", record.topic},
              {"decoder", record.decoder}};
  const auto payload = payload_json(store::redact(record.payload, record.topic, salt).payload);
  for (const auto& [form, value] : payload.items()) out[form] = value.get<std::string>();
  if (record.retained) out["retained"] = true;
  auto judged = Ordered::array();
  for (const auto& one : record.judged) judged.push_back(to_json(one));
  out["judged"] = std::move(judged);
  return out.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

bool from_line(std::string_view line, Record& record) {
  const auto in = json::parse(line, nullptr, false);
  if (!in.is_object()) return false;
  try {
    record = {};
    record.arrival = utc_ms(in.at("at").get<std::int64_t>());
    record.segment = in.at("spool").at(0).get<std::uint64_t>();
    record.offset = in.at("spool").at(1).get<std::uint64_t>();
    record.link = in.at("link").get<std::string>();
    record.topic = in.at("topic").get<std::string>();
    record.decoder = in.at("decoder").get<std::string>();
    record.retained = in.value("retained", false);
    record.payload = in.contains("text") ? in["text"].get<std::string>() : from_hex(in.value("hex", ""));
    for (const auto& entry : in.at("judged")) record.judged.push_back(judged_from(entry));
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

}  // namespace lintel::evidence
