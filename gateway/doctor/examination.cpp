#include "gateway/doctor/examination.hpp"

#include <atomic>

#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "gateway/status/control.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/snapshot.hpp"
#include "gateway/store/store.hpp"

namespace lintel::doctor {

namespace {

using nlohmann::json;

const std::atomic<bool> kNever{false};

/// No contract version in it: HQ calls it malformed, after it has looked who asks.
constexpr std::string_view kSaysNothing = "{}";

}  // namespace

const Result<json>& Examination::facts() {
  if (!facts_)
    facts_ = status::ask(status::control_path(config_.state_dir), {{"verb", "status"}}, patience_.daemon);
  return *facts_;
}

std::string Examination::why_no_daemon() {
  if (running()) return {};
  switch (facts().error().kind) {
    case ErrorKind::transient: return "the gateway hangs";
    case ErrorKind::rejected: return "this user may not ask the gateway";
    default: return "the gateway is not running";
  }
}

Result<store::Database>& Examination::database() {
  if (database_) return *database_;
  const auto file = store::database_path(config_.state_dir);
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    database_ = store::Database::open(file, store::OpenMode::reader);
  } else if (error) {
    database_ = fail(ErrorKind::misconfigured,
                     fmt::format("{} cannot be looked at: {}", file.string(), error.message()));
  } else {
    database_ = fail(ErrorKind::rejected, fmt::format("there is no database at {} yet", file.string()));
  }
  return *database_;
}

const Result<json>& Examination::snapshot() {
  if (snapshot_) return *snapshot_;
  auto& db = database();
  if (!db) {
    snapshot_ = tl::unexpected(db.error());
    return *snapshot_;
  }
  status::Runtime runtime;
  runtime.limits = {config_.keep_days, config_.database_bytes};
  runtime.state_dir = config_.state_dir;
  runtime.hq_configured = !config_.hq_url.empty();
  if (running()) {
    runtime.facts = [this] { return *facts(); };
  } else {
    runtime.silent = facts().error().kind == ErrorKind::transient;
  }
  try {
    snapshot_ = status::snapshot(*db, runtime);
  } catch (const store::SqliteError& error) {
    snapshot_ = fail(ErrorKind::corrupt, "the database cannot be read: " + error.message);
  }
  return *snapshot_;
}

UtcMs Examination::now() {
  if (running()) {
    if (const auto at = status::instant_of(*facts(), "time")) return *at;
  }
  return clock::sample_machine().wall;
}

sync::HttpOptions Examination::http_options() {
  sync::HttpOptions options;
  options.ca_file = config_.hq_ca_file;
  options.client_cert = config_.hq_client_cert;
  options.client_key = config_.hq_client_key;
  options.connect_timeout = options.total_timeout = patience_.network;
  options.verify_at = [at = now()]() -> std::optional<UtcMs> { return at; };
  return options;
}

const sync::Look& Examination::hq() {
  if (!hq_) hq_ = sync::look_at_server(config_.hq_url, http_options());
  return *hq_;
}

std::string Examination::why_no_hq() {
  using Step = sync::Look::Step;
  if (config_.hq_url.empty()) return "no [hq] url is set";
  switch (hq().failed) {
    case Step::address: return "[hq] url is no address";
    case Step::name: return "the name of HQ is not known here";
    case Step::connection: return "there is no connection to HQ";
    case Step::trust: return "the connection to HQ is not trusted";
    case Step::none: break;
  }
  return {};
}

sync::Exchange Examination::ask_hq(const std::string& token) {
  std::vector<std::string> headers{"Content-Type: application/json"};
  if (!config_.hq_api_key.empty()) headers.push_back("apikey: " + config_.hq_api_key);
  if (!token.empty()) headers.push_back("Authorization: Bearer " + token);
  sync::Http http(http_options(), kNever);
  return http.post(config_.hq_url + "/rpc/gateway_sync_v1", headers, kSaysNothing);
}

const std::optional<sync::Verdict>& Examination::hq_trouble() {
  if (hq_trouble_) return *hq_trouble_;
  const auto answer = ask_hq("");
  const auto error = sync::parse_error_body(answer.body);
  // Nobody but a gateway may call it: that this is refused by its code is PostgREST, and the function is
  // there.
  const bool refused = answer.failure == sync::Exchange::Failure::none &&
                       (answer.status == 401 || answer.status == 403) && !error.code.empty();
  hq_trouble_ = refused
                    ? std::optional<sync::Verdict>()
                    : sync::judge_transport(answer, sync::shown_url(config_.hq_url), {config_.hq_api_key});
  return *hq_trouble_;
}

std::string in_bytes(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (number >= 1e9) return fmt::format("{:.1f} GB", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.1f} MB", number / 1e6);
  return fmt::format("{:.0f} KB", number / 1e3);
}

}  // namespace lintel::doctor
