#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/standin/api_error.hpp"
#include "tests/support/standin/database.hpp"

namespace lintel::standin {

/// The decoded `name=value` pairs of a query string, in order.
using QueryString = std::vector<std::pair<std::string, std::string>>;

QueryString parse_query_string(std::string_view text);

/// A read of a relation or of a function's rows: which columns of which rows in which order.
struct Read {
  struct Column {
    std::string name;
    std::string alias;
    std::string cast;
  };
  struct Filter {
    std::string column;
    std::string operation;  ///< eq, gt, gte, lt, lte, neq, in, is, like, ilike
    std::string value;
    bool negated = false;
  };
  std::vector<Column> columns;  ///< empty: all
  std::vector<Filter> filters;
  std::vector<std::string> order;  ///< finished SQL terms
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
};

/// Understands select (columns, aliases, casts), order, limit, offset and one filter per parameter.
/// What it does not understand, embedding and logic trees included, is refused with 400 PGRST100.
Answer<Read> parse_read(const QueryString& query);

/// SQL for the rows of `source`, a relation or a call in parentheses-free from-clause form, whose
/// parameters `statement` may already hold. With `all` the order and the limits are left out.
std::string render_read(const Read& read, const std::string& source, Statement& statement, bool all = false);

}  // namespace lintel::standin
