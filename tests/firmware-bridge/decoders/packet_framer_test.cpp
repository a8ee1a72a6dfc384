#include "firmware-bridge/core/packet_framer.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using lintel::bridge::PacketCut;
using lintel::bridge::PacketFramer;

namespace {

using Frames = std::vector<std::string>;

/// Packets are '<', a length digit, so many bytes, '>'.
PacketCut cut(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] != '<') continue;
    if (bytes.size() - at < 2) return {at, 0};
    const int digit = bytes[at + 1] - '0';
    if (digit < 0 || digit > 9) continue;
    const std::size_t length = static_cast<std::size_t>(digit) + 3;
    if (bytes.size() - at < length) return {at, 0};
    if (bytes[at + length - 1] == '>') return {at, length};
  }
  return {bytes.size(), 0};
}

struct Stream {
  PacketFramer framer{cut};
  Frames frames;

  Stream& feed(std::string_view bytes) {
    framer.feed(bytes, [this](std::string_view frame) { frames.emplace_back(frame); });
    return *this;
  }
  Stream& silence() {
    framer.silence([this](std::string_view frame) { frames.emplace_back(frame); });
    return *this;
  }
  Stream& finish() {
    framer.finish([this](std::string_view frame) { frames.emplace_back(frame); });
    return *this;
  }
};

std::string joined(const Frames& frames) {
  std::string all;
  for (const auto& frame : frames) all += frame;
  return all;
}

}  // namespace

TEST_CASE("packets: they come out whole, and noise between them joined and in its place") {
  CHECK(Stream().feed("<1a><2bc>").frames == Frames{"<1a>", "<2bc>"});
  CHECK(Stream().feed("<1a>x").feed("yz<2bc>").frames == Frames{"<1a>", "xyz", "<2bc>"});
  CHECK(Stream().feed("<1a><9half<1b>").finish().frames == Frames{"<1a>", "<9half", "<1b>"});
}

TEST_CASE("packets: the rest of a packet at the beginning of a stream is passed over, more is not") {
  CHECK(Stream().feed("f>").feed("<1a>").frames == Frames{"<1a>"});
  const std::string much(PacketFramer::kMaxNoise, 'x');
  CHECK(Stream().feed(much.substr(1) + "<1a>").frames == Frames{"<1a>"});
  CHECK(Stream().feed(much + "<1a>").frames == Frames{much, "<1a>"});
  CHECK(Stream().feed("half a packet").silence().feed("noise").silence().frames == Frames{"noise"});
}

TEST_CASE("packets: a stream of noise alone is passed on at its end") {
  CHECK(Stream().feed("nothing").finish().frames == Frames{"nothing"});
  CHECK(Stream().finish().frames.empty());
}

TEST_CASE("packets: one that does not end is given up in a silence, and what it hid is found") {
  Stream stream;
  stream.feed("<0><9ab<1c><0>");
  CHECK(stream.frames == Frames{"<0>"});
  CHECK(stream.framer.pending());
  stream.silence();
  CHECK(stream.frames == Frames{"<0>", "<9ab", "<1c>", "<0>"});
  CHECK_FALSE(stream.framer.pending());
  CHECK(stream.feed("<1e>").frames.back() == "<1e>");
}

TEST_CASE("packets: a stream opened anew begins in the middle again") {
  Stream stream;
  stream.feed("<1a><9hal");
  stream.framer.reset();
  CHECK(stream.feed("f><1b>").frames == Frames{"<1a>", "<1b>"});
}

TEST_CASE("packets: endless noise comes in bounded frames, nothing of it is lost") {
  std::mt19937 random(5);
  std::string noise = "<0>";
  for (int i = 0; i < 100'000; ++i) noise += static_cast<char>(random());
  Stream stream;
  stream.feed(noise).finish();
  CHECK(joined(stream.frames) == noise);
  for (const auto& frame : stream.frames) CHECK(frame.size() <= PacketFramer::kMaxNoise);
}

TEST_CASE("packets: a decoder that waits for ever gets no more than the bound") {
  PacketFramer framer([](std::string_view bytes) {
    REQUIRE(bytes.size() <= PacketFramer::kMaxPacket);
    return PacketCut{0, 0};
  });
  std::size_t noise = 0;
  const std::string bytes(20'000, 'x');
  framer.feed(bytes, [&](std::string_view frame) { noise += frame.size(); });
  CHECK(noise >= bytes.size() - PacketFramer::kMaxPacket - PacketFramer::kMaxNoise);
  framer.finish([&](std::string_view frame) { noise += frame.size(); });
  CHECK(noise == bytes.size());
}

TEST_CASE("packets: a decoder that claims more than there is is not believed") {
  PacketFramer framer([](std::string_view) { return PacketCut{7, 5000}; });
  Frames frames;
  framer.feed("abcdefghij", [&](std::string_view frame) { frames.emplace_back(frame); });
  framer.finish([&](std::string_view frame) { frames.emplace_back(frame); });
  CHECK(joined(frames) == "hij");
}

TEST_CASE("packets: however a stream is chunked, the same frames come out") {
  std::mt19937 random(9);
  const std::string alphabet = "<<>>0123abc";
  for (int round = 0; round < 50; ++round) {
    std::string bytes;
    const std::size_t length = 1 + random() % 1500;
    while (bytes.size() < length)
      bytes +=
          random() % 8 == 0 ? std::string("<2xy>") : std::string(1, alphabet[random() % alphabet.size()]);
    const Frames expected = Stream().feed(bytes).finish().frames;
    Stream pieces;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random() % (round % 2 == 0 ? 3 : 60));
      pieces.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    REQUIRE(pieces.finish().frames == expected);
  }
}
