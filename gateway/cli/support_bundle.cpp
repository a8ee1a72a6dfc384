#include "gateway/cli/support_bundle.hpp"

#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/config.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/doctor.hpp"
#include "gateway/cli/new_file.hpp"
#include "gateway/cli/options.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/status.hpp"
#include "gateway/clock/machine.hpp"
#include "gateway/doctor/report.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/support/parts.hpp"
#include "gateway/support/secrets.hpp"
#include "gateway/support/tar.hpp"

namespace lintel::cli {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::Part;

constexpr auto kReadFor = 10s;

constexpr std::string_view kReadme =
    "What `lintel support-bundle` took from a gateway. Every file is plain text or JSON.\n"
    "\n"
    "  doctor.json        the checks of `lintel doctor`, each with evidence and advice\n"
    "  doctor.txt         the same to read\n"
    "  status.json        `lintel status --json`\n"
    "  configuration.txt  `lintel config show`, secrets masked; or what is wrong with it\n"
    "  machine.json       kernel, system, zones, disks, memory, files with their sizes\n"
    "  log.txt            the system's journal of the gateway, or why there is none\n"
    "  tables.json        schema version, tables with rows and bytes\n"
    "  sync_state.json    how far HQ is, and its last error\n"
    "  refused_by_hq.json, given_up.json, days_compared.json\n"
    "  sensors.json, alerts.json, coverage.json, audit.json, boots.json\n"
    "  sensor_states.json, device_states.json   what health has judged, and when\n"
    "  quarantine.json    the newest messages that could not be read, without what is\n"
    "                     personal\n"
    "\n"
    "null stands for what could not be read, or not in time. Passwords, tokens, PINs,\n"
    "keys and the card's identity are in no file; *** stands where one was.\n";

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

json error_of(const Error& error) {
  return {{"error", error.message}};
}

class Bundle {
 public:
  Bundle(std::string folder, support::Secrets secrets)
      : folder_(std::move(folder)), secrets_(std::move(secrets)) {}

  void add(const std::string& name, std::string text) {
    parts_.push_back({folder_ + "/" + name, secrets_.blotted(std::move(text))});
  }
  void add(const std::string& name, const json& document) {
    parts_.push_back({folder_ + "/" + name, dump(secrets_.blotted(document))});
  }
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::string folder_;
  support::Secrets secrets_;
  std::vector<Part> parts_;
};

void add_doctor(Bundle& bundle, const doctor::Case& patient) {
  std::vector<doctor::Check> checks;
  std::string text;
  doctor::examine(patient, {}, {}, [&](doctor::Check check) {
    text += doctor::to_text(check, false);
    checks.push_back(std::move(check));
  });
  bundle.add("doctor.txt", text + doctor::summary(checks, false));
  bundle.add("doctor.json", doctor::to_json(checks, clock::sample_machine().wall));
}

void add_database(Bundle& bundle, const config::Config& config) {
  auto db = open_database(config);
  if (!db) return bundle.add("tables.json", error_of(db.error()));
  try {
    const auto parts = support::parts_of_database(*db, kReadFor);
    for (const auto& [name, part] : parts.items()) bundle.add(name + ".json", part);
  } catch (const store::SqliteError& error) {
    bundle.add("tables.json", json{{"error", error.message}});
  }
}

Result<void> write(const std::string& file, std::string_view bytes, std::ostream& out) {
  if (file == "-") {
    if (out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush()) return {};
    return fail(ErrorKind::transient, "standard output cannot be written; say where with --out FILE");
  }
  auto written = write_new(file, bytes);
  if (!written) written.error().message += "; say where with --out FILE";
  return written;
}

/// "lintel-support-20261121T204500Z"
std::string folder_of(UtcMs now) {
  std::string text = "lintel-support-";
  for (const char c : format_utc(now).substr(0, 19))
    if (c != '-' && c != ':') text += c;
  return text + "Z";
}

}  // namespace

int support_bundle(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto options = take_configuration_options(rest);
  if (!options) return refuse(options.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  const auto wanted = take_option(rest, "--out");
  if (!wanted) return refuse(wanted.error(), err);
  if (!rest.empty()) {
    constexpr std::string_view kOptions[] = {"--out", "--json", "--config", "--set"};
    return refuse(unexpected_argument(rest.front(), kOptions), err);
  }
  const auto now = clock::sample_machine().wall;
  const auto folder = folder_of(now);
  const auto file = wanted->value_or(folder + ".tar.gz");

  const auto patient = case_of(*options);
  const auto* config = patient.config ? &*patient.config : nullptr;
  Bundle bundle(folder, support::Secrets::of(configuration_file(*options), config));
  bundle.add("README.txt",
             fmt::format("{}\nMade at {} by lintel {}.\n", kReadme, format_utc(now), LINTEL_VERSION));
  add_doctor(bundle, patient);
  bundle.add("configuration.txt",
             config != nullptr ? listing(*config) : patient.config.error().message + "\n");
  bundle.add("machine.json", support::describe_machine(config));
  bundle.add("log.txt", support::journal());
  if (config != nullptr) {
    const auto status = status_snapshot(*config);
    bundle.add("status.json", status ? *status : error_of(status.error()));
    add_database(bundle, *config);
  }
  const auto packed = support::tar_gz(bundle.parts(), count_ms(now) / 1000);
  if (!packed) return refuse(packed.error(), err);
  if (const auto written = write(file, *packed, out); !written) return refuse(written.error(), err);
  if (file == "-") return kOk;
  if (as_json) {
    auto names = json::array();
    for (const auto& part : bundle.parts()) names.push_back(part.name);
    out << dump({{"file", file}, {"bytes", packed->size()}, {"parts", names}});
  } else {
    out << fmt::format(
        "{} ({} KB) is ready to be sent.\nIt holds no password, token or key; what it does: tar -tzf {}\n",
        file, packed->size() / 1000 + 1, file);
  }
  return kOk;
}

}  // namespace lintel::cli
