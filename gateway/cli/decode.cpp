#include "gateway/cli/decode.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/hex.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/cli/decoded_text.hpp"
#include "gateway/cli/options.hpp"
#include "gateway/config/nearest.hpp"

namespace lintel::cli {

namespace {

namespace po = boost::program_options;
using nlohmann::json;
using namespace lintel::bridge;

constexpr int kRejected = 1;
constexpr int kUnusable = 2;
constexpr const char* kUsage =
    "usage: lintel decode DECODER FILE [--topic TOPIC] [--hex] [--port PORT]\n"
    "                     [--map LINE:in=CHANNEL,out=CHANNEL]... [--json]\n"
    "       lintel decode --cases FILE\n";

Frame frame_of(std::string_view payload, std::string_view topic) {
  Frame frame;
  frame.payload = payload;
  frame.topic = topic;
  return frame;
}

/// Passes bytes to a decoder the way a link would, and collects everything it says.
class Run {
 public:
  Run(const Decoder& decoder, const DecodeSettings& settings)
      : decoder_(decoder), settings_(settings), framer_(decoder) {}

  void message(Frame frame) {
    frame.link = "decode";
    decoded_.clear();
    decoder_.decode(frame, settings_, session_, decoded_);
    append(decoded_.observations, all.observations);
    append(decoded_.rejects, all.rejects);
    append(decoded_.reports, all.reports);
    ++frames;
  }

  void stream(std::string_view bytes) {
    const auto on_frame = [this](std::string_view frame, bool overlong) {
      if (!overlong) return message(frame_of(frame, {}));
      all.rejects.push_back({RejectKind::length, fmt::format("a line longer than {} bytes", frame.size())});
      ++frames;
    };
    framer_.feed(bytes, on_frame);
    framer_.finish(on_frame);
  }

  Decoded all;
  std::size_t frames = 0;

 private:
  template <class T>
  static void append(std::vector<T>& from, std::vector<T>& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }

  const Decoder& decoder_;
  const DecodeSettings& settings_;
  DecodeSession session_;
  StreamFramer framer_;
  Decoded decoded_;
};

Result<std::string> read_file(const std::string& name) {
  std::ifstream file;
  if (name != "-") file.open(name, std::ios::binary);
  std::istream& in = name == "-" ? std::cin : file;
  std::string bytes;
  char chunk[65536];
  while (in && (in.read(chunk, sizeof chunk), in.gcount() > 0))
    bytes.append(chunk, static_cast<std::size_t>(in.gcount()));
  if (in.eof()) return bytes;
  std::error_code error;
  if (name != "-" && !std::filesystem::exists(name, error) && !error)
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot read {}: there is no such file{}", name, did_you_mean_file(name)));
  return fail(ErrorKind::misconfigured,
              "cannot read " + name + ": check that the file is there and readable");
}

/// "door:in=C1,out=C2"
Result<void> parse_map(const std::string& text, LineMap& lines) {
  const auto wrong = [&] {
    return fail(ErrorKind::misconfigured,
                "--map " + text + ": expected LINE:in=CHANNEL,out=CHANNEL, as door:in=C1,out=C2");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == text.size()) return wrong();
  ChannelMap channels;
  std::string rest = text.substr(colon + 1);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string part = rest.substr(0, comma);
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    if (part.starts_with("in=")) {
      channels.in = part.substr(3);
    } else if (part.starts_with("out=")) {
      channels.out = part.substr(4);
    } else {
      return wrong();
    }
  }
  if (channels.in.empty() && channels.out.empty()) return wrong();
  lines[text.substr(0, colon)] = std::move(channels);
  return {};
}

int unusable(std::ostream& err, const std::string& message) {
  err << "lintel decode: " << message << '\n';
  return kUnusable;
}

DecodeSettings settings_of(const json& test) {
  DecodeSettings settings;
  const json map = test.value("/settings/map"_json_pointer, json::object());
  for (const auto& [line, channels] : map.items())
    settings.lines[line] = {channels.value("in", ""), channels.value("out", "")};
  return settings;
}

/// May throw json::exception on a case of another shape.
json answer(const json& test, const decoders::Registry& known) {
  json result = {{"id", test.at("id")}, {"observations", json::array()}, {"rejects", json::array()}};
  const std::string name = test.at("decoder");
  const Decoder* decoder = known.find(name);
  if (decoder == nullptr) {
    result["rejects"].push_back({{"kind", "unsupported"}, {"message", "no decoder is called " + name}});
    return result;
  }
  const DecodeSettings settings = settings_of(test);
  Run run(*decoder, settings);
  std::string stream;
  for (const json& frame : test.at("frames")) {
    const auto bytes = from_hex(frame.at("hex").get<std::string>());
    if (!bytes) {
      result["rejects"].push_back({{"kind", "integrity"}, {"message", "the case's hex text is broken"}});
    } else if (test.value("stream", false)) {
      stream += *bytes;
    } else {
      const std::string topic = frame.value("request", frame.value("topic", ""));
      Frame message = frame_of(*bytes, topic);
      message.retained = frame.value("retained", false);
      if (frame.contains("fport")) message.port = frame.at("fport").get<std::uint8_t>();
      run.message(message);
    }
  }
  run.stream(stream);
  for (const Observation& observation : run.all.observations)
    result["observations"].push_back(to_json(observation));
  for (const Reject& reject : run.all.rejects) result["rejects"].push_back(to_json(reject));
  return result;
}

int decode_cases(const std::string& name, const decoders::Registry& known, std::ostream& out,
                 std::ostream& err) {
  const auto bytes = read_file(name);
  if (!bytes) return unusable(err, bytes.error().message);
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < bytes->size();) {
    const std::size_t end = std::min(bytes->find('\n', begin), bytes->size());
    const std::string_view line(bytes->data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      out << dump(answer(json::parse(line), known)) << '\n';
    } catch (const json::exception& e) {
      return unusable(
          err, fmt::format("{}:{}: not a case ({}); each line is an object with id, decoder and frames", name,
                           number, e.what()));
    }
  }
  return 0;
}

