#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"
#include "gateway/cli/outcome.hpp"
#include "schema/tools/database.hpp"

namespace lintel::hq {

/// What a verb was called with. A verb takes its options out of `words`, says done(), and then connects.
struct Call {
  std::vector<std::string> words;
  std::string target;  ///< --db
  bool json = false;
  std::ostream& out;  ///< the answer
  std::ostream& err;  ///< notes and warnings

  Result<std::optional<std::string>> option(std::string_view name);
  /// The same as a whole number; `otherwise` where it is not there.
  Result<long> number(std::string_view name, long otherwise);
  bool flag(std::string_view name);
  /// The next word that is no option; nothing: there is none.
  std::optional<std::string> word();
  /// `misconfigured` where a word is left that nobody took.
  [[nodiscard]] Result<void> done() const;
  [[nodiscard]] Result<Database> connect() const { return Database::connect(target); }

  void note(std::string_view text) const;            ///< "lintel-hq: TEXT" for people
  void print(const nlohmann::json& document) const;  ///< as the answer
};

/// What a verb gives back: an exit code of gateway/cli/outcome.hpp.
using Outcome = Result<int>;

/// A file of schema/tools/sql, as it was at build time. It must be there.
std::string_view query(std::string_view name);
/// All below a folder, in the order of their names: {"unused", text}.
struct Query {
  std::string_view name;
  std::string_view text;
};
std::vector<Query> queries(std::string_view folder);

/// Rows as people read them: columns beside each other, cut to fit 80 columns.
std::string to_text(const Table& table);
/// Lines of at most `width` columns, broken between words, each after `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 80);
/// "16 kB", "3.4 GB"
std::string size_text(std::int64_t bytes);
/// "2026-11-21T23:00:00Z"
std::string now_text();

}  // namespace lintel::hq
