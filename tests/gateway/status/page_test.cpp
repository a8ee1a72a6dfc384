#include "gateway/status/page.hpp"

#include <doctest/doctest.h>

#include "gateway/status/facts.hpp"
#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

const UtcMs kNoon = StoreBench::day_begin() + 12h;

struct Bench {
  StoreBench store;
  std::int64_t sensor = store.count("A1", "Main door", "", kNoon, 3, 1);
  Page page{store.reader(), runtime()};
  Routes routes = page.routes();

  Runtime runtime() const {
    Runtime result;
    result.state_dir = store.dir();
    result.facts = [] {
      Facts facts;
      facts.time = kNoon + 5min;
      facts.clock_source = "ntp";
      return to_json(facts);
    };
    return result;
  }
  Response get(const std::string& path, const std::string& query = "") {
    return routes.handlers.at(path)({path, parse_query(query)});
  }
  json data(const std::string& query) { return json::parse(*get("/api/sensors/data", query).body); }
};

}  // namespace

TEST_CASE("page: its files are served whole and know their type") {
  Bench bench;
  const auto page = bench.get("/");
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.body->find("<script src=\"/app.js\" type=\"module\"") != std::string::npos);
  CHECK(bench.get("/app.js").content_type == "text/javascript; charset=utf-8");
  CHECK(bench.get("/app.css").content_type == "text/css; charset=utf-8");
  CHECK(bench.get("/texts_de.js").status == 200);
  CHECK(bench.get("/icon.svg").content_type == "image/svg+xml");
}

TEST_CASE("page: the facts are there for programs") {
  Bench bench;
  CHECK(json::parse(*bench.get("/api/status").body)["sensors"].size() == 1);
  CHECK(json::parse(*bench.get("/api/sensors").body)["sensors"][0]["name"] == "Main door");
  CHECK(json::parse(*bench.get("/api/health").body)["status"] == "ok");
  CHECK(json::parse(*bench.get("/api/alerts").body)["alerts"] ==
        json::parse(*bench.get("/api/status").body)["alerts"]);
  CHECK(bench.get("/metrics").body->find("lintel_up{") != std::string::npos);
}

TEST_CASE("page: readings of a sensor come in bounded pages") {
  Bench bench;
  const auto id = std::to_string(bench.sensor);
  const auto all = bench.data("sensor=" + id);
  REQUIRE(all["readings"].size() == 1);
  CHECK(all["readings"][0]["in"] == 3);
  CHECK(all["to"] == "2026-07-31T12:05:00Z");
  CHECK(all["next_to"].is_null());
  CHECK(bench.data("sensor=" + id + "&to=2026-07-31T12:00:00Z")["readings"].empty());
  CHECK(bench.data("sensor=" + id + "&from=2026-07-31T12:00:00Z&limit=1")["readings"].size() == 1);

  for (const char* wrong : {"", "sensor=x", "sensor=1%00", "sensor=99999999999999999999", "sensor=1&limit=0",
                            "sensor=1&limit=5000", "sensor=1&from=yesterday",
                            "sensor=1&to=2026-13-01T00:00:00Z", "sensor=1&order=by"}) {
    CAPTURE(wrong);
    CHECK(bench.get("/api/sensors/data", wrong).status == 400);
    CHECK_FALSE(bench.data(wrong)["error"].get<std::string>().empty());
  }
  CHECK(bench.get("/api/sensors/data", "sensor=4711").status == 404);
}

TEST_CASE("page: an event is the same object until something happens") {
  Bench bench;
  const auto& source = bench.routes.streams.at("/api/stream").state;
  const auto first = source();
  REQUIRE(first);
  CHECK(source() == first);
  CHECK(first->find('\n') == std::string::npos);
  CHECK(bench.routes.streams.at("/api/stream").beat() == R"({"time":"2026-07-31T12:05:00Z"})");
}
