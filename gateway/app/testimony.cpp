#include "gateway/app/testimony.hpp"

namespace lintel::app {

evidence::Judged judged(const std::string& serial, const std::string& line,
                        const counting::Statement& statement, const counting::Outcome& outcome) {
  evidence::Judged judged;
  judged.sensor = serial;
  judged.line = line;
  judged.kind = bridge::to_string(statement.kind);
  judged.said_in = statement.count_in;
  judged.said_out = statement.count_out;
  judged.from = statement.from;
  judged.at = statement.at;
  judged.rule = counting::to_string(outcome.rule);
  if (outcome.disagreement) {
    judged.by_total = outcome.disagreement->by_total;
    judged.one_by_one = outcome.disagreement->one_by_one;
  }
  return judged;
}

evidence::Judged judged(const std::string& serial, const std::string& region,
                        const store::Presence& presence) {
  evidence::Judged judged;
  judged.sensor = serial;
  judged.line = region;
  judged.kind = bridge::to_string(bridge::Kind::level);
  judged.said_in = presence.occupancy;
  judged.from = judged.at = presence.at;
  judged.rule = counting::to_string(counting::Rule::no_passage);
  judged.counted = true;
  judged.started = presence.at;
  judged.count_in = presence.occupancy;
  return judged;
}

void set_reading(evidence::Judged& judged, const store::Reading& reading) {
  judged.counted = true;
  judged.started = reading.started;
  judged.duration = reading.duration;
  judged.count_in = reading.count_in;
  judged.count_out = reading.count_out;
}

}  // namespace lintel::app
