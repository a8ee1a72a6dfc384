#include <ostream>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/app/sensor_story.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr std::string_view kOptions[] = {"--config", "--set",     "--json", "--link",
                                         "--topic",  "--decoder", "--name"};

json read_sensors(store::Database& db) {
  auto rows = db.prepare(
      "select serial, name, model, link, lifecycle, settings, metadata from sensor_metadata "
      "where deleted_at is null order by name, serial");
  auto sensors = json::array();
  while (rows.step()) {
    const auto metadata = store::object_from(rows.text(6));
    sensors.push_back({{"serial", rows.text(0)},
                       {"name", rows.text(1)},
                       {"decoder", rows.text(2)},
                       {"link", rows.text(3)},
                       {"lifecycle", rows.text(4)},
                       {"settings", store::object_from(rows.text(5))},
                       {"unconfirmed", metadata.value("owed", json::array())},
                       {"in_force", metadata.value("in_force", json::object())}});
  }
  return sensors;
}

std::string settings_text(const json& sensor) {
  std::string text;
  if (sensor["in_force"].value("invert", false)) text += " inverted";
  if (!sensor["unconfirmed"].empty()) text += " *";
  return text;
}

Result<json> look(const config::Config& config) {
  const auto file = store::database_path(config.state_dir);
  auto db = cli::open_database(config);
  if (!db) return tl::unexpected(db.error());
  try {
    return read_sensors(*db);
  } catch (const store::SqliteError& error) {
    return fail(ErrorKind::corrupt,
                fmt::format("cannot read the database {}: {}", file.string(), error.message));
  }
}

int list(const config::Config& config, bool as_json, std::ostream& out, std::ostream& err) {
  const auto sensors = look(config);
  if (!sensors) return cli::refuse(sensors.error(), err);
  if (as_json) {
    out << sensors->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return cli::kOk;
  }
  out << fmt::format("{:<20} {:<20} {:<18} {:<10} {}\n", "SERIAL", "NAME", "DECODER", "STATE", "");
  bool owed = false;
  for (const auto& sensor : *sensors) {
    out << fmt::format("{} {} {} {}{}\n", fitted(sensor["serial"].get<std::string>(), 20),
                       fitted(sensor["name"].get<std::string>(), 20),
                       fitted(sensor["decoder"].get<std::string>(), 18),
                       fitted(sensor["lifecycle"].get<std::string>(), 10), settings_text(sensor));
    owed |= !sensor["unconfirmed"].empty();
  }
  if (owed) out << "* changed here and in force; HQ has not confirmed it yet\n";
  return cli::kOk;
}

int show(const config::Config& config, const std::string& word, bool as_json, std::ostream& out,
         std::ostream& err) {
  auto db = cli::open_database(config);
  if (!db) return cli::refuse(db.error(), err);
  try {
    const auto story = story_of(*db, word, machine_now());
    if (!story) return cli::refuse(story.error(), err);
    auto row = db->prepare("select timezone from stores where id = 1");
    const std::string timezone(row.step() ? row.text(0) : "UTC");
    if (as_json) {
      out << story->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
      out << story_text(*story, timezone);
    }
    return cli::kOk;
  } catch (const store::SqliteError& error) {
    return cli::refuse(
        {ErrorKind::corrupt, fmt::format("cannot read the database {}: {}",
                                         store::database_path(config.state_dir).string(), error.message)},
        err);
  }
}

int set(const config::Config& config, std::vector<std::string> words, bool as_json, std::ostream& out,
        std::ostream& err) {
  if (words.size() < 2) {
    return cli::refuse(
        {ErrorKind::misconfigured,
         "say which sensor and what to change, for example: lintel sensors set 6789C30012340001 invert=yes"},
        err);
  }
  const auto serial = words.front();
  words.erase(words.begin());
  const auto answer = carry_out(config, "sensors-set", {{"serial", serial}, {"changes", words}});
  if (!answer) return cli::refuse(answer.error(), err);
  if (as_json) {
    out << answer->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return cli::kOk;
  }
  for (const auto& [key, values] : (*answer)["change"].items()) {
    out << fmt::format("{}: {} {} -> {}, from now on\n", answer->value("serial", serial), key,
                       values[0].dump(), values[1].dump());
  }
  out << "HQ is told with the next sync.\n";
  return cli::kOk;
}

}  // namespace

