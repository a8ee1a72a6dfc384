#include "gateway/app/walks.hpp"

#include <algorithm>

#include "gateway/status/members.hpp"
#include "gateway/walk/json.hpp"
#include "gateway/walk/tests.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;
using status::number_of;
using status::text_of;

constexpr std::int64_t kUsualTimes = 5;
constexpr std::int64_t kListed = 20;
constexpr std::int64_t kMostListed = 500;

}  // namespace

Result<json> walk(std::string_view verb, const json& request, store::Store& store, store::Sensor* sensor,
                  UtcMs now) {
  walk::Tests tests(store.db());
  const auto shown = [&](const Result<walk::Test>& test) -> Result<json> {
    if (!test) return tl::unexpected(test.error());
    return walk::to_json(*test, store.sensors());
  };
  const auto id = text_of(request, "id");
  if (verb == "walk-start") {
    std::optional<std::string> line;
    if (request.contains("line") && request["line"].is_string()) line = text_of(request, "line");
    return shown(tests.start(*sensor, line, number_of(request, "times", kUsualTimes, -1), now));
  }
  if (verb == "walk-look") return shown(tests.look(id, store.sensors(), now));
  if (verb == "walk-next") return shown(tests.next(id, store.sensors(), now));
  if (verb == "walk-sign") {
    walk::Signature signature{text_of(request, "name"), text_of(request, "note"), std::nullopt};
    if (const auto passed = request.find("passed"); passed != request.end() && passed->is_boolean())
      signature.passed = passed->get<bool>();
    return shown(tests.sign(id, signature, now));
  }
  if (verb == "walk-cancel") {
    if (auto done = tests.cancel(id); !done) return tl::unexpected(done.error());
    return json::object();
  }
  const auto limit = std::clamp<std::int64_t>(number_of(request, "limit", kListed, -1), 1, kMostListed);
  auto list = json::array();
  for (const auto& test : tests.newest(limit)) list.push_back(walk::to_json(test, store.sensors()));
  return json{{"tests", std::move(list)}};
}

}  // namespace lintel::app
