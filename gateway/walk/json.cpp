#include "gateway/walk/json.hpp"

#include <nlohmann/json.hpp>

namespace lintel::walk {

namespace {

using nlohmann::json;

json counts_of(const Counts& counts) {
  return {{"in", counts.in}, {"out", counts.out}};
}

const char* verdict_of(const Test& test) {
  const bool passed = test.step == Step::signed_ ? test.passed : test.verdict->passed;
  return passed ? "passed" : "failed";
}

}  // namespace

json to_json(const Test& test, const store::Sensors& sensors) {
  json answer{{"id", test.id},
              {"serial", nullptr},
              {"name", nullptr},
              {"line", test.line},
              {"times", test.times},
              {"step", to_string(test.step)},
              {"began", format_utc(test.began)},
              {"heard", test.heard},
              {"walking_in", counts_of(test.walking_in)},
              {"walking_out", counts_of(test.walking_out)},
              {"passages", json::array()},
              {"verdict", nullptr},
              {"text", ""},
              {"advice", ""},
              {"signed_by", test.signed_by},
              {"signed_at", test.signed_at ? json(format_utc(*test.signed_at)) : json(nullptr)},
              {"note", test.note}};
  for (const auto& [serial, sensor] : sensors.all()) {
    if (sensor.id != test.sensor) continue;
    answer["serial"] = serial;
    answer["name"] = sensor.name;
  }
  for (const auto& passage : test.passages) {
    answer["passages"].push_back({{"from", format_utc(passage.from)},
                                  {"to", format_utc(passage.to)},
                                  {"in", passage.counts.in},
                                  {"out", passage.counts.out},
                                  {"way", passage.walking_out ? "out" : "in"}});
  }
  if (test.verdict) {
    answer["verdict"] = verdict_of(test);
    answer["text"] = test.verdict->text;
    answer["advice"] = test.verdict->advice;
  }
  return answer;
}

}  // namespace lintel::walk
