#include "tests/gateway/sync/contract_hq.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace lintel::test {

using nlohmann::json;

namespace {

void expect(bool holds, const char* rule) {
  if (!holds) throw std::runtime_error(std::string("the request breaks the contract: ") + rule);
}

std::vector<std::string> split(const std::string& list) {
  if (!list.empty() && list[0] == ':') {
    std::vector<std::string> digits;
    for (const char c : list.substr(1)) digits.emplace_back(1, c);
    return digits;
  }
  std::vector<std::string> out(1);
  for (const char c : list) {
    if (c == ',') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

/// A column of `size` values, filled with `usual` where the key is absent.
std::vector<std::string> column(const json& series, const char* key, std::size_t size,
                                const std::string& usual) {
  if (!series.contains(key)) return std::vector<std::string>(size, usual);
  auto out = split(series.at(key).get<std::string>());
  expect(out.size() == size, "columns have one length");
  return out;
}

std::size_t length_of(const json& series) {
  for (const char* key : {"d", "in", "out", "occ"}) {
    if (series.contains(key)) return split(series.at(key).get<std::string>()).size();
  }
  throw std::runtime_error("the request breaks the contract: a series shows its length");
}

}  // namespace

std::int64_t ContractHq::watermark() const {
  std::int64_t expected = 0;
  for (const auto number : applied) {
    if (number != expected + 1) break;
    expected = number;
  }
  return expected;
}

json ContractHq::ranges() const {
  json out = json::array();
  for (const auto number : applied) {
    if (!out.empty() && out.back()[1] == number - 1) {
      out.back()[1] = number;
    } else {
      out.push_back({number, number});
    }
  }
  return out;
}

std::string ContractHq::sensor_of(const json& name) const {
  if (name.is_string()) {
    expect(ids.contains(name.get<std::string>()), "a uuid is known or declared");
    return name.get<std::string>();
  }
  for (const auto& [public_id, id] : ids) {
    if (id == name.get<std::int64_t>()) return public_id;
  }
  return {};
}

/// Series that share keys, each on its own.
json ContractHq::written_out(const json& all_series) const {
  auto out = json::array();
  for (const auto& entry : all_series) {
    const auto list_is_packed = [&](const char* key) {
      return entry.contains(key) && entry.at(key).get<std::string>().starts_with(":");
    };
    expect(highest >= 2 || !(entry.contains("of") || list_is_packed("in") || list_is_packed("out")),
           "version 1 knows neither of nor digits in a row");
    if (!entry.contains("of")) {
      out.push_back(entry);
      continue;
    }
    auto shared = entry;
    shared.erase("of");
    const auto& of = entry.at("of");
    for (std::size_t i = 0; i < of.begin()->size(); ++i) {
      auto series = shared;
      for (const auto& [key, list] : of.items()) {
        expect(list.size() == of.begin()->size(), "the arrays of of are of one length");
        series[key] = list[i];
      }
      out.push_back(std::move(series));
    }
  }
  return out;
}

std::string ContractHq::refusal(std::int64_t speaks, std::int64_t accepts) const {
  if (speaks >= lowest && accepts <= highest) return {};
  return json{{"v", std::min(speaks, highest)},
              {"versions", {lowest, highest}},
              {"error", {{"code", speaks < lowest ? "gateway_too_old" : "hq_too_old"}, {"message", "no"}}}}
      .dump();
}

void ContractHq::take_series(const json& series, std::size_t position, json& rejected) {
  const bool region = series.contains("region");
  expect(region != series.contains("line"), "line or region");
  const auto sensor = sensor_of(series.at("sensor"));
  const auto size = length_of(series);
  expect(size == 1 || series.contains("d") != series.contains("step"), "step or d");
  const auto start = series.at("t").get<std::int64_t>();
  const auto offsets = column(series, "d", size, "");
  const auto durations = column(series, "durs", size, std::to_string(series.value("dur", std::int64_t{0})));
  const auto ins = column(series, region ? "occ" : "in", size, "");
  const auto outs = column(series, "out", size, "");
  const auto seqs = column(series, "seq", size, "0");
  const auto revisions = column(series, "rev", size, "1");
  const auto flags = column(series, "flags", size, "0");
  const auto label = series.at(region ? "region" : "line").get<std::string>();
  for (std::size_t k = 0; k < size; ++k) {
    const auto code = sensor.empty()            ? std::string("unknown_sensor")
                      : refuse.contains(ins[k]) ? refuse.at(ins[k])
                                                : std::string();
    if (!code.empty()) {
      rejected.push_back({{"s", position}, {"k", k}, {"code", code}, {"message", "HQ says no"}});
      continue;
    }
    const auto at =
        start + (series.contains("d") ? std::stoll(offsets[k])
                                      : series.value("step", std::int64_t{0}) * static_cast<std::int64_t>(k));
    const Content content{std::stoll(durations[k]), ins[k], outs[k], std::stoll(revisions[k]),
                          std::stoll(flags[k])};
    auto& kept =
        readings.try_emplace({sensor, region, label, at, std::stoll(seqs[k])}, content).first->second;
    if (content.revision >= kept.revision) kept = content;
  }
  for (const auto& move : series.value("moved", json::array())) {
    readings.erase(
        {sensor, region, label, move.at("t").get<std::int64_t>(), move.at("seq").get<std::int64_t>()});
  }
}

std::string ContractHq::answer(const std::string& body) {
  expect(body.size() < 1'000'000, "bodies stay below 1 MB");
  const auto request = json::parse(body);
  last_request = request;
  const auto speaks = request.at("v").get<std::int64_t>();
  if (auto no = refusal(speaks, request.value("v_least", std::int64_t{1})); !no.empty()) return no;
  const auto after = request.at("after").get<std::int64_t>();
  const auto to = request.at("to").get<std::int64_t>();
  expect(after <= to, "after <= to");
  json told = json::object();
  for (const auto& sensor : request.value("sensors", json::array())) {
    const auto id = sensor.at("id").get<std::string>();
    told[id] = ids.try_emplace(id, next_id).first->second;
    ++next_id;
  }
  json rejected = json::array();
  std::size_t position = 0;
  for (const auto& series : written_out(request.value("series", json::array()))) {
    take_series(series, position++, rejected);
  }
  for (auto number = after + 1; number <= to; ++number) applied.insert(number);
  const auto spoken = std::min(speaks, highest);
  json out{{"v", spoken}, {"watermark", watermark()}, {"history", history}, {"time", 1785539521000}};
  if (spoken == 1) out.update({{"missing", json::array()}, {"pace_ms", 0}});
  // All that is applied lies up to the watermark: that goes without saying.
  const bool gapless = static_cast<std::int64_t>(applied.size()) == watermark();
  if (spoken == 1 || !gapless) out["applied"] = ranges();
  if (spoken == 1 || !told.empty()) out["sensors"] = told;
  if (spoken == 1 || !rejected.empty()) out["rejected"] = rejected;
  if (speaks != highest) out["versions"] = {lowest, highest};
  if (request.contains("schema") && request.at("schema") != schema) out["schema"] = schema;
  if (!configuration.is_null() && configuration.at("version") != request.at("config_version")) {
    out["config"] = configuration;
  }
  return out.dump();
}

std::map<ContractHq::Key, ContractHq::Content> local_readings(store::Database& db) {
  std::map<ContractHq::Key, ContractHq::Content> out;
  for (const bool region : {false, true}) {
    auto rows = db.prepare(
        region
            ? "select s.public_id, r.region, started_at, seq, duration_ms, occupancy, null, revision, flags "
              "from regional_counting_raw r join sensor_metadata s on s.id = r.sensor_id"
            : "select s.public_id, r.line, started_at, seq, duration_ms, count_in, count_out, revision, "
              "flags "
              "from people_counting_raw r join sensor_metadata s on s.id = r.sensor_id");
    const auto count = [&](int column) {
      return rows.is_null(column) ? std::string() : std::to_string(rows.integer(column));
    };
    while (rows.step()) {
      out[{std::string(rows.text(0)), region, std::string(rows.text(1)), rows.integer(2), rows.integer(3)}] =
          {rows.integer(4), count(5), count(6), rows.integer(7), rows.integer(8)};
    }
  }
  return out;
}

}  // namespace lintel::test
