// What becomes of HQ's answer: whether it can be believed, and what of it the writer is to keep.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/sync/session.hpp"

namespace lintel::sync {

namespace {

using Steady = std::chrono::steady_clock;

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

}  // namespace lintel::sync
