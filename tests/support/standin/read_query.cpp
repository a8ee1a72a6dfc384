#include "tests/support/standin/read_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace lintel::standin {
namespace {

struct Operation {
  std::string_view name;
  std::string_view sql;
};

constexpr std::array kOperations{
    Operation{"eq", "="},      Operation{"gt", ">"},       Operation{"gte", ">="}, Operation{"lt", "<"},
    Operation{"lte", "<="},    Operation{"neq", "<>"},     Operation{"in", "in"},  Operation{"is", "is"},
    Operation{"like", "like"}, Operation{"ilike", "ilike"}};

ApiError not_parsed(const std::string& what, const std::string& text) {
  return {400, "PGRST100", "\"failed to parse " + what + " (" + text + ")\"",
          "This stand-in reads plain columns, one filter per parameter, order, limit and offset."};
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '+') {
      plain += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Splits at separators outside double quotes.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == separator && !quoted)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string unquoted(const std::string& text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

bool plain_column(const std::string& name) {
  return !name.empty() && name.find_first_of("()>") == std::string::npos;
}

bool plain_type(const std::string& type) {
  return std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '[' || c == ']' || c == ' ';
  });
}

/// `alias:column::type`
Answer<Read::Column> parse_column(const std::string& text) {
  Read::Column column;
  std::string rest = text;
  if (const auto cast = rest.find("::"); cast != std::string::npos) {
    column.cast = rest.substr(cast + 2);
    rest.resize(cast);
  }
  if (const auto alias = rest.find(':'); alias != std::string::npos) {
    column.alias = unquoted(rest.substr(0, alias));
    rest.erase(0, alias + 1);
  }
  column.name = unquoted(rest);
  if (!plain_column(column.name) || !plain_type(column.cast))
    return refuse(not_parsed("select parameter", text));
  return column;
}

/// `column.desc.nullslast`
Answer<std::string> parse_order(const std::string& text) {
  const auto parts = split(text, '.');
  if (!plain_column(parts[0])) return refuse(not_parsed("order", text));
  std::string term = quote_identifier(unquoted(parts[0]));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "asc" || parts[i] == "desc")
      term += " " + parts[i];
    else if (parts[i] == "nullsfirst" || parts[i] == "nullslast")
      term += " nulls " + parts[i].substr(5);
    else
      return refuse(not_parsed("order", text));
  }
  return term;
}

Answer<Read::Filter> parse_filter(const std::string& column, const std::string& text) {
  Read::Filter filter{column, "", text, false};
  if (filter.value.starts_with("not.")) {
    filter.negated = true;
    filter.value.erase(0, 4);
  }
  const auto dot = filter.value.find('.');
  filter.operation = filter.value.substr(0, dot);
  const bool known = std::any_of(kOperations.begin(), kOperations.end(),
                                 [&](const Operation& o) { return o.name == filter.operation; });
  if (dot == std::string::npos || !known || !plain_column(column)) return refuse(not_parsed("filter", text));
  filter.value.erase(0, dot + 1);
  return filter;
}

Answer<std::uint64_t> parse_number(const std::string& name, const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end || text.empty())
    return refuse(not_parsed(name, text));
  return number;
}

Answer<void> apply(Read& read, const std::string& name, const std::string& value) {
  if (name == "select") {
    for (const std::string& part : split(value, ',')) {
      if (part.empty()) continue;
      auto column = parse_column(part);
      if (!column) return refuse(column.error());
      read.columns.push_back(std::move(*column));
    }
  } else if (name == "order") {
    for (const std::string& part : split(value, ',')) {
      auto term = parse_order(part);
      if (!term) return refuse(term.error());
      read.order.push_back(std::move(*term));
    }
  } else if (name == "limit" || name == "offset") {
    const auto number = parse_number(name, value);
    if (!number) return refuse(number.error());
    if (name == "limit")
      read.limit = *number;
    else
      read.offset = *number;
  } else if (name != "columns") {
    auto filter = parse_filter(unquoted(name), value);
    if (!filter) return refuse(filter.error());
    read.filters.push_back(std::move(*filter));
  }
  return {};
}

/// `(a,"b c")` as a placeholder each; an empty list matches nothing.
std::string render_list(const std::string& value, Statement& statement) {
  std::string inner = value;
  if (inner.size() >= 2 && inner.front() == '(' && inner.back() == ')')
    inner = inner.substr(1, inner.size() - 2);
  if (inner.empty()) return "in (null)";
  std::string list;
  for (const std::string& part : split(inner, ','))
    list += (list.empty() ? "" : ", ") + statement.bind(unquoted(part));
  return "in (" + list + ")";
}

/// The right-hand side of `is`, which is a keyword; empty for any other word.
std::string_view keyword(std::string_view word) {
  constexpr std::array kWords{std::string_view("null"), std::string_view("not null"),
                              std::string_view("true"), std::string_view("false"),
                              std::string_view("unknown")};
  if (word == "not_null") word = "not null";
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  return found == kWords.end() ? std::string_view() : *found;
}

std::string render_filter(const Read::Filter& filter, Statement& statement) {
  std::string condition = quote_identifier(filter.column) + " ";
  if (filter.operation == "in") {
    condition += render_list(filter.value, statement);
  } else if (filter.operation == "is") {
    condition += "is " + std::string(keyword(filter.value));
  } else {
    std::string value = filter.value;
    if (filter.operation.ends_with("like")) std::replace(value.begin(), value.end(), '*', '%');
    const auto operation = std::find_if(kOperations.begin(), kOperations.end(),
                                        [&](const Operation& o) { return o.name == filter.operation; });
    condition += std::string(operation->sql) + " " + statement.bind(std::move(value));
  }
  return filter.negated ? "not (" + condition + ")" : condition;
}

std::string render_columns(const Read& read) {
  if (read.columns.empty()) return "*";
  std::string list;
  for (const Read::Column& column : read.columns) {
    list += (list.empty() ? "" : ", ") + (column.name == "*" ? column.name : quote_identifier(column.name));
    if (!column.cast.empty()) list += "::" + column.cast;
    if (!column.alias.empty() || !column.cast.empty())
      list += " as " + quote_identifier(column.alias.empty() ? column.name : column.alias);
  }
  return list;
}

std::string joined(const std::vector<std::string>& parts, const char* first, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? first : between) + part;
  return text;
}

}  // namespace

QueryString parse_query_string(std::string_view text) {
  QueryString query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    query.emplace_back(percent_decoded(pair.substr(0, equals)), percent_decoded(value));
  }
  return query;
}

Answer<Read> parse_read(const QueryString& query) {
  Read read;
  for (const auto& [name, value] : query) {
    if (auto applied = apply(read, name, value); !applied) return refuse(applied.error());
  }
  for (const Read::Filter& filter : read.filters) {
    if (filter.operation == "is" && keyword(filter.value).empty())
      return refuse(not_parsed("filter", "is." + filter.value));
  }
  return read;
}

std::string render_read(const Read& read, const std::string& source, Statement& statement, bool all) {
  std::vector<std::string> conditions;
  for (const Read::Filter& filter : read.filters) conditions.push_back(render_filter(filter, statement));
  std::string sql =
      "select " + render_columns(read) + " from " + source + joined(conditions, " where ", " and ");
  if (all) return sql;
  sql += joined(read.order, " order by ", ", ");
  if (read.limit) sql += " limit " + std::to_string(*read.limit);
  if (read.offset > 0) sql += " offset " + std::to_string(read.offset);
  return sql;
}

}  // namespace lintel::standin
