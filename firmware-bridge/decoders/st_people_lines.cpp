#include "firmware-bridge/decoders/st_people_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxLine = 256;
constexpr std::int64_t kMaxPeople = 1'000'000;
constexpr std::size_t kShortestDebugText = 4;

bool is_plus_minus(std::string_view line) {
  return !line.empty() && line.find_first_not_of("+-") == std::string_view::npos;
}

bool is_printable(char c) {
  return (c >= ' ' && c <= '~') || c == '\t';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A number of people in a line; nothing when it is none or beyond all reason.
std::optional<std::int64_t> people(std::string_view text) {
  const auto number = whole_number(text);
  if (!number || *number > kMaxPeople || *number < -kMaxPeople) return std::nullopt;
  return number;
}

/// "zone,distance,minimum distance,range status,people count", printed while somebody is near.
bool is_trace(std::string_view line) {
  for (int field = 0; field < 4; ++field) {
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos || !whole_number(line.substr(0, comma))) return false;
    line.remove_prefix(comma + 1);
  }
  return whole_number(line).has_value();
}

/// What the sketch prints about itself; only whole lines or their documented beginnings.
bool is_status(std::string_view line) {
  return line.starts_with("Start counting people with profile") || line == "Wrong path" ||
         line.starts_with("Error in operating the device");
}

/// Text that cannot be what is left of a count.
bool is_debug_text(std::string_view line) {
  if (line.size() < kShortestDebugText || !is_letter(line.front())) return false;
  if (!std::all_of(line.begin(), line.end(), is_printable)) return false;
  return line.find("Walk") == std::string_view::npos && line.find("Count") == std::string_view::npos;
}

class LineReader {
 public:
  LineReader(DecodeSession& session, Decoded& out) : session_(session), out_(out) {}

  void read(std::string_view line) {
    const bool after_noise = std::exchange(session_.noisy, false);
    const bool bare = is_plus_minus(line) || people(line);
    if (line.size() > kMaxLine) {
      refuse(RejectKind::length, fmt::format("a line of {} bytes is longer than {}: ", line.size(), kMaxLine),
             line);
    } else if (bare && after_noise) {
      refuse(RejectKind::sanity, "right after bytes that are no text, this may be noise too: ", line);
    } else if (bare && session_.sentences) {
      refuse(RejectKind::length, "from a board that prints sentences, this is only the end of one: ", line);
    } else if (is_plus_minus(line)) {
      for (const char sign : line) passage(sign == '+', std::nullopt);
    } else if (!read_start(line) && !read_walk(line) && !read_level(line) && !is_trace(line) &&
               !is_status(line) && !is_debug_text(line)) {
      refuse_unknown(line);
    }
  }

 private:
  bool read_start(std::string_view line) {
    if (line != "Starting...") return false;
    session_.restarted = session_.counted;
    session_.sentences = true;
    return true;
  }

  bool read_walk(std::string_view line) {
    constexpr std::string_view kIn = "Walk In, People Count=";
    constexpr std::string_view kOut = "Walk Out, People Count=";
    const bool in = line.starts_with(kIn);
    if (!in && !line.starts_with(kOut)) return false;
    const auto net = people(line.substr(in ? kIn.size() : kOut.size()));
    if (!net) return false;
    session_.sentences = true;
    passage(in, net);
    return true;
  }

  bool read_level(std::string_view line) {
    const auto present = people(line);
    if (!present) return false;
    if (*present < 0) {
      refuse(RejectKind::sanity, "fewer than no people present: ", line);
      return true;
    }
    Observation observation;
    observation.kind = Kind::level;
    observation.occupancy = present;
    push(std::move(observation));
    return true;
  }

  void passage(bool in, std::optional<std::int64_t> net) {
    Observation observation;
    observation.kind = Kind::event;
    observation.count_in = in ? 1 : 0;
    observation.count_out = in ? 0 : 1;
    observation.occupancy = net;
    if (net && *net < 0) observation.flags.emplace_back("negative_net");
    push(std::move(observation));
  }

  void push(Observation observation) {
    if (std::exchange(session_.restarted, false)) observation.flags.emplace_back("device_restarted");
    session_.counted = true;
    out_.observations.push_back(std::move(observation));
  }

  void refuse_unknown(std::string_view line) {
    if (std::all_of(line.begin(), line.end(), is_printable))
      return refuse(RejectKind::unsupported, "not a line that these boards print: ", line);
    session_.noisy = true;
    refuse(RejectKind::integrity, "bytes that are no text (check the baud rate): ", line);
  }

  void refuse(RejectKind kind, std::string why, std::string_view line) {
    out_.rejects.push_back({kind, std::move(why) + excerpt(line)});
  }

  DecodeSession& session_;
  Decoded& out_;
};

}  // namespace

bool StPeopleLines::stands_alone(std::string_view unfinished) const {
  return is_plus_minus(unfinished);
}

void StPeopleLines::decode(const Frame& frame, const DecodeSettings&, DecodeSession& session,
                           Decoded& out) const {
  const std::string_view line = trim(frame.payload);
  if (!line.empty()) LineReader(session, out).read(line);
}

}  // namespace lintel::bridge::decoders
