#include "gateway/store/quarantine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::store {

Quarantine::Quarantine(Database& db)
    : count_(db.prepare("select link, count(*) from quarantine group by link")),
      insert_(db.prepare(
          "insert into quarantine (received_at, boot_id, boot_ms, link, topic, decoder, kind, reason, "
          "payload) values (?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      trim_(db.prepare("delete from quarantine where id in (select id from quarantine where link = ? "
                       "order by id limit ?)")) {
  load();
}

void Quarantine::load() {
  for (auto& [link, budget] : budgets_) budget.rows = 0;
  while (count_.step()) budgets_[std::string(count_.text(0))].rows = count_.integer(1);
  count_.reset();
}

bool Quarantine::spend(Budget& budget, BootTime arrived) {
  const std::chrono::duration<double> passed = arrived - budget.refilled;
  budget.refilled = arrived;
  budget.tokens = std::min(kBurst, budget.tokens + std::max(0.0, passed.count()) * kPerSecond);
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}

void Quarantine::keep(const bridge::Frame& frame, const Refusal& refusal, UtcMs now) {
  ++refused_;
  auto found = budgets_.find(frame.link);
  if (found == budgets_.end()) found = budgets_.emplace(std::string(frame.link), Budget{}).first;
  Budget& budget = found->second;
  if (!spend(budget, frame.arrived)) {
    ++budget.left_out;
    return;
  }
  std::string reason(refusal.reason);
  std::string_view payload = frame.payload;
  if (payload.size() > kLongestPayload) {
    reason += fmt::format(" (the first {} of {} bytes are kept)", kLongestPayload, payload.size());
    payload = payload.substr(0, kLongestPayload);
  }
  if (budget.left_out > 0) {
    reason += fmt::format(" ({} frames of this link before it were refused and not kept)", budget.left_out);
    budget.left_out = 0;
  }
  insert_.bind(count_ms(now), std::nullopt, std::chrono::duration_cast<Millis>(frame.arrived).count(),
               frame.link, frame.topic, refusal.decoder, refusal.kind, reason, std::nullopt);
  insert_.bind_blob(2, {reinterpret_cast<const char*>(frame.boot.data()), frame.boot.size()});
  insert_.bind_blob(9, payload);
  insert_.run();
  if (++budget.rows > kMostPerLink) {
    trim_.bind(frame.link, budget.rows - kMostPerLink).run();
    budget.rows = kMostPerLink;
  }
}

}  // namespace lintel::store
