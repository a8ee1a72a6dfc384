#include "gateway/sync/session.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace lintel::sync {

namespace {

constexpr std::size_t kMostUnstored = 32;

std::string endpoint(std::string base) {
  while (!base.empty() && base.back() == '/') base.pop_back();
  return base + "/rpc/gateway_sync_v1";
}

/// User and password of a URL, together and the password alone.
std::vector<std::string> secrets_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto at = url.rfind('@');
  if (scheme == std::string_view::npos || at == std::string_view::npos || at < scheme + 3) return {};
  const std::string userinfo(url.substr(scheme + 3, at - scheme - 3));
  return {userinfo, userinfo.substr(userinfo.find(':') + 1)};
}

std::uint64_t free_bytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto space = std::filesystem::space(file, error);
  return error ? 0 : space.available;
}

}  // namespace

Session::Session(const Options& options, const Surroundings& surroundings, const std::atomic<bool>& stop)
    : options_(options),
      surroundings_(surroundings),
      credential_file_(options.credential_file),
      credentials_(surroundings.credentials != nullptr ? *surroundings.credentials : credential_file_),
      http_(options.http, stop),
      url_(endpoint(options.url)),
      shown_(shown_url(url_)),
      url_secrets_(secrets_of(options.url)),
      backoff_(options.timing.backoff_base, options.timing.backoff_cap),
      spoken_(options.contract.lowest) {}

Session::Instant Session::now() const {
  return surroundings_.steady ? surroundings_.steady() : std::chrono::steady_clock::now();
}

Turn Session::trouble(Course course, Trouble trouble, std::string message, std::string advice) {
  Verdict verdict;
  verdict.course = course;
  verdict.trouble = trouble;
  verdict.message = std::move(message);
  verdict.advice = std::move(advice);
  return failed(std::move(verdict), nullptr);
}

Turn Session::turn(bool always) {
  try {
    if (auto failure = open_local()) return std::move(*failure);
    const auto snapshot = local_->state.read();
    epoch_ = snapshot.epoch;
    last_change_ = snapshot.last_change;
    if (auto waiting = wait_for_writer(snapshot)) return std::move(*waiting);
    hq_schema_ = snapshot.hq_schema;
    coverage_.look(snapshot.coverage_news, snapshot.coverage_told, now());
    given_up_.look(snapshot.given_up_news, snapshot.given_up_told, now());
    alerts_.look(snapshot.alert_news, 0, now());
    acceptances_.look(snapshot.acceptance_news, snapshot.acceptance_told, now());
    asking_.look(snapshot.counters_owed ? 1 : 0, 0, now());
    const bool owed = last_change_ > position_.watermark;
    const bool news =
        coverage_.news() || given_up_.news() || alerts_.news() || asking_.news() || acceptances_.news();
    if (!owed && !news && !always && !greet_) return {};
    return request(greet_ || !owed);
  } catch (const store::SqliteError& error) {
    local_.reset();
    if (error.damage() && surroundings_.damaged) surroundings_.damaged(error.message);
    return trouble(
        Course::back_off, Trouble::local,
        fmt::format("the local database {} cannot be read: {}", options_.database.string(), error.message),
        "check the card and run lintel doctor; counting goes on if it can");
  }
}

std::optional<Turn> Session::open_local() {
  if (local_) return std::nullopt;
  auto reader = store::Database::open(options_.database, store::OpenMode::reader);
  if (!reader) {
    return trouble(Course::back_off, Trouble::local, reader.error().message,
                   "lintel run creates it; check [gateway] state_dir");
  }
  local_ = std::make_unique<Local>(std::move(*reader));
  return std::nullopt;
}

std::optional<Turn> Session::wait_for_writer(const LocalState::Snapshot& snapshot) {
  const auto seen = std::find(unstored_.rbegin(), unstored_.rend(), snapshot.durable);
  if (seen != unstored_.rend()) {
    unstored_.erase(unstored_.begin(), seen.base());
    unstored_since_ = now();
  }
  if (unstored_.empty()) {
    position_ = snapshot.durable;
    settle_ = false;
    return std::nullopt;
  }
  if (now() - unstored_since_ > options_.timing.store_timeout) {
    unstored_.clear();
    position_ = snapshot.durable;
    return trouble(Course::back_off, Trouble::local,
                   "HQ's answers could not be stored here: the local database does not take them",
                   "check that the disk is not full and the card not read-only; nothing is lost, HQ is asked "
                   "again from the last stored answer");
  }
  if (!settle_ && unstored_.size() < kMostUnstored) return std::nullopt;
  Turn waiting;
  waiting.kind = Turn::Kind::unstored;
  return waiting;
}

/// Not by an instant at the clock's zero: that is when the machine was switched on.
bool Session::due(const std::optional<Instant>& last, std::chrono::milliseconds every) const {
  return !last || now() - *last >= every;
}

/// Where a request begins that tells of the present while a backlog waits; nothing: no such request is due.
std::optional<std::int64_t> Session::live_after() const {
  const auto most = static_cast<std::int64_t>(std::min(size_.get(), BatchSize::kUsual));
  const auto newest = std::max({position_.watermark, live_, last_change_ - most});
  if (last_change_ - position_.watermark <= static_cast<std::int64_t>(size_.get())) return std::nullopt;
  if (newest == last_change_ || !due(live_at_, options_.timing.interval)) return std::nullopt;
  return newest;
}

