#include "gateway/sync/session.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace lintel::sync {

namespace {

using Steady = std::chrono::steady_clock;

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
      backoff_(options.timing.backoff_base, options.timing.backoff_cap) {}

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
    coverage_told_ = std::max(coverage_told_, snapshot.coverage_told);
    coverage_news_ = snapshot.coverage_news > coverage_told_ && Steady::now() >= coverage_after_;
    given_up_told_ = std::max(given_up_told_, snapshot.given_up_told);
    given_up_news_ = snapshot.given_up_news > given_up_told_ && Steady::now() >= given_up_after_;
    alert_news_ = snapshot.alert_news > alerts_told_ && Steady::now() >= alerts_after_;
    counters_owed_ = snapshot.counters_owed && Steady::now() >= ask_after_;
    const bool owed = last_change_ > position_.watermark;
    if (!owed && !coverage_news_ && !alert_news_ && !given_up_news_ && !counters_owed_ && !always && !greet_)
      return {};
    return request(greet_ || !owed);
  } catch (const store::SqliteError& error) {
    local_.reset();
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
    unstored_since_ = Steady::now();
  }
  if (unstored_.empty()) {
    position_ = snapshot.durable;
    settle_ = false;
    return std::nullopt;
  }
  if (Steady::now() - unstored_since_ > options_.timing.store_timeout) {
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

/// Where a request begins that tells of the present while a backlog waits; nothing: no such request is due.
std::optional<std::int64_t> Session::live_after() const {
  const auto most = static_cast<std::int64_t>(std::min(size_.get(), BatchSize::kUsual));
  const auto newest = std::max({position_.watermark, live_, last_change_ - most});
  if (last_change_ - position_.watermark <= static_cast<std::int64_t>(size_.get())) return std::nullopt;
  if (newest == last_change_ || Steady::now() - live_at_ < options_.timing.interval) return std::nullopt;
  return newest;
}

BatchOrder Session::order(bool hello) {
  const auto now = Steady::now();
  BatchOrder out;
  out.after = position_.watermark;
  out.changes = hello ? 0 : size_.get();
  const auto live = hello ? std::nullopt : live_after();
  was_live_ = live.has_value();
  if (live) {
    out.live = true;
    out.after = *live;
    out.changes = std::min(size_.get(), BatchSize::kUsual);
    live_at_ = now;
  }
  out.now = surroundings_.utc();
  out.config_version = position_.config_version;
  out.version = options_.version;
  const bool all = hello || now - full_liveness_ >= options_.timing.liveness_every;
  if (all || now - any_liveness_ >= options_.timing.interval) {
    out.liveness = local_->state.liveness(all);
    any_liveness_ = now;
  }
  out.want_counters = counters_owed_;
  if (!greet_ && now >= counters_after_) out.counters_every = options_.timing.counters_every;
  out.compare = !greet_ && now >= compare_after_;
  // Growth alone is told with the liveness.
  if (!greet_ && now >= coverage_after_ && (all || coverage_news_)) {
    out.coverage = local_->state.coverage(coverage_told_);
  }
  if (!greet_ && given_up_news_) out.given_up = local_->state.given_up(given_up_told_);
  if (!greet_ && alert_news_) out.alerts = local_->state.alerts(alerts_told_);
  if (all) {
    out.health = Health{last_change_ - position_.watermark, free_bytes(options_.database.parent_path()),
                        local_->state.regions()};
    full_liveness_ = now;
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
  return understand(judge(exchange, shown_, secrets), batch, wanted);
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
  // HQ may be another one when it comes back, and a small question is enough to find out that it is.
  greet_ = greet_ || !out.shrunk;
  // Neither the present nor the backlog stands in the other's way: what has not failed goes next.
  if (!was_live_) live_at_ = {};
  full_liveness_ = any_liveness_ = {};
  out.verdict = std::move(verdict);
  return out;
}

/// It need not be all of the request: HQ may have come from a backup meanwhile.
bool confirms(const Answer& answer, const Batch& batch) {
  return answer.watermark > batch.after ||
         std::any_of(answer.applied.begin(), answer.applied.end(), [&](const Answer::Range& range) {
           return range.first <= batch.after + 1 && range.last >= batch.to;
         });
}

/// What makes an answer unbelievable although it has the contract's form.
std::optional<Turn> Session::contradiction(const Answer& answer, const Batch& batch) {
  if (answer.watermark > batch.last_change) {
    return trouble(
        Course::slow, Trouble::identity,
        fmt::format("HQ says that it has changes up to {} of this database, which has given out {} "
                    "only",
                    answer.watermark, batch.last_change),
        "another gateway uses a copy of this card, or an old copy of the database was put back: "
        "nothing is taken as confirmed; set this gateway up anew (lintel provision)");
  }
  for (const auto& refusal : answer.rejected) {
    if (refusal.series < batch.series.size() && refusal.reading < batch.series[refusal.series].size())
      continue;
    return trouble(Course::back_off, Trouble::not_contract,
                   fmt::format("HQ rejected reading {} of series {}, which the request did not hold",
                               refusal.reading, refusal.series),
                   "HQ's schema and this gateway do not fit each other: update the older one");
  }
  if (!is_new_history(answer) && batch.changes > 0 && !confirms(answer, batch)) {
    return trouble(
        Course::back_off, Trouble::not_contract,
        fmt::format("HQ took the changes {} to {} and confirmed none of them", batch.after + 1, batch.to),
        "HQ's logs tell more; nothing is lost, they are sent again");
  }
  return std::nullopt;
}

bool Session::is_new_history(const Answer& answer) const {
  return !position_.history.empty() && position_.history != answer.history;
}

Confirmation Session::confirmation_of(Answer& answer, const Batch& batch) {
  Confirmation out;
  out.epoch = batch.epoch;
  out.watermark = answer.watermark;
  out.history = answer.history;
  out.new_history = is_new_history(answer);
  out.sensors = std::move(answer.sensors);
  out.configuration = std::move(answer.configuration);
  out.server_time = answer.time;
  if (out.new_history && !answer.rejected.empty()) {
    // The request named sensors by the ids of the HQ that was: what was said of them means nothing.
    out.watermark = std::min(answer.watermark, position_.watermark);
    return out;
  }
  for (auto& refusal : answer.rejected) {
    const auto& series = batch.series[refusal.series];
    if (refusal.code == "unknown_sensor") out.unknown_sensors.push_back(series.sensor());
    out.rejected.push_back(
        {series.change_no(refusal.reading), std::move(refusal.code), std::move(refusal.message)});
  }
  return out;
}

void Session::take_counters(Answer& answer, const Batch& batch, Confirmation& confirmation) {
  if (confirmation.new_history) local_->builder.counters().forget();
  if (batch.counters.empty() && !batch.asks) return;
  const auto now = Steady::now();
  const bool understood = answer.counters && (!batch.asks || answer.counters->carried);
  if (batch.asks) ask_after_ = now + (understood ? options_.timing.interval : options_.timing.liveness_every);
  if (!answer.counters) {  // an HQ that does not know of them
    counters_after_ = now + options_.timing.liveness_every;
    return;
  }
  counters_refused_ = answer.counters->first;
  confirmation.carried = std::move(answer.counters->carried);
  if (confirmation.new_history || batch.counters.empty()) return;
  if (answer.counters->ignored == 0) {
    local_->builder.counters().told(batch.counters, now);
  } else {
    counters_after_ = now + options_.timing.liveness_every;
  }
}

void Session::take_coverage(const Answer& answer, const BatchOrder& order, Confirmation& confirmation) {
  if (confirmation.new_history) {
    coverage_told_ = 0;
    return;
  }
  if (order.coverage.empty()) return;
  if (!answer.coverage) {
    coverage_after_ = Steady::now() + options_.timing.liveness_every;
    return;
  }
  coverage_refused_.clear();
  if (answer.coverage->ignored > 0) {
    coverage_refused_ =
        fmt::format("HQ left out {} of {} spans: {}", answer.coverage->ignored,
                    answer.coverage->ignored + answer.coverage->taken, answer.coverage->first);
  }
  confirmation.coverage_refused = coverage_refused_;
  confirmation.coverage_told = coverage_told_ = order.coverage.revision;
}

void Session::take_given_up(const Answer& answer, const BatchOrder& order, Confirmation& confirmation) {
  if (confirmation.new_history) {
    given_up_told_ = 0;
    return;
  }
  if (order.given_up.empty()) return;
  if (!answer.given_up) {
    given_up_after_ = Steady::now() + options_.timing.liveness_every;
    return;
  }
  confirmation.given_up_told = given_up_told_ = order.given_up.revision;
}

void Session::take_alerts(const Answer& answer, const Batch& batch, const BatchOrder& order,
                          Confirmation& confirmation) {
  if (confirmation.new_history) {
    alerts_told_ = 0;
    return;
  }
  if (order.alerts.empty()) return;
  if (!answer.alerts) {
    alerts_after_ = Steady::now() + options_.timing.liveness_every;
    return;
  }
  // A request from before what HQ has seen tells it old news, and HQ does not look at its alerts.
  if (answer.watermark > batch.to) return;
  confirmation.alerts = judge_alerts(order.alerts, *answer.alerts);
  alerts_refused_ = confirmation.alerts->refused;
  alerts_told_ = order.alerts.alerts.back().revision;
  if (confirmation.alerts->again) {
    alerts_told_ = 0;
    alerts_after_ = Steady::now() + options_.timing.interval;
  }
}

Turn Session::take(Answer answer, const Batch& batch, const BatchOrder& order) {
  if (auto out = contradiction(answer, batch)) return std::move(*out);
  auto confirmation = confirmation_of(answer, batch);
  take_coverage(answer, order, confirmation);
  take_given_up(answer, order, confirmation);
  take_alerts(answer, batch, order, confirmation);
  take_counters(answer, batch, confirmation);
  if (answer.checksums) {
    confirmation.verdicts = std::move(*answer.checksums);
  } else if (batch.compared) {
    compare_after_ = Steady::now() + options_.timing.liveness_every;  // an HQ that does not know of it
  }
  const bool rewound = confirmation.watermark < position_.watermark;
  Turn turn;
  turn.kind = Turn::Kind::confirmed;
  turn.greeting = order.changes == 0;
  turn.pace = std::min(answer.pace, options_.timing.longest_wait);
  if (rewound) turn.pace = std::max(turn.pace, pause_of_rewind(confirmation.new_history));
  turn.more = last_change_ > confirmation.watermark &&
              (turn.greeting || batch.more() || confirmation.watermark < batch.to);
  turn.more = turn.more || (confirmation.coverage_told && order.coverage.more) ||
              (confirmation.given_up_told && order.given_up.more) ||
              (confirmation.alerts && !confirmation.alerts->again && order.alerts.more);
  if (confirmation.watermark > highest_) rewinds_ = 0;
  highest_ = std::max(highest_, confirmation.watermark);

  settle_ = settle_ || rewound || confirmation.new_history;
  greet_ = false;
  live_ = rewound || confirmation.new_history ? 0 : order.live ? batch.to : live_;
  if (confirmation.new_history) local_->state.forget();
  local_->state.told(order.liveness);
  server_time_ = answer.time;
  configuration_error_ = std::move(answer.configuration_error);
  rejected_ += confirmation.rejected.size();
  if (order.live) {
    // says nothing of how much HQ takes at once
  } else if (!batch.more()) {
    size_.rest();
  } else if (!turn.greeting) {
    size_.grow();
  }
  advance(confirmation);
  return turn;
}

void Session::advance(Confirmation confirmation) {
  Position next{confirmation.watermark, confirmation.history,
                confirmation.configuration ? confirmation.configuration->version : position_.config_version};
  if (next != position_) {
    if (unstored_.empty()) unstored_since_ = Steady::now();
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
