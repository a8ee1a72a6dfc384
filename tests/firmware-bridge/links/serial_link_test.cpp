#include "firmware-bridge/links/serial_link.hpp"

// Linux's own terminal structure, the one that knows odd rates; it cannot stand beside <termios.h>.
#include <asm/termbits.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>

#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::links::parse_format;
using bridge::links::SerialLink;

namespace {

/// The device's end of a line; the gateway's end is a tty like an adapter's.
class Device {
 public:
  Device() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(master_ >= 0);
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(master_, name.data(), name.size()) == 0);
    tty_ = name.data();
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { unplug(); }

  void say(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(master_, text.data(), text.size());
      REQUIRE(written > 0);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void unplug() {
    if (master_ >= 0) ::close(master_);
    master_ = -1;
  }
  [[nodiscard]] termios2 settings() const {
    termios2 result{};
    REQUIRE(::ioctl(master_, TCGETS2, &result) == 0);
    return result;
  }
  [[nodiscard]] const std::string& tty() const { return tty_; }

 private:
  int master_;
  std::string tty_;
};

/// A link on a loop of its own, and the name by which its device is configured.
struct Bench {
  TempDir dir;
  std::filesystem::path name = dir.path() / "by-id";
  MemorySink sink;
  boost::asio::io_context loop;
  std::unique_ptr<SerialLink> link;
  std::thread thread;
  bridge::StreamFramer framer{[](std::string_view line) { return line == "whole"; }};

  void plug(const Device& device) const {
    std::filesystem::remove(name);
    std::filesystem::create_symlink(device.tty(), name);
  }
  void start(const std::string& format = "8N1", unsigned baud = 115200) {
    SerialLink::Options options{"door",
                                name,
                                parse_format(format, baud).value(),
                                {},
                                [] { return BootTime(std::chrono::steady_clock::now().time_since_epoch()); },
                                framer,
                                {}};
    link = std::make_unique<SerialLink>(loop, std::move(options), sink);
    link->start();
    thread = std::thread([this] {
      const auto work = boost::asio::make_work_guard(loop);
      loop.run();
    });
  }
  void await_up() const {
    REQUIRE(eventually([&] { return link->state().up; }));
  }
  [[nodiscard]] bool await(const std::vector<std::string>& lines) const {
    return eventually([&] { return sink.payloads() == lines; });
  }
  ~Bench() {
    loop.stop();
    if (thread.joinable()) thread.join();
    if (link) link->stop();
  }
};

}  // namespace

TEST_CASE("serial: lines arrive one by one, however they were cut up and ended") {
  const Device device;
  Bench bench;
  bench.plug(device);
  bench.start();
  bench.await_up();
  device.say("in 1\r\nin 2\nin");
  device.say(" 3\r");
  device.say("\n\nin 4\n");
  CHECK(bench.await({"in 1", "in 2", "in 3", "in 4"}));
  CHECK(bench.link->state().frames == 4);
  CHECK(bench.link->state().trouble.empty());
}

TEST_CASE("serial: any rate and format reaches the device, raw, without hanging up at the end") {
  const Device device;
  Bench bench;
  bench.plug(device);
  bench.start("7E2", 31250);
  bench.await_up();
  const termios2 settings = device.settings();
  CHECK(settings.c_ospeed == 31250);
  CHECK(settings.c_ispeed == 31250);
  // A pseudo terminal always has 8 bits; what else was asked for shows.
  CHECK((settings.c_cflag & CSTOPB) != 0);
  CHECK((settings.c_cflag & HUPCL) == 0);
  CHECK((settings.c_lflag & (ICANON | ECHO | ISIG)) == 0);
  CHECK((settings.c_iflag & IGNPAR) == 0);  // a byte that came in wrong must not vanish from its line
  CHECK((settings.c_iflag & (ICRNL | IXON)) == 0);
  device.say("a\x03\x11z\n");
  CHECK(bench.await({"a\x03\x11z"}));
}

TEST_CASE("serial: an adapter that comes back as another tty is read again under its name") {
  auto first = std::make_unique<Device>();
  const Device second;
  REQUIRE(first->tty() != second.tty());
  Bench bench;
  bench.plug(*first);
  bench.start();
  bench.await_up();
  first->say("before\nhalf a li");
  REQUIRE(bench.await({"before"}));
  first->unplug();
  std::filesystem::remove(bench.name);
  REQUIRE(eventually([&] { return !bench.link->state().up; }));
  CHECK(bench.link->state().trouble.find(bench.name.string()) != std::string::npos);
  bench.plug(second);
  bench.await_up();
  second.say("after\n");
  CHECK(bench.await({"before", "after"}));  // the half line was not glued to the next device's first
}

TEST_CASE("serial: a device that is not there is named, and found when it comes") {
  Bench bench;
  bench.start();
  REQUIRE(eventually([&] { return !bench.link->state().trouble.empty(); }));
  CHECK(bench.link->state().trouble.find(bench.name.string() + " is not there") != std::string::npos);
  const Device device;
  bench.plug(device);
  bench.await_up();
  device.say("hello\n");
  CHECK(bench.await({"hello"}));
}

TEST_CASE("serial: what is no serial device is refused in words") {
  Bench bench;
  std::ofstream(bench.name) << "text";
  bench.start();
  REQUIRE(eventually([&] { return !bench.link->state().trouble.empty(); }));
  CHECK(bench.link->state().trouble == bench.name.string() + " is no serial device");
}

