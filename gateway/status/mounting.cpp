#include "gateway/status/mounting.hpp"

#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace lintel::status {

using nlohmann::json;

Mounting::Mounting(store::Database& reader)
    : counted_(reader.prepare("select line from counter_state where sensor_id = ? order by line")) {}

json Mounting::of(std::int64_t sensor, const json& force) {
  std::map<std::string, json> names;
  counted_.bind(sensor);
  while (counted_.step()) names.emplace(counted_.text(0), nullptr);
  counted_.reset();
  const auto lines = force.value("lines", json::object());
  for (const auto& [line, channels] : lines.items()) names.emplace(line, nullptr);
  const auto known = force.value("line_names", json::object());
  for (const auto& [line, name] : known.items()) names[line] = name;
  auto list = json::array();
  for (auto& [line, name] : names) list.push_back({{"line", line}, {"name", std::move(name)}});
  return {{"inverted", force.value("invert", false)}, {"lines", std::move(list)}};
}

}  // namespace lintel::status
