#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/owed.hpp"

namespace lintel::sync {

/// What a series lost of a day before HQ had it (store::Retention).
struct GivenUp {
  std::int64_t sensor = 0;  ///< local id
  bool region = false;
  std::string label;
  std::int64_t day = 0;  ///< since 1970-01-01
  std::int64_t readings = 0, in = 0, out = 0;
};

using OwedGivenUp = Owed<GivenUp>;

/// At least as many bytes as append_given_up() writes; 0 for none.
[[nodiscard]] std::size_t width_of(const OwedGivenUp& owed);

/// Reads what is owed. Used by one thread; throws store::SqliteError.
class GivenUpReader {
 public:
  explicit GivenUpReader(store::Database& reader);
  [[nodiscard]] OwedGivenUp owed(std::int64_t told);

 private:
  store::Statement select_;
};

/// Appends the key `given_up`, if there is anything. `id` gives a sensor's id as JSON.
void append_given_up(std::string& out, const OwedGivenUp& owed,
                     const std::function<const std::string&(std::int64_t sensor)>& id);

/// For the writer thread: HQ comes from a backup that lacks changes up to here, which are not here any more.
/// Opens an alert that says so. Throws store::SqliteError.
void note_unresendable(store::Database& writer, std::int64_t watermark, const std::string& history,
                       UtcMs now);

}  // namespace lintel::sync
