#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

/// "alert_state" -> "AlertState"
std::string upper_camel(std::string_view name) {
  std::string result;
  bool begins = true;
  for (const char c : name) {
    if (c == '_') {
      begins = true;
      continue;
    }
    result += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = false;
  }
  return result;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// What a table is called in the program: those of api begin with Api, since views have tables' names.
std::string name_of(const Table& columns, std::size_t row) {
  return (columns.at(row, "schema") == "api" ? "Api" : "") + upper_camel(columns.at(row, "table"));
}

/// A comment on lines of its own, at most 100 columns.
std::string comment(std::string_view text, std::string_view indent, std::string_view mark) {
  std::string lines;
  std::istringstream in(wrapped(text, 0, 100 - indent.size() - mark.size()));
  for (std::string line; std::getline(in, line);) lines += fmt::format("{}{}{}\n", indent, mark, line);
  return lines;
}

std::string cpp_type(const Table& columns, std::size_t row) {
  const auto& type = columns.at(row, "type");
  std::string name = "std::string";
  if (columns.at(row, "is_enum") == "t")
    name = upper_camel(type);
  else if (type == "int8")
    name = "std::int64_t";
  else if (type == "int4")
    name = "std::int32_t";
  else if (type == "int2")
    name = "std::int16_t";
  else if (type == "bool")
    name = "bool";
  else if (type == "float8")
    name = "double";
  if (columns.at(row, "is_array") == "t") name = fmt::format("std::vector<{}>", name);
  return columns.at(row, "nullable") == "t" ? fmt::format("std::optional<{}>", name) : name;
}

std::string typescript_type(const Table& columns, std::size_t row) {
  const auto& type = columns.at(row, "type");
  std::string name = "string";
  if (columns.at(row, "is_enum") == "t")
    name = upper_camel(type);
  else if (type == "int8" || type == "int4" || type == "int2" || type == "float8" || type == "numeric")
    name = "number";
  else if (type == "bool")
    name = "boolean";
  else if (type == "jsonb" || type == "json")
    name = "Json";
  if (columns.at(row, "is_array") == "t") name += "[]";
  return columns.at(row, "nullable") == "t" ? name + " | null" : name;
}

std::string cpp(const Table& columns, const Table& enums) {
  std::string text =
      "// Generated: lintel-hq types cpp. A test holds it against the schema.\n// clang-format off\n#pragma "
      "once\n\n#include "
      "<array>\n#include <cstdint>\n#include <optional>\n"
      "#include <string>\n#include <string_view>\n#include <vector>\n\n"
      "/// Rows of the central schema. Instants, days, uuids and JSON are text as PostgreSQL writes "
      "it.\nnamespace lintel::rows {\n";
  for (std::size_t e = 0; e < enums.rows.size(); ++e) {
    const auto name = upper_camel(enums.at(e, "name"));
    const auto words = words_of(enums.at(e, "words"));
    text += fmt::format("\n{}enum class {} {{ {} }};\n", comment(enums.at(e, "comment"), "", "/// "), name,
                        fmt::join(words, ", "));
    text += fmt::format("inline constexpr std::array<std::string_view, {}> k{}Words = {{\"{}\"}};\n",
                        words.size(), name, fmt::join(words, "\", \""));
  }
  std::string open;
  for (std::size_t r = 0; r < columns.rows.size(); ++r) {
    const auto name = name_of(columns, r);
    if (name != open) {
      if (!open.empty()) text += "};\n";
      text += fmt::format("\n{}struct {} {{\n  static constexpr std::string_view kTable = \"{}.{}\";\n",
                          comment(columns.at(r, "table_comment"), "", "/// "), name, columns.at(r, "schema"),
                          columns.at(r, "table"));
      open = name;
    }
    text += fmt::format("{}  {} {}{{}};\n", comment(columns.at(r, "comment"), "  ", "/// "),
                        cpp_type(columns, r), columns.at(r, "column"));
  }
  return text + "};\n\n}  // namespace lintel::rows\n";
}

std::string typescript(const Table& columns, const Table& enums) {
  std::string text =
      "// Generated: lintel-hq types typescript. A test holds it against the schema.\n"
      "// Rows of the central schema as PostgREST writes them: instants, days and uuids are strings.\n\n"
      "export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };\n";
  for (std::size_t e = 0; e < enums.rows.size(); ++e) {
    text +=
        fmt::format("\n{}export type {} = \"{}\";\n", comment(enums.at(e, "comment"), "", "// "),
                    upper_camel(enums.at(e, "name")), fmt::join(words_of(enums.at(e, "words")), "\" | \""));
  }
  std::string open;
  for (std::size_t r = 0; r < columns.rows.size(); ++r) {
    const auto name = name_of(columns, r);
    if (name != open) {
      if (!open.empty()) text += "}\n";
      text += fmt::format("\n{}export interface {} {{\n", comment(columns.at(r, "table_comment"), "", "// "),
                          name);
      open = name;
    }
    text += fmt::format("{}  {}: {};\n", comment(columns.at(r, "comment"), "  ", "// "),
                        columns.at(r, "column"), typescript_type(columns, r));
  }
  return text + "}\n";
}

/// The first line in which two texts differ; 0: none.
std::size_t first_difference(const std::string& a, const std::string& b) {
  std::istringstream one(a), other(b);
  std::string left, right;
  for (std::size_t line = 1;; ++line) {
    const bool more = static_cast<bool>(std::getline(one, left)),
               too = static_cast<bool>(std::getline(other, right));
    if (!more && !too) return 0;
    if (more != too || left != right) return line;
  }
}

}  // namespace

Outcome types(Call& call) {
  const auto file = call.option("--check");
  if (!file) return tl::unexpected(file.error());
  const auto language = call.word().value_or("");
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (language != "cpp" && language != "typescript")
    return fail(ErrorKind::misconfigured,
                "say for which language: lintel-hq types cpp, lintel-hq types typescript");
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  const auto columns = database->run(query("types/columns.sql"));
  if (!columns) return tl::unexpected(columns.error());
  const auto enums = database->run(query("types/enums.sql"));
  if (!enums) return tl::unexpected(enums.error());
  if (columns->rows.empty())
    return fail(ErrorKind::misconfigured,
                "the central schema is not deployed in this database: lintel-hq deploy");
  const auto text = language == "cpp" ? cpp(*columns, *enums) : typescript(*columns, *enums);
  if (!*file) {
    if (call.json) {
      call.print({{"language", language}, {"text", text}});
    } else {
      call.out << text;
    }
    return cli::kOk;
  }
  std::ifstream in(**file);
  std::ostringstream kept;
  kept << in.rdbuf();
  if (!in) return fail(ErrorKind::misconfigured, fmt::format("--check {}: the file cannot be read", **file));
  const auto line = first_difference(kept.str(), text);
  if (call.json) {
    call.print({{"language", language},
                {"file", **file},
                {"same", line == 0},
                {"line", line == 0 ? nlohmann::json() : nlohmann::json(line)}});
  } else {
    call.out << (line == 0 ? fmt::format("{} is as the schema says.\n", **file)
                           : fmt::format("{}:{}: differs from the schema. lintel-hq types {} > {}\n", **file,
                                         line, language, **file));
  }
  return line == 0 ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