int sensors(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  for (const auto& word : rest) {
    if (word.starts_with("--")) return cli::refuse(cli::unexpected_argument(word, kOptions), err);
  }
  if (rest.empty() || rest == std::vector<std::string>{"list"}) return list(*config, as_json, out, err);
  if (rest.front() == "set") return set(*config, {rest.begin() + 1, rest.end()}, as_json, out, err);
  if (rest.size() == 1) return show(*config, rest.front(), as_json, out, err);
  return cli::refuse({ErrorKind::misconfigured, "name one sensor, or say list or set"}, err);
}

int adopt(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  json request = json::object();
  for (const char* key : {"name", "decoder", "link", "topic"}) {
    auto value = take_option(rest, std::string("--") + key);
    if (!value) return cli::refuse(value.error(), err);
    if (*value) request[key] = **value;
  }
  for (const auto& word : rest) {
    if (word.starts_with("--")) return cli::refuse(cli::unexpected_argument(word, kOptions), err);
  }
  if (rest.size() != 1) {
    return cli::refuse({ErrorKind::misconfigured, "say which device, as `lintel discover` lists it"}, err);
  }
  request["serial"] = rest.front();
  const auto answer = carry_out(*config, "adopt", request);
  if (!answer) return cli::refuse(answer.error(), err);
  if (as_json) {
    out << answer->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return cli::kOk;
  }
  const auto said = [&](const char* key) { return answer->value(key, std::string()); };
  out << fmt::format("{} is a sensor now: \"{}\", decoded by {}, on link {}.\n", said("serial"), said("name"),
                     said("decoder"), said("link"));
  if (const auto waiting = answer->value("quarantined", std::int64_t{0}); waiting > 0) {
    out << fmt::format("{} of its messages wait in quarantine: lintel quarantine replay --link {}\n", waiting,
                       said("link"));
  }
  out << "HQ is told with the next sync.\n";
  return cli::kOk;
}

int discover(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  if (!rest.empty()) return cli::refuse(cli::unexpected_argument(rest.front(), kOptions), err);
  const auto answer = carry_out(*config, "discover", json::object());
  if (!answer) return cli::refuse(answer.error(), err);
  if (as_json) {
    out << answer->dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return cli::kOk;
  }
  for (const auto& device : (*answer)["devices"]) {
    const auto said = [&](const char* key) { return device.value(key, std::string()); };
    out << fmt::format("{}  link {}{}{}\n", said("serial").empty() ? "(no name)" : said("serial"),
                       said("link"), said("topic").empty() ? "" : ", topic ", said("topic"));
    const auto source = said("source");
    out << fmt::format(
        "  {}; recognised by {}\n",
        source == "counted"   ? "counted as it is, not adopted"
        : source == "refused" ? fmt::format("{} refused, in quarantine", device.value("messages", 0))
                              : fmt::format("{} heard, not counted", device.value("messages", 0)),
        device["decoders"].empty()
            ? "no decoder"
            : fmt::format("{}", fmt::join(device["decoders"].get<std::vector<std::string>>(), ", ")));
    if (!said("sample").empty()) out << "  " << fitted(said("sample"), 76) << '\n';
  }
  if ((*answer)["devices"].empty()) out << "Nothing was heard that is not a sensor already.\n";
  if (!answer->value("running", false)) {
    out << "The gateway is not running: this is what it has kept. Topics are heard while it runs.\n";
  } else if (!answer->value("listening", false)) {
    out << "No link listens further than its subscriptions: add discover = # to one in links.d.\n";
  }
  return cli::kOk;
}

}  // namespace lintel::app