BatchOrder Session::order(bool hello) {
  const auto instant = now();
  BatchOrder out;
  out.after = position_.watermark;
  out.changes = hello ? 0 : size_.get();
  const auto live = hello ? std::nullopt : live_after();
  was_live_ = live.has_value();
  if (live) {
    out.live = true;
    out.after = *live;
    out.changes = std::min(size_.get(), BatchSize::kUsual);
    live_at_ = instant;
  }
  out.now = surroundings_.utc();
  out.instant = instant;
  out.speaks = options_.contract;
  out.spoken = spoken_;
  out.config_version = position_.config_version;
  const bool all = hello || due(full_liveness_, options_.timing.liveness_every);
  if (all || due(any_liveness_, options_.timing.interval)) {
    out.liveness = local_->state.liveness(all);
    any_liveness_ = instant;
  }
  out.want_counters = asking_.news();
  if (!greet_ && totals_.may(instant)) out.counters_every = options_.timing.counters_every;
  out.compare = !greet_ && instant >= compare_after_;
  // Growth alone is told with the liveness.
  if (!greet_ && coverage_.may(instant) && (all || coverage_.news())) {
    out.coverage = local_->state.coverage(coverage_.told());
  }
  if (!greet_ && given_up_.news()) out.given_up = local_->state.given_up(given_up_.told());
  if (!greet_ && acceptances_.news()) out.acceptances = local_->state.acceptances(acceptances_.told());
  if (!greet_ && alerts_.news()) out.alerts = local_->state.alerts(alerts_.told());
  if (all) {
    out.version = options_.version;
    out.schema = hq_schema_;
    out.health = Health{last_change_ - position_.watermark, free_bytes(options_.database.parent_path()),
                        local_->state.regions()};
    full_liveness_ = instant;
  }
  return out;
}

Turn Session::request(bool hello) {
  auto token = credentials_.token();
  if (!token) return failed(std::move(token.error()), nullptr);
  token_ = std::move(*token);
  const auto wanted = order(hello);
  const auto batch = local_->builder.build(wanted);
  last_change_ = batch.last_change;

  std::vector<std::string> headers{"Content-Type: application/json", "Accept: application/json",
                                   "Content-Profile: api", "Authorization: Bearer " + token_};
  if (!options_.api_key.empty()) headers.push_back("apikey: " + options_.api_key);
  const auto exchange = http_.post(url_, headers, batch.body);
  ++requests_;
  sent_ += exchange.sent;
  received_ += exchange.received;
  auto secrets = url_secrets_;
  secrets.push_back(token_);
  secrets.push_back(options_.api_key);
  return understand(judge(exchange, shown_, secrets, options_.contract), batch, wanted);
}

Turn Session::understand(Verdict verdict, const Batch& batch, const BatchOrder& order) {
  if (verdict.course != Course::confirmed) return failed(std::move(verdict), &batch);
  return take(std::move(*verdict.answer), batch, order);
}

Turn Session::failed(Verdict verdict, const Batch* batch) {
  Turn out;
  out.kind = verdict.course == Course::stopped ? Turn::Kind::stopped : Turn::Kind::failed;
  const bool denied = verdict.trouble == Trouble::permission;
  if (batch != nullptr && (verdict.course == Course::renew || denied)) {
    out.new_token = credentials_.refused(token_, denied);
  }
  if (verdict.course == Course::halve && batch != nullptr && batch->changes > 0) {
    out.shrunk = batch->changes > 1 && verdict.trouble != Trouble::unreachable;
    size_.halve(batch->changes);
  }
  if (verdict.trouble == Trouble::refused_request && batch != nullptr && batch->changes > 0) {
    verdict.message += fmt::format(" (changes {} to {})", batch->after + 1, batch->to);
  }
  // An HQ that came from a backup may be of an older version than the one we spoke to.
  if (verdict.trouble == Trouble::refused_request) spoken_ = options_.contract.lowest;
  // HQ may be another one when it comes back, and a small question is enough to find out that it is.
  greet_ = greet_ || !out.shrunk;
  // Neither the present nor the backlog stands in the other's way: what has not failed goes next.
  if (!was_live_) live_at_.reset();
  full_liveness_.reset();
  any_liveness_.reset();
  out.verdict = std::move(verdict);
  return out;
}

void Session::advance(Confirmation confirmation) {
  Position next{confirmation.watermark, confirmation.history,
                confirmation.configuration ? confirmation.configuration->version : position_.config_version};
  if (next != position_) {
    if (unstored_.empty()) unstored_since_ = now();
    unstored_.push_back(next);
  }
  position_ = std::move(next);
  confirmation.attempted_at = surroundings_.utc();
  surroundings_.post(std::move(confirmation));
}

/// One step back is what a restored HQ asks for. An HQ that does it again and again must not be
/// answered again and again.
Wait Session::pause_of_rewind(bool new_history) {
  highest_ = std::max(highest_, position_.watermark);
  ++rewinds_;
  if (rewinds_ == 1 && new_history) return Wait{0};
  return backoff_.wait(rewinds_, surroundings_.random());
}

}  // namespace lintel::sync
