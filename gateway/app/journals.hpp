#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/links/journal_progress.hpp"
#include "firmware-bridge/links/spool.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::app {

/// How far the links are in the journals of their brokers, kept in the transactions of the rows that came
/// from there. Writer thread only but for stored(); SqliteError may leave the others.
class Journals {
 public:
  explicit Journals(store::Database& db);

  /// A link has seen a journal for the first time.
  void begin(const std::string& link, const bridge::links::JournalProgress& progress);
  /// Notes a frame that has a place in a journal. False: it has been counted.
  bool take(const bridge::Frame& frame);

  /// Writes what has changed, before the batch is committed.
  void flush();
  /// The batch is durable.
  void committed();
  /// Goes back to what the database says; after a rollback.
  void load();

  using All = std::map<std::string, bridge::links::JournalProgress, std::less<>>;
  /// How far the links are once what waits in the spool is taken. Before the writer runs.
  [[nodiscard]] All with_waiting(bridge::links::Spool& spool, bridge::links::Position position) const;

  /// What is durable of that link. Any thread.
  [[nodiscard]] std::optional<bridge::links::JournalProgress> stored(std::string_view link) const;

 private:
  store::Database& db_;
  store::Statement save_;
  All now_;
  bool changed_ = false;

  mutable std::mutex mutex_;
  All stored_;  // guarded by mutex_
};

}  // namespace lintel::app
