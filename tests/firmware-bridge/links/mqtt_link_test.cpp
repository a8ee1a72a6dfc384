#include "firmware-bridge/links/mqtt_link.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "firmware-bridge/links/recent_packets.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/firmware-bridge/links/mqtt_publisher.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::links::MqttLink;
using bridge::links::RecentPackets;

namespace {

MqttLink::Options options_for(const std::string& url) {
  MqttLink::Options options;
  options.name = "broker";
  options.url = url;
  options.client_id = "lintel-test";
  options.topics = {"bus/#"};
  options.boot_clock = [] { return BootTime(std::chrono::steady_clock::now().time_since_epoch()); };
  options.log = [](const std::string&) {};
  return options;
}

void await_up(const MqttLink& link) {
  REQUIRE_MESSAGE(eventually([&] { return link.state().up; }), link.state().trouble);
}

std::string await_trouble(const MqttLink& link) {
  REQUIRE(eventually([&] { return !link.state().trouble.empty(); }, 30s));
  return link.state().trouble;
}

std::vector<std::string> numbered(int from, int to) {
  std::vector<std::string> result;
  for (int i = from; i < to; ++i) result.push_back(std::to_string(i));
  return result;
}

/// A sensor in a process of its own, because a link that refuses shuts down what its process has open to the
/// broker's port.
Process publish(const std::string& broker, int from, int to) {
  return Process::spawn({LINTEL_MQTT_PUBLISH, broker, "bus/1", std::to_string(from), std::to_string(to)});
}

/// What is left of the frames when the broker's repeats are taken out, sorted by number.
template <class Kept>
std::vector<std::string> without_repeats(const Kept& kept) {
  RecentPackets recent;
  std::vector<std::string> result;
  for (const auto& one : kept) {
    auto frame = packet_of(one.packet_id, one.payload, one.dup);
    frame.topic = one.topic;
    if (recent.is_repeat(frame)) continue;
    recent.note(frame);
    result.push_back(one.payload);
  }
  std::ranges::sort(result,
                    [](const std::string& a, const std::string& b) { return std::stoi(a) < std::stoi(b); });
  return result;
}

}  // namespace

TEST_CASE("mqtt: messages arrive with topic, packet id and the broker's flags") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  Publisher sensor(broker.url());
  sensor.publish("bus/state", "kept", 1, true);
  sensor.flush();
  MemorySink sink;
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  await_up(link);
  CHECK(link.state().trouble.empty());
  sensor.publish("bus/1", "one");
  sensor.publish("bus/2", std::string("t\0wo", 4));
  sensor.publish("bus/0", "none", 0);
  sensor.publish("other/1", "not ours");
  REQUIRE(eventually([&] { return sink.kept().size() == 4; }));
  const auto kept = sink.kept();
  CHECK(kept[0].retained);
  CHECK(kept[0].topic == "bus/state");
  CHECK(kept[1].topic == "bus/1");
  CHECK(kept[1].payload == "one");
  CHECK(kept[1].qos == 1);
  CHECK(kept[1].packet_id != 0);
  CHECK_FALSE(kept[1].dup);
  CHECK_FALSE(kept[1].retained);
  CHECK(kept[2].payload == std::string("t\0wo", 4));
  CHECK(kept[2].packet_id != kept[1].packet_id);
  CHECK(kept[3].qos == 0);
  CHECK(kept[3].packet_id == 0);
  CHECK(link.state().frames == 4);
}

TEST_CASE("mqtt: what is published while the gateway is away waits at the broker") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  {
    MqttLink link(options_for(broker.url()), sink);
    link.start();
    await_up(link);
  }
  Publisher sensor(broker.url());
  for (const auto& text : numbered(0, 500)) sensor.publish("bus/1", text);
  sensor.flush();
  CHECK(sink.kept().empty());
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  REQUIRE(eventually([&] { return sink.kept().size() >= 500; }));
  CHECK(sink.payloads() == numbered(0, 500));
}

