#include "gateway/app/explain_text.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/moments.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

std::string word(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string count(const json& value) {
  return value.is_null() ? "-" : std::to_string(value.get<std::int64_t>());
}

std::string lasting(std::int64_t ms) {
  if (ms == 0) return "passage";
  if (ms < 120'000) return fmt::format("{:g} s", static_cast<double>(ms) / 1000);
  if (ms < 7'200'000) return fmt::format("{:.3g} min", static_cast<double>(ms) / 60'000);
  return fmt::format("{:.3g} h", static_cast<double>(ms) / 3'600'000);
}

std::string line_of(const json& entry) {
  const auto line = word(entry["line"]);
  return line.empty() ? line : fmt::format("line {}, ", line);
}

class Explanation {
 public:
  Explanation(const json& answer, const clock::Zone& zone, bool payloads, std::ostream& out)
      : answer_(answer), zone_(zone), payloads_(payloads), out_(out) {}

  void print() {
    const auto& sensor = answer_["sensor"];
    out_ << fmt::format("{} ({}), {} on link {}\n{} to {}, {}\n\n", word(sensor["name"]),
                        word(sensor["serial"]), word(sensor["decoder"]), word(sensor["link"]),
                        time(answer_["from"]), time(answer_["to"]), zone_.name());
    sums();
    readings();
    nobody();
    people();
    limits();
  }

 private:
  [[nodiscard]] std::string time(const json& ms) const {
    return cli::local_text(utc_ms(ms.get<std::int64_t>()), zone_);
  }

  void sums() {
    if (answer_["sums"].empty()) {
      out_ << "No reading begins in this time: nobody was counted, and nobody said zero.\n";
    }
    for (const auto& sum : answer_["sums"]) {
      out_ << fmt::format("{}{} in, {} out, from {} readings\n", line_of(sum), count(sum["in"]),
                          count(sum["out"]), count(sum["readings"]));
      part(sum, "over_gaps", "of these over silences of more than an hour");
      part(sum, "estimated", "beside these estimated");
      part(sum, "discarded", "discarded by people");
    }
  }

  void part(const json& sum, const std::string& key, const char* text) {
    const auto &in = sum[key + "_in"], &out = sum[key + "_out"];
    if (in != 0 || out != 0) out_ << fmt::format("  {}: {} in, {} out\n", text, count(in), count(out));
  }

  void message(const json& message) {
    const auto topic = word(message["topic"]);
    out_ << fmt::format("    {} on {}{}: {} of {} in, {} out; came {}{}\n", word(message["decoder"]),
                        word(message["link"]), topic.empty() ? "" : " " + topic, word(message["kind"]),
                        count(message["said_in"]), count(message["said_out"]), time(message["arrival"]),
                        message.value("retained", false) ? ", kept by the broker" : "");
    if (!payloads_) return;
    out_ << "    "
         << (message.contains("text") ? word(message["text"]) : "hex " + message.value("hex", std::string()))
         << '\n';
  }

  void readings() {
    if (answer_["readings"].empty()) return;
    out_ << fmt::format("\n{:<23} {:>8} {:>5} {:>5}  {}\n", "BEGINS", "LASTS", "IN", "OUT", "WHY");
    for (const auto& reading : answer_["readings"]) {
      const auto ms = reading["to"].get<std::int64_t>() - reading["from"].get<std::int64_t>();
      out_ << fmt::format(
          "{:<23} {:>8} {:>5} {:>5}  {}{}\n", time(reading["from"]), lasting(ms), count(reading["in"]),
          count(reading["out"]), line_of(reading),
          reading["why"].is_null() ? "the message behind it is not kept any more" : word(reading["why"]));
      remarks(reading);
      if (reading.contains("message")) message(reading["message"]);
    }
    if (answer_["more_readings"] != 0) {
      out_ << fmt::format("and {} more; --limit N lists them\n", count(answer_["more_readings"]));
    }
  }

  void remarks(const json& reading) {
    std::vector<std::string> remarks;
    for (const auto& flag : reading["flags"]) remarks.push_back(word(flag));
    const bool first = reading["revision"] == 1;
    if (!first) remarks.push_back(fmt::format("revision {}", count(reading["revision"])));
    if (!reading["moved_from"].is_null()) remarks.push_back("moved from " + time(reading["moved_from"]));
    if (first && reading.contains("counted_in") &&
        (reading["counted_in"] != reading["in"] || reading["counted_out"] != reading["out"])) {
      remarks.push_back(fmt::format("of {} in, {} out the rest was counted by other messages",
                                    count(reading["counted_in"]), count(reading["counted_out"])));
    }
    if (reading.contains("disagreement")) {
      const auto& both = reading["disagreement"];
      remarks.push_back(fmt::format("the total moved by {}, its details tell of {}: the total is believed",
                                    count(both["by_total"]), count(both["one_by_one"])));
    }
    const auto hq = word(reading["hq"]);
    if (hq == "waiting") {
      remarks.emplace_back("not yet at HQ");
    } else if (hq != "confirmed") {
      remarks.push_back("refused by HQ: " + hq);
    }
    if (!remarks.empty()) out_ << fmt::format("    {}\n", fmt::join(remarks, ", "));
  }

  void nobody() {
    if (answer_["nobody"].empty()) return;
    out_ << "\nMessages that added nobody:\n";
    for (const auto& entry : answer_["nobody"]) {
      out_ << fmt::format("{:<23} {}{}\n", time(entry["message"]["to"]), line_of(entry), word(entry["why"]));
      message(entry["message"]);
    }
    if (answer_["more_nobody"] != 0) {
      out_ << fmt::format("and {} more; --limit N lists them\n", count(answer_["more_nobody"]));
    }
  }

  void people() {
    for (const auto& one : answer_["corrections"]) {
      out_ << fmt::format("\n{} {} said: {} {}{} to {}, because \"{}\"; {} readings changed{}\n",
                          time(one["at"]), word(one["actor"]), word(one["action"]), line_of(one),
                          time(one["from"]), time(one["to"]), word(one["reason"]), count(one["changed"]),
                          one.value("finished", true) ? "" : " so far");
    }
    const auto& directions = answer_["directions"];
    if (directions.size() == 1 && !directions[0].value("inverted", false)) return;
    out_ << '\n';
    for (const auto& one : directions) {
      out_ << fmt::format("{}: mounted {}\n", one["until"].is_null() ? "now" : "until " + time(one["until"]),
                          one.value("inverted", false) ? "inverted" : "as the device says");
    }
  }

  void limits() {
    const auto& kept = answer_["evidence"];
    if (kept["oldest"].is_null()) {
      out_ << "\nNo messages are kept as evidence ([storage] evidence_mb).\n";
    } else if (kept["oldest"] > answer_["from"]) {
      out_ << fmt::format("\nMessages are kept since {}.\n", time(kept["oldest"]));
    }
    if (kept["lost"] != 0) {
      out_ << fmt::format(
          "{} messages were counted but could not be kept, because the disk was full or slow.\n",
          count(kept["lost"]));
    }
    if (kept["more"] == true) {
      out_ << "There are more messages than can be searched at once: ask for less time.\n";
    }
  }

  const json& answer_;
  const clock::Zone& zone_;
  bool payloads_;
  std::ostream& out_;
};

}  // namespace

void print_explanation(const json& answer, const clock::Zone& zone, bool payloads, std::ostream& out) {
  Explanation(answer, zone, payloads, out).print();
}

}  // namespace lintel::app
