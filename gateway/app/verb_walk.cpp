// `lintel walk-test`: somebody walks through a door, the sensor counts, both are compared.
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <ostream>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/moments.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/config/values.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/members.hpp"
#include "gateway/walk/tests.hpp"

namespace lintel::app {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using status::text_of;

constexpr std::string_view kOptions[] = {"--config", "--set",  "--json", "--line",
                                         "--times",  "--name", "--note"};
constexpr auto kBetweenLooks = 500ms;

std::string line_text(const json& test) {
  const auto line = text_of(test, "line");
  return line.empty() ? "" : fmt::format(", line {}", line);
}

/// A line of standard input within `wait`; "": an empty one. Nothing: not yet. `ended` once there are no
/// more.
std::optional<std::string> typed(std::chrono::milliseconds wait, bool& ended) {
  if (std::cin.rdbuf()->in_avail() <= 0) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, static_cast<int>(wait.count())) <= 0) return std::nullopt;
  }
  std::string line;
  if (!std::getline(std::cin, line)) {
    ended = true;
    return std::nullopt;
  }
  return line;
}

/// The store's zone, for the times that people read.
clock::Zone zone_of(const config::Config& config) {
  std::string name = "UTC";
  if (auto db = cli::open_database(config)) {
    auto row = db->prepare("select timezone from stores where id = 1");
    if (row.step()) name = row.text(0);
  }
  const auto zone = clock::Zone::find(name);
  return zone ? *zone : clock::Zone::find("UTC").value();
}

/// "2026-11-21 09:00:00" of an instant in JSON.
std::string time_text(const json& object, const char* key, const clock::Zone& zone) {
  const auto at = status::instant_of(object, key);
  return at ? cli::local_text(*at, zone) : "";
}

/// One walk test with a person at the keyboard.
class Walk {
 public:
  Walk(const config::Config& config, std::ostream& out)
      : config_(config), out_(out), zone_(zone_of(config)) {}

  Result<json> run(const json& request, std::string name, std::string note) {
    auto begun = carry_out(config_, "walk-start", request);
    if (!begun) return begun;
    test_ = std::move(*begun);
    const auto times = test_.value("times", 0);
    out_ << fmt::format("{}{}. Let nobody else pass.\n", text_of(test_, "name"), line_text(test_));
    for (const char* way : {"in", "out"}) {
      out_ << fmt::format("Walk {} {} times, then press Enter.\n", way, times) << std::flush;
      if (auto walked = watch(way); !walked) return walked;
    }
    out_ << fmt::format("{} {}\n", test_["verdict"] == "passed" ? "PASSED." : "FAILED.",
                        text_of(test_, "text"));
    if (!text_of(test_, "advice").empty()) out_ << text_of(test_, "advice") << '\n';
    return sign(std::move(name), std::move(note));
  }

 private:
  /// Shows each passage until Enter, and then until the sensor has told all of it.
  Result<json> watch(const std::string& way) {
    bool pressed = false;
    while (test_["step"] == way || test_["step"] == "after_" + way) {
      std::optional<std::string> line;
      if (pressed) {
        ::poll(nullptr, 0, static_cast<int>(kBetweenLooks.count()));
      } else {
        line = typed(kBetweenLooks, ended_);
        if (ended_) return abandon();
      }
      auto looked = carry_out(config_, line ? "walk-next" : "walk-look", {{"id", test_["id"]}});
      if (!looked) return looked;
      test_ = std::move(*looked);
      show();
      if (line && test_["step"] == "after_" + way)
        out_ << "Waiting for what the sensor still has to tell ...\n" << std::flush;
      pressed = pressed || line.has_value();
    }
    return test_;
  }

  void show() {
    const auto& passages = test_["passages"];
    for (; shown_ < passages.size(); ++shown_) {
      const auto& passage = passages[shown_];
      out_ << fmt::format("  {}  {} in, {} out\n", time_text(passage, "to", zone_).substr(11, 8),
                          passage.value("in", 0), passage.value("out", 0))
           << std::flush;
    }
  }

  Result<json> abandon() {
    (void)carry_out(config_, "walk-cancel", {{"id", test_["id"]}});
    return fail(ErrorKind::rejected, "the walk test was left before its end and counts for nothing");
  }

  Result<json> sign(std::string name, std::string note) {
    if (name.empty()) {
      out_ << "Sign with your name (Enter: do not sign): " << std::flush;
      while (!ended_) {
        if (auto line = typed(kBetweenLooks, ended_)) {
          name = std::move(*line);
          break;
        }
      }
    }
    if (name.empty()) {
      out_ << "\nNot signed: HQ does not hear of it.\n";
      return test_;
    }
    auto signed_ = carry_out(config_, "walk-sign", {{"id", test_["id"]}, {"name", name}, {"note", note}});
    if (signed_) out_ << fmt::format("Signed by {}. HQ is told with the next sync.\n", name);
    return signed_;
  }

  const config::Config& config_;
  std::ostream& out_;
  const clock::Zone zone_;
  json test_;
  std::size_t shown_ = 0;
  bool ended_ = false;
};

int list(const config::Config& config, bool as_json, std::ostream& out, std::ostream& err) {
  const auto answer = carry_out(config, "walk-list", json::object());
  if (!answer) return cli::refuse(answer.error(), err);
  if (as_json) {
    out << answer->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return cli::kOk;
  }
  if ((*answer)["tests"].empty()) {
    out << "No door was tested yet: lintel walk-test SENSOR\n";
    return cli::kOk;
  }
  out << fmt::format("{:<17} {:<20} {:<10} {:<8} {}\n", "WHEN", "SENSOR", "LINE", "VERDICT", "SIGNED BY");
  const auto zone = zone_of(config);
  for (const auto& test : (*answer)["tests"]) {
    const auto verdict = test["verdict"].is_null() ? "goes on" : text_of(test, "verdict");
    out << fmt::format("{:<17} {} {} {:<8} {}\n", time_text(test, "began", zone).substr(0, 16),
                       fitted(text_of(test, "name"), 20), fitted(text_of(test, "line"), 10), verdict,
                       fitted(text_of(test, "signed_by"), 20));
  }
  return cli::kOk;
}

}  // namespace

int walk_test(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  json request = json::object();
  std::string name, note;
  for (const char* option : {"line", "times", "name", "note"}) {
    const auto value = take_option(rest, std::string("--") + option);
    if (!value) return cli::refuse(value.error(), err);
    if (!*value) continue;
    const std::string_view key(option);
    if (key == "name") name = **value;
    if (key == "note") note = **value;
    if (key == "line") request["line"] = **value;
    if (key != "times") continue;
    const auto times = config::whole_number(**value, 1, walk::Tests::kMostTimes, "a number of times", "5");
    if (!times) {
      return cli::refuse({ErrorKind::misconfigured, fmt::format("--times {}: {}", **value, times.error())},
                         err);
    }
    request["times"] = *times;
  }
  for (const auto& word : rest) {
    if (word.starts_with("--")) return cli::refuse(cli::unexpected_argument(word, kOptions), err);
  }
  if (rest.empty() || rest == std::vector<std::string>{"list"}) return list(*config, as_json, out, err);
  if (rest.size() > 1) {
    return cli::refuse({ErrorKind::misconfigured, "one sensor at a time, by serial or name (in quotes)"},
                       err);
  }
  request["serial"] = rest.front();
  const auto done = Walk(*config, as_json ? err : out).run(request, name, note);
  if (!done) return cli::refuse(done.error(), err);
  if (as_json) out << done->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  return done->value("verdict", std::string()) == "passed" ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::app