TEST_CASE("mqtt: a broker that restarts is connected to again by itself, and nothing is lost") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  await_up(link);
  for (int round = 0; round < 3; ++round) {
    broker.stop();
    REQUIRE(eventually([&] { return !link.state().up; }));
    CHECK(await_trouble(link).find("127.0.0.1:" + std::to_string(broker.port())) != std::string::npos);
    broker.restart();
    {
      Publisher sensor(broker.url());
      for (const auto& text : numbered(round * 100, round * 100 + 100)) sensor.publish("bus/1", text);
      sensor.flush();
    }
    await_up(link);
  }
  CHECK(eventually([&] { return without_repeats(sink.kept()).size() >= 300; }));
  CHECK(without_repeats(sink.kept()) == numbered(0, 300));
}

TEST_CASE("mqtt: a message that cannot be kept is not acknowledged: another reader of the session gets it") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink full;
  {
    MqttLink link(options_for(broker.url()), full);
    link.start();
    await_up(link);
    full.refuse(true);
    REQUIRE(publish(broker.url(), 0, 300).wait() == 0);
    REQUIRE(eventually([&] { return full.refused() > 2; }));  // it came back and was refused again
    CHECK_FALSE(await_trouble(link).empty());
  }
  CHECK(full.kept().empty());
  MemorySink sink;
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  CHECK(eventually([&] { return without_repeats(sink.kept()).size() >= 300; }));
  CHECK(without_repeats(sink.kept()) == numbered(0, 300));
}

TEST_CASE("mqtt: a sink that refuses at random moments ends up with every message once") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  await_up(link);
  constexpr int kMessages = 6000;
  Process sensor = publish(broker.url(), 0, kMessages);
  std::mt19937 random(11);
  int refusals = 0;
  while (sensor.running() || refusals < 6) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    const int before = sink.refused();
    sink.refuse(true);
    if (sensor.running()) eventually([&] { return sink.refused() > before; }, 500ms);
    sink.refuse(false);
    ++refusals;
    eventually([&] { return link.state().up; }, 2s);
  }
  REQUIRE(sensor.wait() == 0);
  CHECK(eventually([&] { return without_repeats(sink.kept()).size() >= kMessages; }, 60s));
  CHECK(without_repeats(sink.kept()) == numbered(0, kMessages));
  MESSAGE("refused ", sink.refused(), ", sent again ", sink.kept().size() - kMessages);
}

TEST_CASE("mqtt: stopping in the middle of a flood loses nothing that was acknowledged") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  constexpr int kMessages = 5000;
  {
    MqttLink first(options_for(broker.url()), sink);
    first.start();
    await_up(first);
  }
  Process sensor = publish(broker.url(), 0, kMessages);
  for (int round = 0; round < 5; ++round) {
    const std::size_t before = sink.kept().size();
    MqttLink link(options_for(broker.url()), sink);
    link.start();
    await_up(link);
    eventually([&] { return sink.kept().size() > before + 200; }, 3s);
  }
  REQUIRE(sensor.wait() == 0);
  MqttLink last(options_for(broker.url()), sink);
  last.start();
  CHECK(eventually([&] { return without_repeats(sink.kept()).size() >= kMessages; }, 60s));
  CHECK(without_repeats(sink.kept()) == numbered(0, kMessages));
}

TEST_CASE("mqtt: a message of a megabyte passes") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  MqttLink link(options_for(broker.url()), sink);
  link.start();
  await_up(link);
  Publisher sensor(broker.url());
  const std::string large(1U << 20, 'M');
  sensor.publish("bus/1", large);
  REQUIRE(eventually([&] { return sink.kept().size() == 1; }));
  CHECK(sink.payloads()[0] == large);
}

TEST_CASE(
    "mqtt: what the link publishes reaches the broker's other clients, and is dropped while it is away") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  MemorySink answers;
  auto asked = options_for(broker.url());
  asked.client_id = "node";
  asked.topics = {"ask/#"};
  MqttLink node(asked, answers);
  MqttLink link(options_for(broker.url()), sink);
  link.publish("ask/early", "not connected yet");
  node.start();
  link.start();
  await_up(node);
  await_up(link);
  for (int i = 0; i < 5; ++i) link.publish("ask/1", std::string("a\0b", 3));
  REQUIRE(eventually([&] { return answers.kept().size() == 5; }));
  CHECK(answers.kept()[0].topic == "ask/1");
  CHECK(answers.kept()[0].payload == std::string("a\0b", 3));
  CHECK(answers.kept()[0].qos == 0);
  CHECK_FALSE(answers.kept()[0].retained);
  broker.stop();
  REQUIRE(eventually([&] { return !link.state().up; }));
  link.publish("ask/away", "nobody there");
  broker.restart();
  await_up(node);
  await_up(link);
  link.publish("ask/#", "a topic that cannot be");
  link.publish("ask/2", "again");
  REQUIRE(eventually([&] { return answers.kept().size() >= 6; }));
  CHECK(answers.kept().back().topic == "ask/2");
  CHECK(link.state().up);
}