struct Options {
  std::string decoder;
  std::string file;
  std::string cases;
  std::string topic;
  std::vector<std::string> maps;
  unsigned port = 0;  ///< LoRaWAN has no port 0 for applications: unknown
  bool is_hex = false;
  bool as_json = false;
  bool help = false;
};

po::options_description describe(Options& options) {
  po::options_description shown("options");
  auto add = shown.add_options();
  add("topic", po::value(&options.topic)->value_name("TOPIC"),
      "the MQTT topic that the payload came with; of Modbus the request in hex");
  add("map", po::value(&options.maps)->composing()->value_name("MAP"),
      "channels of a line: door:in=C1,out=C2");
  add("port", po::value(&options.port)->value_name("PORT"), "the LoRaWAN port that the payload came on");
  add("hex", po::bool_switch(&options.is_hex), "FILE holds the payload in hex digits");
  add("json", po::bool_switch(&options.as_json), "print JSON lines instead of a table");
  add("cases", po::value(&options.cases)->value_name("FILE"),
      "answer every case of a corpus, one JSON line each");
  add("help,h", po::bool_switch(&options.help), "print this");
  return shown;
}

Result<Options> parse(std::span<const std::string> args) {
  Options options;
  po::options_description all;
  all.add(describe(options));
  auto add = all.add_options();
  add("decoder", po::value(&options.decoder));
  add("file", po::value(&options.file));
  po::positional_options_description positions;
  positions.add("decoder", 1).add("file", 1);
  try {
    const std::vector<std::string> words(args.begin(), args.end());
    po::variables_map map;
    po::store(po::command_line_parser(words).options(all).positional(positions).run(), map);
    po::notify(map);
  } catch (const po::error& e) {
    return fail(ErrorKind::misconfigured, e.what());
  }
  if (options.port > 255) return fail(ErrorKind::misconfigured, "--port: expected 1 to 255");
  return options;
}

std::string list_decoders(const decoders::Registry& known) {
  std::string text = "decoders:\n";
  for (const auto& decoder : known.all())
    text += fmt::format("  {:<26} {}\n", decoder->name(), decoder->summary());
  return text;
}

int unknown_decoder(const std::string& name, const decoders::Registry& known, std::ostream& err) {
  std::vector<std::string_view> names;
  for (const auto& decoder : known.all()) names.push_back(decoder->name());
  unusable(err, "no decoder is called " + name + ": " + config::suggest(name, names));
  err << list_decoders(known);
  return kUnusable;
}

Result<std::string> read_payload(const Options& options) {
  auto bytes = read_file(options.file);
  if (!bytes || !options.is_hex) return bytes;
  std::erase_if(*bytes, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  if (auto payload = from_hex(*bytes)) return *payload;
  return fail(ErrorKind::misconfigured, options.file + ": expected an even number of hex digits and blanks");
}

int decode_file(const Decoder& decoder, const Options& options, std::ostream& out, std::ostream& err) {
  DecodeSettings settings;
  for (const std::string& map : options.maps)
    if (const auto parsed = parse_map(map, settings.lines); !parsed)
      return unusable(err, parsed.error().message);
  const auto bytes = read_payload(options);
  if (!bytes) return unusable(err, bytes.error().message);
  Run run(decoder, settings);
  if (options.topic.empty() && StreamFramer::carries(decoder)) {
    run.stream(*bytes);
  } else {
    Frame frame = frame_of(*bytes, options.topic);
    if (options.port != 0) frame.port = static_cast<std::uint8_t>(options.port);
    run.message(frame);
  }
  if (options.as_json) {
    print_lines(run.all, out);
  } else {
    print_table(run.all, run.frames, out);
  }
  return run.all.rejects.empty() ? 0 : kRejected;
}

}  // namespace

int decode(std::span<const std::string> args, const decoders::Registry& known, std::ostream& out,
           std::ostream& err) {
  const auto options = parse(args);
  if (!options) {
    unusable(err, options.error().message);
    err << kUsage;
    return kUnusable;
  }
  if (options->help) {
    Options scratch;
    out << kUsage << describe(scratch) << list_decoders(known);
    return 0;
  }
  if (!options->cases.empty()) return decode_cases(options->cases, known, out, err);
  if (options->decoder.empty() || options->file.empty()) {
    err << kUsage << list_decoders(known);
    return kUnusable;
  }
  const Decoder* decoder = known.find(options->decoder);
  if (decoder == nullptr) return unknown_decoder(options->decoder, known, err);
  return decode_file(*decoder, *options, out, err);
}

}  // namespace lintel::cli
