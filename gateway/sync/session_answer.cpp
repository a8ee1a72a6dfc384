// What becomes of HQ's answer: whether it can be believed, and what of it the writer is to keep.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/sync/session.hpp"

namespace lintel::sync {

namespace {

/// It need not be all of the request: HQ may have come from a backup meanwhile.
bool confirms(const Answer& answer, const Batch& batch) {
  return answer.watermark > batch.after ||
         std::any_of(answer.applied.begin(), answer.applied.end(), [&](const Answer::Range& range) {
           return range.first <= batch.after + 1 && range.last >= batch.to;
         });
}

}  // namespace

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
  out.schema = std::move(answer.schema);
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

void Session::take_contract(const Answer& answer) {
  spoken_ = answer.version;
  contract_note_ = answer.versions ? note_on(*answer.versions, options_.contract) : std::string();
}

void Session::take_counters(Answer& answer, const Batch& batch, Confirmation& confirmation) {
  if (confirmation.new_history) local_->builder.counters().forget();
  if (batch.counters.empty() && !batch.asks) return;
  const auto later = now() + options_.timing.liveness_every;
  const bool understood = answer.counters && (!batch.asks || answer.counters->carried);
  if (batch.asks) asking_.wait_until(understood ? now() + options_.timing.interval : later);
  if (!answer.counters) {  // an HQ that does not know of them
    totals_.wait_until(later);
    return;
  }
  counters_refused_ = answer.counters->first;
  confirmation.carried = std::move(answer.counters->carried);
  if (confirmation.new_history || batch.counters.empty()) return;
  if (answer.counters->ignored == 0) {
    local_->builder.counters().told(batch.counters, now());
  } else {
    totals_.wait_until(later);
  }
}

void Session::take_coverage(const Answer& answer, const BatchOrder& order, Confirmation& confirmation) {
  if (confirmation.new_history) return coverage_.forget();
  if (order.coverage.empty()) return;
  if (!answer.coverage) return coverage_.wait_until(now() + options_.timing.liveness_every);
  coverage_refused_.clear();
  if (answer.coverage->ignored > 0) {
    coverage_refused_ =
        fmt::format("HQ left out {} of {} spans: {}", answer.coverage->ignored,
                    answer.coverage->ignored + answer.coverage->taken, answer.coverage->first);
  }
  confirmation.coverage_refused = coverage_refused_;
  confirmation.coverage_told = order.coverage.revision;
  coverage_.tell(order.coverage.revision);
}

void Session::take_given_up(const Answer& answer, const BatchOrder& order, Confirmation& confirmation) {
  if (confirmation.new_history) return given_up_.forget();
  if (order.given_up.empty()) return;
  if (!answer.given_up) return given_up_.wait_until(now() + options_.timing.liveness_every);
  confirmation.given_up_told = order.given_up.revision;
  given_up_.tell(order.given_up.revision);
}

void Session::take_acceptances(const Answer& answer, const BatchOrder& order, Confirmation& confirmation) {
  if (confirmation.new_history) return acceptances_.forget();
  if (order.acceptances.empty()) return;
  if (!answer.acceptances) return acceptances_.wait_until(now() + options_.timing.liveness_every);
  confirmation.acceptances = judge_acceptances(order.acceptances, *answer.acceptances);
  if (confirmation.acceptances->again) return acceptances_.wait_until(now() + options_.timing.interval);
  acceptances_.tell(order.acceptances.revision);
}

void Session::take_alerts(const Answer& answer, const Batch& batch, const BatchOrder& order,
                          Confirmation& confirmation) {
  if (confirmation.new_history) return alerts_.forget();
  if (order.alerts.empty()) return;
  if (!answer.alerts) return alerts_.wait_until(now() + options_.timing.liveness_every);
  // A request from before what HQ has seen tells it old news, and HQ does not look at its alerts.
  if (answer.watermark > batch.to) return;
  confirmation.alerts = judge_alerts(order.alerts, *answer.alerts);
  alerts_refused_ = confirmation.alerts->refused;
  alerts_.tell(order.alerts.revision);
  if (confirmation.alerts->again) {
    alerts_.forget();
    alerts_.wait_until(now() + options_.timing.interval);
  }
}

bool Session::is_owed_more(const Batch& batch, const BatchOrder& order, const Confirmation& confirmation,
                           bool greeting) const {
  const bool changes = last_change_ > confirmation.watermark &&
                       (greeting || batch.more() || confirmation.watermark < batch.to);
  return changes || (confirmation.coverage_told && order.coverage.more) ||
         (confirmation.given_up_told && order.given_up.more) ||
         (confirmation.alerts && !confirmation.alerts->again && order.alerts.more) ||
         (confirmation.acceptances && !confirmation.acceptances->again && order.acceptances.more);
}

Turn Session::take(Answer answer, const Batch& batch, const BatchOrder& order) {
  if (auto out = contradiction(answer, batch)) return std::move(*out);
  auto confirmation = confirmation_of(answer, batch);
  take_contract(answer);
  take_coverage(answer, order, confirmation);
  take_given_up(answer, order, confirmation);
  take_alerts(answer, batch, order, confirmation);
  take_acceptances(answer, order, confirmation);
  take_counters(answer, batch, confirmation);
  if (answer.checksums) {
    confirmation.verdicts = std::move(*answer.checksums);
  } else if (batch.compared) {
    compare_after_ = now() + options_.timing.liveness_every;  // an HQ that does not know of it
  }
  const bool rewound = confirmation.watermark < position_.watermark;
  Turn turn;
  turn.kind = Turn::Kind::confirmed;
  turn.greeting = order.changes == 0;
  turn.pace = std::min(answer.pace, options_.timing.longest_wait);
  if (rewound) turn.pace = std::max(turn.pace, pause_of_rewind(confirmation.new_history));
  turn.more = is_owed_more(batch, order, confirmation, turn.greeting);
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

}  // namespace lintel::sync
