#include "gateway/app/journals.hpp"

namespace lintel::app {

using bridge::JournalPlace;
using bridge::links::JournalProgress;

Journals::Journals(store::Database& db)
    : db_(db),
      save_(db.prepare(
          "insert into broker_journals (link, journal, next_segment, next_offset, gap_from_segment, "
          "gap_from_offset, gap_to_segment, gap_to_offset) values (?, ?, ?, ?, ?, ?, ?, ?) "
          "on conflict do update set journal = excluded.journal, next_segment = excluded.next_segment, "
          "next_offset = excluded.next_offset, gap_from_segment = excluded.gap_from_segment, "
          "gap_from_offset = excluded.gap_from_offset, gap_to_segment = excluded.gap_to_segment, "
          "gap_to_offset = excluded.gap_to_offset")) {
  load();
}

void Journals::load() {
  now_.clear();
  auto rows = db_.prepare(
      "select link, journal, next_segment, next_offset, gap_from_segment, gap_from_offset, gap_to_segment, "
      "gap_to_offset from broker_journals");
  while (rows.step()) {
    const auto number = [&](int column) { return static_cast<std::uint32_t>(rows.integer(column)); };
    const auto place = [&](int column) {
      return JournalPlace{number(1), number(column), number(column + 1)};
    };
    now_[std::string(rows.text(0))] = {number(1), place(2), place(4), place(6)};
  }
  committed();
}

void Journals::begin(const std::string& link, const JournalProgress& progress) {
  changed_ = now_.emplace(link, progress).second || changed_;
}

bool Journals::take(const bridge::Frame& frame) {
  auto found = now_.find(frame.link);
  if (found == now_.end()) found = now_.try_emplace(std::string(frame.link)).first;
  changed_ = true;
  return found->second.take(frame);
}

void Journals::flush() {
  if (!changed_) return;
  for (const auto& [link, progress] : now_) {
    const auto before = stored(link);
    if (before == progress) continue;
    const auto& [journal, next, from, to] = progress;
    save_
        .bind(link, std::int64_t{journal}, std::int64_t{next.segment}, std::int64_t{next.offset},
              std::int64_t{from.segment}, std::int64_t{from.offset}, std::int64_t{to.segment},
              std::int64_t{to.offset})
        .run();
  }
}

void Journals::committed() {
  changed_ = false;
  const std::lock_guard lock(mutex_);
  stored_ = now_;
}

Journals::All Journals::with_waiting(bridge::links::Spool& spool, bridge::links::Position position) const {
  auto ahead = now_;
  bridge::Frame frame;
  std::string buffer;
  while (spool.read(position, frame, buffer)) {
    if (frame.journal.journal != 0) (void)ahead[std::string(frame.link)].take(frame);
  }
  return ahead;
}

std::optional<JournalProgress> Journals::stored(std::string_view link) const {
  const std::lock_guard lock(mutex_);
  const auto found = stored_.find(link);
  return found == stored_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace lintel::app
