#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/decoders/byte_reader.hpp"
#include "firmware-bridge/decoders/registry.hpp"

/// Runs the fuzz entry point without libFuzzer: seeded mutations of the corpus, the same on every machine.
/// usage: fuzz_decoders CORPUS_DIR [SECONDS [SEED]]. On a crash the input is kept in fuzz-crash.bin.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Random = std::mt19937_64;

/// The payloads that a file holds in hex, of formats that are no text.
void add_vectors(std::string_view file, std::vector<std::string>& samples) {
  constexpr std::string_view kHex = "\"hex\": \"";
  for (std::size_t at = file.find(kHex); at != std::string_view::npos; at = file.find(kHex, at)) {
    at += kHex.size();
    const auto bytes = lintel::bridge::decoders::from_hex(file.substr(at, file.find('"', at) - at));
    if (bytes) samples.push_back(*bytes);
  }
}

std::vector<std::string> read_samples(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> samples;
  for (const auto& path : paths) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    std::string bytes = content.str();
    const std::size_t payload = bytes.find("payload: ");
    if (bytes.size() > 8192) continue;  // lists of cases
    add_vectors(bytes, samples);
    samples.push_back(payload == std::string::npos ? bytes : bytes.substr(payload + 9));
  }
  return samples;
}

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

void mutate(std::string& bytes, const std::vector<std::string>& samples, Random& random) {
  static const char* const kTokens[] = {"-1",
                                        "1e309",
                                        "18446744073709551616",
                                        "null",
                                        "[",
                                        "{\"",
                                        "\"",
                                        "\\u0000",
                                        "0.5",
                                        "true",
                                        "-00:00",
                                        "\r\n",
                                        "\n+\n",
                                        ",",
                                        "}",
                                        "Walk In, People Count="};
  const std::size_t at = below(random, bytes.size() + 1);
  switch (random() % 7) {
    case 0:
      if (!bytes.empty()) bytes[below(random, bytes.size())] ^= static_cast<char>(1u << (random() % 8));
      break;
    case 1: bytes.insert(at, 1, static_cast<char>(random())); break;
    case 2: bytes.erase(at, below(random, 16)); break;
    case 3: bytes.insert(at, kTokens[random() % std::size(kTokens)]); break;
    case 4: bytes.insert(at, bytes.substr(below(random, bytes.size()), below(random, 200))); break;
    case 5: bytes.resize(at); break;
    default: {
      const std::string& other = samples[random() % samples.size()];
      bytes = bytes.substr(0, at) + other.substr(below(random, other.size()));
    }
  }
}

std::vector<std::string> hostile() {
  std::string noise;
  Random random(1);
  while (noise.size() < 1'000'000) noise += static_cast<char>(random());
  return {std::string(1'000'000, '['),
          std::string(1'000'000, '{'),
          std::string(1'000'000, '+'),
          std::string(1'000'000, '\0'),
          std::string(1'000'000, '\n'),
          std::string(1'000'000, '9'),
          noise};
}

/// The two bytes that choose decoder and transport.
std::string head(std::size_t decoder, int transport) {
  return {static_cast<char>(decoder), static_cast<char>(transport)};
}

/// The input being decoded, for the crash handler, which may only use what is safe in a signal.
const std::string* current = nullptr;

void save_input(int signal) {
  const int file = ::open("fuzz-crash.bin", O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (file >= 0 && current != nullptr) {
    const auto written = ::write(file, current->data(), current->size());
    static_cast<void>(written);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const std::string& bytes) {
  current = &bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  current = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s CORPUS_DIR [SECONDS [SEED]]\n", argv[0]), 2;
  const auto samples = read_samples(argv[1]);
  if (samples.empty()) return std::fprintf(stderr, "%s: no samples in %s\n", argv[0], argv[1]), 2;
  const std::chrono::seconds duration{argc > 2 ? std::atoi(argv[2]) : 20};
  Random random(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20240530);
  const auto end = std::chrono::steady_clock::now() + duration;

  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, save_input);
  const std::size_t decoders = lintel::bridge::decoders::Registry::built_in().all().size();
  for (const std::string& bytes : hostile())
    for (std::size_t decoder = 0; decoder < decoders; ++decoder)
      for (const int transport : {0x00, 0x01, 0x03, 0x40}) run(head(decoder, transport) + bytes);
  std::size_t rounds = 0;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    std::string bytes = samples[random() % samples.size()];
    for (std::size_t steps = 1 + random() % 6; steps > 0; --steps) mutate(bytes, samples, random);
    run(head(random() % decoders, static_cast<int>(random())) + bytes);
  }
  std::printf("%zu mutated inputs, no promise broken\n", rounds);
  return 0;
}
