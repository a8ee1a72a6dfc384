#pragma once

#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// All reads within its lifetime see the same state of the database.
class ReadTransaction {
 public:
  explicit ReadTransaction(store::Database& db) : db_(db) { db_.execute("begin"); }
  ~ReadTransaction() { sqlite3_exec(db_.handle(), "rollback", nullptr, nullptr, nullptr); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  store::Database& db_;
};

}  // namespace lintel::status
