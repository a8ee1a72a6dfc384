#include "gateway/app/discovery.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "gateway/store/redact.hpp"

namespace lintel::app {

namespace {

constexpr std::size_t kLongestSample = 200;
constexpr std::size_t kMostFrames = 2000;

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, kLongestSample)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte >= 0x7F ? (byte == '\n' || byte == '\r' || byte == '\t' ? ' ' : '.') : c;
  }
  return result;
}

class Search {
 public:
  Search(store::Store& store, const Pipeline& pipeline, const bridge::decoders::Registry& registry)
      : store_(store), pipeline_(pipeline), registry_(registry) {}

  void counted() {
    for (const auto& [serial, sensor] : store_.sensors().all()) {
      if (sensor.lifecycle != "planning" || sensor.last_data == UtcMs{}) continue;
      found_.push_back({serial, sensor.link, {}, "counted", {sensor.model}, 0, {}});
    }
  }

  void refused() {
    auto newest = store_.db().prepare(
        "select q.link, q.topic, q.payload, s.n from (select link, topic, max(id) as last, count(*) as n "
        "from quarantine where kind <> 'crash' group by 1, 2 order by last desc limit ?) s join quarantine q "
        "on q.id = s.last");
    newest.bind(static_cast<std::int64_t>(kMostFrames));
    while (newest.step()) {
      Candidate candidate;
      candidate.link = newest.text(0);
      candidate.topic = newest.text(1);
      candidate.source = "refused";
      candidate.messages = static_cast<std::uint64_t>(newest.integer(3));
      add(std::move(candidate), newest.text(2));
    }
  }

  void heard(const Heard& heard) {
    for (const auto& topic : heard.topics()) {
      if (pipeline_.takes(topic.link, topic.topic)) continue;
      add({{}, topic.link, topic.topic, "heard", {}, topic.messages, {}}, topic.payload);
    }
  }

  std::vector<Candidate> take() {
    std::stable_sort(found_.begin(), found_.end(), [](const Candidate& a, const Candidate& b) {
      return std::pair(a.decoders.empty(), a.serial) < std::pair(b.decoders.empty(), b.serial);
    });
    return std::move(found_);
  }

 private:
  void add(Candidate candidate, std::string_view payload) {
    bridge::Frame frame;
    frame.link = candidate.link;
    frame.topic = candidate.topic;
    frame.payload = payload;
    for (const auto& decoder : registry_.all()) {
      if (!decoder->recognises(frame)) continue;
      candidate.decoders.emplace_back(decoder->name());
      if (candidate.serial.empty()) candidate.serial = identity(*decoder, frame);
    }
    if (const auto* sensor = store_.sensors().find(candidate.serial)) {
      if (sensor->lifecycle != "planning") return;
    }
    candidate.sample =
        printable(store::redact(payload, candidate.topic, "00000000-0000-0000-0000-000000000000").payload);
    const auto twin = std::find_if(found_.begin(), found_.end(), [&](const Candidate& other) {
      return other.link == candidate.link &&
             (candidate.serial.empty() ? other.topic == candidate.topic : other.serial == candidate.serial);
    });
    if (twin == found_.end()) return found_.push_back(std::move(candidate));
    // What counts on its own needs no topic, only a sample to be recognised by.
    if (twin->sample.empty()) twin->sample = candidate.sample;
  }

  static std::string identity(const bridge::Decoder& decoder, const bridge::Frame& frame) {
    bridge::Decoded decoded;
    bridge::DecodeSession session;
    decoder.decode(frame, {}, session, decoded);
    if (!decoded.observations.empty()) return decoded.observations.front().sensor;
    return decoded.reports.empty() ? std::string() : decoded.reports.front().sensor;
  }

  store::Store& store_;
  const Pipeline& pipeline_;
  const bridge::decoders::Registry& registry_;
  std::vector<Candidate> found_;
};

}  // namespace

std::vector<Candidate> candidates(store::Store& store, const Pipeline& pipeline,
                                  const bridge::decoders::Registry& registry, const Heard* heard) {
  Search search(store, pipeline, registry);
  search.counted();
  search.refused();
  if (heard != nullptr) search.heard(*heard);
  return search.take();
}

nlohmann::json to_json(const Candidate& candidate) {
  return {{"serial", candidate.serial}, {"link", candidate.link},         {"topic", candidate.topic},
          {"source", candidate.source}, {"decoders", candidate.decoders}, {"messages", candidate.messages},
          {"sample", candidate.sample}};
}

}  // namespace lintel::app
