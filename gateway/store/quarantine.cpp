#include "gateway/store/quarantine.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/store/redact.hpp"

namespace lintel::store {

namespace {

std::string_view bytes_of(const BootId& boot) {
  return {reinterpret_cast<const char*>(boot.data()), boot.size()};
}

/// What of an overlong topic is kept.
std::string_view kept_topic(std::string_view topic) {
  return topic.substr(0, Quarantine::kLongestTopic);
}

}  // namespace

Quarantine::Quarantine(Database& db)
    : db_(db),
      count_(db.prepare("select link, topic, count(*), sum(length(payload)) from quarantine group by 1, 2")),
      insert_(db.prepare(
          "insert into quarantine (received_at, boot_id, boot_ms, link, topic, decoder, kind, reason, "
          "payload, retained, removed, counted) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      oldest_(db.prepare("select id, length(payload) from quarantine where link = ? and topic = ? "
                         "order by id limit 1")),
      widest_(db.prepare("select topic from quarantine where link = ? group by topic "
                         "order by count(*) desc, sum(length(payload)) desc limit 1")),
      delete_(db.prepare("delete from quarantine where id = ?")),
      judge_(
          db.prepare("update quarantine set decoder = ?, kind = ?, reason = ?, counted = ? where id = ?")) {
  salt_ = redaction_salt(db);
  load();
}

void Quarantine::load() {
  for (auto& [name, link] : links_) {
    link.rows = link.bytes = 0;
    for (auto& [topic, source] : link.sources) source.rows = 0;
  }
  while (count_.step()) {
    Link& link = links_[std::string(count_.text(0))];
    link.rows += count_.integer(2);
    link.bytes += count_.integer(3);
    source(link, count_.text(1)).rows = count_.integer(2);
  }
  count_.reset();
}

bool Quarantine::Bucket::spend(BootTime at, double per_second, double burst) {
  const std::chrono::duration<double> passed = at - refilled;
  refilled = at;
  tokens = std::min(burst, tokens + std::max(0.0, passed.count()) * per_second);
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

Quarantine::Source& Quarantine::source(Link& link, std::string_view topic) {
  const auto found = link.sources.find(topic);
  if (found != link.sources.end()) return found->second;
  if (sources_ >= kMostSources) forget_idle_sources();
  ++sources_;
  return link.sources.emplace(std::string(topic), Source{}).first->second;
}

/// Budgets of sources that have no rows are only memory; what the rest has is in the table.
void Quarantine::forget_idle_sources() {
  sources_ = 0;
  for (auto& [name, link] : links_) {
    std::erase_if(link.sources, [](const auto& entry) { return entry.second.rows == 0; });
    sources_ += link.sources.size();
  }
}

void Quarantine::keep(const bridge::Frame& frame, const Refusal& refusal, UtcMs now,
                      std::string_view counted) {
  ++refused_;
  auto found = links_.find(frame.link);
  if (found == links_.end()) found = links_.emplace(std::string(frame.link), Link{}).first;
  Link& link = found->second;
  const auto topic = kept_topic(frame.topic);
  Source& from = source(link, topic);
  if (!from.budget.spend(frame.arrived, kPerSecond, kBurst) ||
      !link.budget.spend(frame.arrived, kPerSecondOfLink, kBurstOfLink)) {
    ++from.left_out;
    return;
  }
  std::string reason(refusal.reason);
  const auto cut = frame.payload.substr(0, kLongestPayload);
  if (cut.size() < frame.payload.size()) {
    reason += fmt::format(" (the first {} of {} bytes are kept)", cut.size(), frame.payload.size());
  }
  const auto kept = redact(cut, topic, salt_);
  if (kept.emptied) reason += " (its bytes were not kept: it cannot be replayed)";
  if (from.left_out > 0) {
    reason += fmt::format(" ({} frames of this source before it were refused and not kept)", from.left_out);
    from.left_out = 0;
  }
  insert_.bind(count_ms(now), std::nullopt, std::chrono::duration_cast<Millis>(frame.arrived).count(),
               frame.link, topic, refusal.decoder, refusal.kind, reason, std::nullopt, frame.retained,
               static_cast<std::int64_t>(kept.removed), counted);
  insert_.bind_blob(2, bytes_of(frame.boot));
  insert_.bind_blob(9, kept.payload);
  insert_.run();
  ++from.rows;
  ++link.rows;
  link.bytes += static_cast<std::int64_t>(kept.payload.size());
  trim(frame.link, link, topic, from);
}

/// The newest stay; where a link has too much, whoever sent most of it gives way.
void Quarantine::trim(std::string_view name, Link& link, std::string_view topic, Source& from) {
  if (from.rows > kMostPerSource) drop_oldest(name, link, topic);
  while ((link.rows > kMostPerLink || link.bytes > kMostBytesPerLink) && link.rows > 1) {
    widest_.bind(name);
    const std::string widest(widest_.step() ? widest_.text(0) : topic);
    widest_.reset();
    drop_oldest(name, link, widest);
  }
}

void Quarantine::drop_oldest(std::string_view name, Link& link, std::string_view topic) {
  oldest_.bind(name, topic);
  if (!oldest_.step()) throw SqliteError{SQLITE_INTERNAL, "quarantine holds less than was counted"};
  const auto id = oldest_.integer(0), bytes = oldest_.integer(1);
  oldest_.reset();
  delete_.bind(id).run();
  --link.rows;
  link.bytes -= bytes;
  --source(link, topic).rows;
}

std::vector<Quarantined> Quarantine::find(const QuarantineFilter& filter, std::int64_t after,
                                          std::size_t limit) {
  return find_quarantined(db_, filter, after, limit);
}

void Quarantine::remove(const Quarantined& frame) {
  delete_.bind(frame.id).run();
  Link& link = links_[frame.link];
  --link.rows;
  link.bytes -= static_cast<std::int64_t>(frame.payload.size());
  --source(link, frame.topic).rows;
}

void Quarantine::judge_again(std::int64_t id, const Refusal& refusal, std::string_view counted) {
  judge_.bind(refusal.decoder, refusal.kind, refusal.reason, counted, id).run();
}

Quarantined quarantined(const Statement& row) {
  Quarantined frame;
  frame.id = row.integer(0);
  if (!row.is_null(1)) frame.received = utc_ms(row.integer(1));
  const auto boot = row.text(2);
  std::copy_n(boot.begin(), std::min(boot.size(), frame.boot.size()), frame.boot.begin());
  frame.arrived = Millis{row.integer(3)};
  frame.link = row.text(4);
  frame.topic = row.text(5);
  frame.decoder = row.text(6);
  frame.kind = row.text(7);
  frame.reason = row.text(8);
  frame.payload = row.text(9);
  frame.retained = row.integer(10) != 0;
  frame.removed = row.integer(11);
  frame.counted = row.text(12);
  return frame;
}

std::vector<Quarantined> find_quarantined(Database& db, const QuarantineFilter& filter, std::int64_t after,
                                          std::size_t limit, bool newest_first) {
  std::string ids;
  for (const auto id : filter.ids) ids += fmt::format("{}{}", ids.empty() ? "" : ",", id);
  auto select = db.prepare(fmt::format(
      "select {} from quarantine where id > ?1 and (?2 is null or link = ?2) "
      "and (?3 is null or decoder = ?3) {} order by id {} limit ?4",
      kQuarantineColumns, ids.empty() ? "" : fmt::format("and id in ({})", ids), newest_first ? "desc" : ""));
  select.bind(after, filter.link, filter.decoder, static_cast<std::int64_t>(limit));
  std::vector<Quarantined> found;
  while (select.step()) found.push_back(quarantined(select));
  return found;
}

}  // namespace lintel::store
