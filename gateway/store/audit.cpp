#include "gateway/store/audit.hpp"

namespace lintel::store {

void audit(Database& db, const AuditEntry& entry) {
  auto add = db.prepare(
      "insert into audit_log (organization_id, at, actor, action, table_name, row_id, new_values) "
      "select organization_id, ?, ?, ?, ?, ?, ? from stores limit 1");
  add.bind(count_ms(entry.at), entry.actor, entry.action, entry.table, entry.row, entry.said).run();
  auto prune = db.prepare("delete from audit_log where id <= (select max(id) from audit_log) - ?");
  prune.bind(std::int64_t{kAuditRows}).run();
}

}  // namespace lintel::store
