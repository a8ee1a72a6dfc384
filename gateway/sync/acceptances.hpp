#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/owed.hpp"

namespace lintel::sync {

/// A walk test that somebody has signed (gateway/walk).
struct Acceptance {
  std::string id;           ///< uuid, by which HQ takes it once
  std::int64_t sensor = 0;  ///< local id
  std::string line;
  std::int64_t at = 0;
  std::int64_t walked = 0;  ///< in, and out as often
  std::int64_t counted_in = 0, counted_out = 0;
  std::string verdict;
  std::string signed_by;
  std::string note;
};

/// Acceptances of one request, in the order in which they were signed.
using OwedAcceptances = Owed<Acceptance>;

/// At least as many bytes as append_acceptances() writes; 0 for none.
[[nodiscard]] std::size_t width_of(const OwedAcceptances& owed);

/// Reads what is owed. Used by one thread; throws store::SqliteError.
class AcceptanceReader {
 public:
  explicit AcceptanceReader(store::Database& reader);

  /// Those signed after a revision, as many as a request takes.
  [[nodiscard]] OwedAcceptances owed(std::int64_t told);

 private:
  store::Statement select_;
};

/// Appends the key `acceptances`, if there are any. `id` gives a sensor's id as JSON.
void append_acceptances(std::string& out, const OwedAcceptances& owed,
                        const std::function<const std::string&(std::int64_t sensor)>& id);

/// HQ's answer about them (schema/SYNC.md, "acceptances").
struct AcceptanceAnswer {
  std::vector<std::string> taken;
  std::vector<std::pair<std::size_t, std::string>> rejected;  ///< position and code
};

/// What came of the acceptances of a request.
struct AcceptanceVerdict {
  std::int64_t told = 0;                                     ///< HQ has answered all up to this revision
  std::vector<std::pair<std::string, std::string>> refused;  ///< id and code: HQ will never take them
  bool again = false;                                        ///< some are to be sent again, later
};

/// Judges HQ's answer about the acceptances of a request. Pure.
[[nodiscard]] AcceptanceVerdict judge_acceptances(const OwedAcceptances& told,
                                                  const AcceptanceAnswer& answer);

/// For the writer thread, inside its transaction. Throws store::SqliteError.
void keep_acceptances(store::Database& writer, const AcceptanceVerdict& verdict);
/// HQ is another one: all are owed to it.
void owe_all_acceptances(store::Database& writer);

}  // namespace lintel::sync