TEST_CASE("mqtt: a broker that is not there is named, with what to look at") {
  const int port = free_port();
  MemorySink sink;
  MqttLink link(options_for("mqtt://127.0.0.1:" + std::to_string(port)), sink);
  link.start();
  const std::string trouble = await_trouble(link);
  CHECK(trouble.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  CHECK(trouble.find("cannot be reached") != std::string::npos);
  CHECK_FALSE(link.state().up);
}

TEST_CASE("mqtt: wrong credentials are called that, and name the user but not the password") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path(), "allow_anonymous false");
  auto options = options_for(broker.url());
  options.user = "store-7";
  options.password = "s3cret#1";
  MemorySink sink;
  MqttLink link(options, sink);
  link.start();
  const std::string trouble = await_trouble(link);
  CHECK(trouble.find("store-7") != std::string::npos);
  CHECK(trouble.find("user and password") != std::string::npos);
  CHECK(trouble.find("s3cret") == std::string::npos);
}

TEST_CASE("mqtt: a plain broker behind an mqtts address is called a TLS failure") {
  const TempDir dir;
  auto broker = Mosquitto::start(dir.path());
  MemorySink sink;
  MqttLink link(options_for("mqtts://127.0.0.1:" + std::to_string(broker.port())), sink);
  link.start();
  CHECK(await_trouble(link).find("TLS") != std::string::npos);
}

TEST_CASE("mqtt: a broker that takes connections and says nothing does not hold up the end") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 5) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  MemorySink sink;
  MqttLink link(options_for("mqtt://127.0.0.1:" + std::to_string(ntohs(address.sin_port))), sink);
  link.start();
  const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(connection >= 0);
  const auto begun = std::chrono::steady_clock::now();
  link.stop();
  CHECK(std::chrono::steady_clock::now() - begun < 4s);
  ::close(connection);
  ::close(listener);
}

TEST_CASE("mqtt: over TLS only a broker whose certificate the link's authority signed is trusted") {
  const TempDir dir;
  const auto file = [&](const char* name) { return (dir.path() / name).string(); };
  const auto openssl = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    return Process::spawn(arguments).wait() == 0;
  };
  std::ofstream(file("names")) << "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
  for (const char* authority : {"ca", "stranger"}) {
    REQUIRE(openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", std::string("/CN=") + authority, "-keyout", file(authority) + ".key", "-out",
                     file(authority) + ".pem"}));
  }
  REQUIRE(openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                   "/CN=localhost", "-keyout", file("broker.key"), "-out", file("broker.csr")}));
  REQUIRE(openssl({"x509", "-req", "-in", file("broker.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
                   "-CAcreateserial", "-extfile", file("names"), "-out", file("broker.pem")}));
  const int plain_port = free_port();
  auto broker =
      Mosquitto::start(dir.path(), "certfile " + file("broker.pem") + "\nkeyfile " + file("broker.key") +
                                       "\nlistener " + std::to_string(plain_port) + " 127.0.0.1\n");
  auto options = options_for("mqtts://localhost:" + std::to_string(broker.port()));
  MemorySink sink;
  options.ca_file = file("stranger.pem");
  {
    MqttLink link(options, sink);
    link.start();
    const std::string trouble = await_trouble(link);
    CHECK(trouble.find("TLS") != std::string::npos);
    CHECK(trouble.find("ca_file") != std::string::npos);
  }
  options.ca_file = file("ca.pem");
  MqttLink link(options, sink);
  link.start();
  await_up(link);
  sink.refuse(true);
  REQUIRE(publish("mqtt://127.0.0.1:" + std::to_string(plain_port), 7, 8).wait() == 0);
  REQUIRE(eventually([&] { return sink.refused() > 1; }));  // refused over TLS, too, means not acknowledged
  sink.refuse(false);
  CHECK(eventually([&] { return sink.payloads() == numbered(7, 8); }));
}
