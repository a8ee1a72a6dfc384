#include "tests/firmware-bridge/decoders/fuzz/surroundings.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/hex.hpp"

namespace lintel::test {

namespace {

using nlohmann::json;

std::vector<json> cases_of(std::string_view decoder) {
  std::ifstream file(LINTEL_CORPUS_DIR "/cases.jsonl");
  if (!file) {
    std::fputs("cannot read " LINTEL_CORPUS_DIR "/cases.jsonl\n", stderr);
    std::exit(2);
  }
  std::vector<json> cases;
  for (std::string line; std::getline(file, line);) {
    json one = json::parse(line);
    if (one.at("decoder") == decoder) cases.push_back(std::move(one));
  }
  return cases;
}

Surroundings surroundings_of(const json& one, const json& frame) {
  Surroundings around;
  around.topic = frame.value("request", frame.value("topic", ""));
  if (frame.contains("fport")) around.port = frame.at("fport").get<std::uint8_t>();
  const json map = one.value("/settings/map"_json_pointer, json::object());
  for (const auto& [line, channels] : map.items())
    around.settings.lines[line] = {channels.value("in", ""), channels.value("out", "")};
  return around;
}

void append_message(std::string& bytes, std::size_t around, const std::string& hex) {
  const std::string payload = bridge::from_hex(hex).value_or("").substr(0, 0xFFFF);
  const std::size_t length = payload.size();
  bytes += static_cast<char>(around);
  bytes += static_cast<char>(length & 0xFF);
  bytes += static_cast<char>(length >> 8);
  bytes += payload;
}

}  // namespace

std::vector<Surroundings> surroundings_of(std::string_view decoder) {
  std::vector<Surroundings> all;
  for (const json& one : cases_of(decoder)) {
    for (const json& frame : one.at("frames")) {
      Surroundings around = surroundings_of(one, frame);
      if (all.size() < 256 && std::find(all.begin(), all.end(), around) == all.end())
        all.push_back(std::move(around));
    }
  }
  if (all.empty()) all.emplace_back();
  return all;
}

std::vector<Seed> seeds_of(std::string_view decoder) {
  const auto all = surroundings_of(decoder);
  std::vector<Seed> seeds;
  for (const json& one : cases_of(decoder)) {
    Seed seed{one.at("id"), {}};
    std::replace(seed.name.begin(), seed.name.end(), '/', '_');
    for (const json& frame : one.at("frames")) {
      const auto found = std::find(all.begin(), all.end(), surroundings_of(one, frame));
      append_message(seed.bytes, static_cast<std::size_t>(found - all.begin()), frame.at("hex"));
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace lintel::test