TEST_CASE("serial: a second reader of the same device is told that it is in use") {
  const Device device;
  Bench bench, other;
  bench.plug(device);
  other.plug(device);
  bench.start();
  bench.await_up();
  other.start();
  REQUIRE(eventually([&] { return !other.link->state().trouble.empty(); }));
  CHECK(other.link->state().trouble.find("in use by another program") != std::string::npos);
}

TEST_CASE("serial: lines that cannot be kept are offered again, in order, with the time they came") {
  const Device device;
  Bench bench;
  bench.plug(device);
  bench.start();
  bench.await_up();
  bench.sink.refuse(true);
  device.say("1\n2\n3\nwhole");
  REQUIRE(eventually([&] { return bench.sink.refused() > 2 && !bench.link->state().trouble.empty(); }));
  CHECK(bench.sink.payloads().empty());
  const BootTime refused_until(std::chrono::steady_clock::now().time_since_epoch());
  bench.sink.refuse(false);
  REQUIRE(bench.await({"1", "2", "3", "whole"}));
  CHECK(bench.sink.kept()[0].arrived < refused_until);
  CHECK(bench.sink.kept()[2].arrived < refused_until);
  REQUIRE(eventually([&] { return bench.link->state().trouble.empty(); }));
  device.say("4\n");
  CHECK(bench.await({"1", "2", "3", "whole", "4"}));
}

TEST_CASE("serial: a line without an end is passed on after a silence only where that is safe") {
  const Device device;
  Bench bench;
  bench.plug(device);
  bench.start();
  bench.await_up();
  device.say("whole");
  REQUIRE(bench.await({"whole"}));
  device.say("12");
  std::this_thread::sleep_for(400ms);  // longer than the silence that would end a line
  device.say("3\n");
  CHECK(bench.await({"whole", "123"}));
}

TEST_CASE("serial: noise neither ends the link nor swallows the line after it") {
  const Device device;
  Bench bench;
  bench.plug(device);
  bench.start();
  bench.await_up();
  std::mt19937 random(3);
  for (int i = 0; i < 50; ++i) {
    std::string noise;
    for (int k = 0; k < 1000; ++k) noise.push_back(static_cast<char>(random()));
    device.say(noise);
  }
  device.say("\nPeople: 7\n");
  CHECK(eventually([&] {
    const auto lines = bench.sink.payloads();
    return !lines.empty() && lines.back() == "People: 7";
  }));
  for (const auto& line : bench.sink.payloads()) CHECK(line.size() <= 4096);
}

TEST_CASE("serial: a format that cannot be is refused with an example") {
  for (const char* text : {"", "8", "9N1", "8X1", "8N3", "8N1 "}) {
    CAPTURE(text);
    const auto format = parse_format(text, 9600);
    REQUIRE_FALSE(format);
    CHECK(format.error().message.find("8N1") != std::string::npos);
  }
  CHECK_FALSE(parse_format("8N1", 0));
  REQUIRE(parse_format("7E2", 1200));
}

namespace {

/// Packets are '<', a length digit, so many bytes, '>'.
class AnglePackets final : public bridge::Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "angle"; }
  [[nodiscard]] std::string_view summary() const override { return "packets for tests"; }
  [[nodiscard]] bridge::Framing framing() const override { return bridge::Framing::packets; }
  [[nodiscard]] bridge::PacketCut next_packet(std::string_view bytes) const override {
    const std::size_t at = std::min(bytes.find('<'), bytes.size());
    const std::string_view rest = bytes.substr(at);
    if (rest.size() < 2 || rest.size() < static_cast<std::size_t>(rest[1] - '0') + 3) return {at, 0};
    return {at, static_cast<std::size_t>(rest[1] - '0') + 3};
  }
  void decode(const bridge::Frame&, const bridge::DecodeSettings&, bridge::DecodeSession&,
              bridge::Decoded&) const override {}
};

const AnglePackets kPackets;

}  // namespace

TEST_CASE("serial: binary packets arrive one by one, however they were cut up, and noise between them too") {
  const Device device;
  Bench bench;
  bench.framer = bridge::StreamFramer(kPackets);
  bench.plug(device);
  bench.start("8N1", 256000);
  bench.await_up();
  device.say("\n");  // the rest of a packet that began before anybody listened
  device.say("<2a");
  device.say("\n><1\r>no");
  device.say("ise<0>");
  CHECK(bench.await({"<2a\n>", "<1\r>", "noise", "<0>"}));
}

TEST_CASE("serial: a packet that does not end is given up after a short silence") {
  const Device device;
  Bench bench;
  bench.framer = bridge::StreamFramer(kPackets);
  bench.plug(device);
  bench.start();
  bench.await_up();
  device.say("<0><9abc");
  REQUIRE(bench.await({"<0>", "<9abc"}));  // nothing else came: the timer gave it up
  device.say("<1d>");
  CHECK(bench.await({"<0>", "<9abc", "<1d>"}));
}

TEST_CASE("serial: half a packet of an adapter that went away is not glued to the next one's first") {
  auto first = std::make_unique<Device>();
  const Device second;
  Bench bench;
  bench.framer = bridge::StreamFramer(kPackets);
  bench.plug(*first);
  bench.start("8N1", 50);  // so slow a line that its silence takes a second
  bench.await_up();
  first->say("<0><9abc");
  REQUIRE(bench.await({"<0>"}));
  first->unplug();
  std::filesystem::remove(bench.name);
  REQUIRE(eventually([&] { return !bench.link->state().up; }));
  bench.plug(second);
  bench.await_up();
  second.say("d><1e>");
  CHECK(bench.await({"<0>", "<1e>"}));
}
