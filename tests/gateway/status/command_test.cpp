// `lintel status` as a person or a script runs it: the real executable beside a daemon that is up, hangs or
// is down.

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "gateway/status/control.hpp"
#include "gateway/status/facts.hpp"
#include "tests/gateway/status/bench.hpp"
#include "tests/support/process.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

struct Outcome {
  int code = -1;
  std::string text;
};

Outcome run(const std::filesystem::path& state_dir, std::vector<std::string> more = {}) {
  test::TempDir dir;
  const auto file = dir.path() / "out", config = dir.path() / "gateway.conf";
  std::ofstream(config) << "[gateway]\nstate_dir = " << state_dir.string() << "\n";
  std::vector<std::string> argv{LINTEL_EXECUTABLE, "status"};
  argv.insert(argv.end(), more.begin(), more.end());
  auto process = test::Process::spawn(argv, {"LINTEL_CONFIG=" + config.string()}, file);
  Outcome outcome{process.wait(), {}};
  std::ifstream stream(file);
  outcome.text.assign(std::istreambuf_iterator<char>(stream), {});
  return outcome;
}

/// What a well daemon would answer.
json facts_of(std::int64_t sensor) {
  status::Facts facts;
  facts.uptime = 3h;
  facts.time = StoreBench::day_begin() + 12h;
  facts.clock_source = "ntp";
  facts.sensors[sensor] = {{health::Status::online, "", "", {}}, 0, facts.time};
  return to_json(facts);
}

class Daemon {
 public:
  Daemon(const std::filesystem::path& dir, json facts) {
    status::ControlServer::Verbs verbs;
    verbs["status"] = [facts = std::move(facts)](const json&, const auto& reply) { reply(facts); };
    server_ = std::move(*status::ControlServer::open(loop_, status::control_path(dir), std::move(verbs), {}));
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Daemon() {
    boost::asio::post(loop_, [this] { server_.reset(); });
    thread_.join();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

 private:
  boost::asio::io_context loop_;
  std::unique_ptr<status::ControlServer> server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("lintel status: all is well while the daemon answers") {
  StoreBench bench;
  const auto id = bench.count("A1", "Main door", "", StoreBench::day_begin() + 11h, 3, 1);
  const Daemon daemon(bench.dir(), facts_of(id));
  const auto plain = run(bench.dir());
  CAPTURE(plain.text);
  CHECK(plain.code == 0);
  CHECK(plain.text.find("All is well: the sensor is counting.") != std::string::npos);
  CHECK(plain.text.find("Main door") != std::string::npos);
  CHECK(plain.text.find('\x1b') == std::string::npos);
  const auto machine = run(bench.dir(), {"--json"});
  CHECK(machine.code == 0);
  CHECK(json::parse(machine.text.substr(machine.text.find('{')))["sensors"][0]["today"]["in"] == 3);
}

TEST_CASE("lintel status: works from the database when the daemon is down, and says so") {
  StoreBench bench;
  bench.count("A1", "Main door", "", StoreBench::day_begin() + 11h, 3, 1);
  const auto down = run(bench.dir());
  CAPTURE(down.text);
  CHECK(down.code == 1);
  CHECK(down.text.find("The gateway is not running: nobody is being counted.") != std::string::npos);
  CHECK(down.text.find("systemctl start lintel") != std::string::npos);
  CHECK(down.text.find("Main door") != std::string::npos);
}

TEST_CASE("lintel status: a daemon that hangs does not hang the command") {
  StoreBench bench;
  bench.count("A1", "Main door", "", StoreBench::day_begin() + 11h, 3, 1);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, status::control_path(bench.dir()).c_str(), sizeof address.sun_path - 1);
  const int hung = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(hung, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(hung, 1) == 0);
  const auto outcome = run(bench.dir());
  ::close(hung);
  CAPTURE(outcome.text);
  CHECK(outcome.code == 1);
  CHECK(outcome.text.find("The gateway is running, but does not answer.") != std::string::npos);
  CHECK(outcome.text.find("Main door") != std::string::npos);
}

TEST_CASE("lintel status: without a database it says what to do") {
  test::TempDir dir;
  const auto outcome = run(dir.path());
  CAPTURE(outcome.text);
  CHECK(outcome.code == 1);
  CHECK(outcome.text.find("there is no database at " + (dir.path() / "lintel.db").string()) !=
        std::string::npos);
  CHECK(outcome.text.find("lintel run") != std::string::npos);
}

TEST_CASE("lintel status: a database that is none, a wrong option, a wrong configuration") {
  test::TempDir dir;
  std::ofstream(dir.path() / "lintel.db") << std::string(8192, 'x');
  const auto broken = run(dir.path());
  CHECK(broken.code == 1);
  CHECK(broken.text.find("lintel.db") != std::string::npos);
  const auto option = run(dir.path(), {"--jsn"});
  CHECK(option.code == 2);
  CHECK(option.text.find("--json") != std::string::npos);
  CHECK(run(dir.path(), {"--set", "hq.intervall=3"}).code == 2);
  CHECK(run(dir.path(), {"--config", "/nowhere/gateway.conf"}).code == 2);
}
