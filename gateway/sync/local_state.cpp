#include "gateway/sync/local_state.hpp"

namespace lintel::sync {

namespace {
constexpr std::size_t kMostLiveness = 500;
}

LocalState::LocalState(store::Database& reader)
    : state_(reader.prepare(
          "select w.epoch, w.next_change_no - 1, s.watermark, s.history_id, s.config_version, "
          "w.coverage_news, s.coverage_told, "
          "(select coalesce(max(revision), 0) from owed_alerts), "
          "(select coalesce(max(revision), 0) from given_up), s.given_up_told, s.counters_owed, s.hq_schema, "
          "(select coalesce(max(revision), 0) from walk_tests), s.acceptances_told "
          "from writer_state w, sync_state s")),
      sensors_(reader.prepare("select id, status, last_data_received, offline_since from sensor_metadata "
                              "where deleted_at is null order by id")),
      coverage_(reader),
      alerts_(reader),
      acceptances_(reader),
      given_up_(reader),
      regions_(reader) {}

LocalState::Snapshot LocalState::read() {
  state_.reset();
  if (!state_.step()) throw store::SqliteError{SQLITE_INTERNAL, "writer_state or sync_state has no row"};
  Snapshot out;
  out.epoch = state_.text(0);
  out.last_change = state_.integer(1);
  out.durable = {state_.integer(2), std::string(state_.text(3)), state_.integer(4)};
  out.coverage_news = state_.integer(5);
  out.coverage_told = state_.integer(6);
  out.alert_news = state_.integer(7);
  out.given_up_news = state_.integer(8);
  out.given_up_told = state_.integer(9);
  out.counters_owed = state_.integer(10) != 0;
  out.hq_schema = state_.text(11);
  out.acceptance_news = state_.integer(12);
  out.acceptance_told = state_.integer(13);
  state_.reset();
  return out;
}

std::vector<Liveness> LocalState::liveness(bool all) {
  std::vector<Liveness> out;
  sensors_.reset();
  while (out.size() < kMostLiveness && sensors_.step()) {
    Liveness now{sensors_.integer(0), std::string(sensors_.text(1)), sensors_.maybe_integer(2),
                 sensors_.maybe_integer(3)};
    const auto told = told_.find(now.sensor);
    const bool news =
        told == told_.end() ||
        (all ? told->second != now : told->second.status != now.status || told->second.since != now.since);
    if (news) out.push_back(std::move(now));
  }
  sensors_.reset();
  return out;
}

void LocalState::told(const std::vector<Liveness>& entries) {
  for (const auto& entry : entries) told_[entry.sensor] = entry;
}

}  // namespace lintel::sync
