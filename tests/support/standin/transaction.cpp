#include "tests/support/standin/transaction.hpp"

#include <charconv>

namespace lintel::standin {
namespace {

using Json = nlohmann::json;

std::string compact(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// All of PostgREST's transaction-scoped settings in one statement, the role's own before the role.
Statement settings_statement(const Schema& schema, const Session& session,
                             const Settings& function_settings) {
  Statement statement;
  const auto set = [&](const std::string& name, const std::string& value) {
    statement.text += statement.text.empty() ? "select " : ", ";
    const std::string bound_name = statement.bind(name);
    statement.text += "set_config(" + bound_name + ", " + statement.bind(value) + ", true)";
  };
  set("search_path", quote_identifier(session.schema) + ", \"public\"");
  if (const auto role = schema.role_settings.find(session.role); role != schema.role_settings.end())
    for (const auto& [name, value] : role->second) set(name, value);
  set("role", session.role);
  set("request.jwt.claims", compact(session.claims));
  set("request.method", session.method);
  set("request.path", session.path);
  set("request.headers", compact(session.headers));
  set("request.cookies", compact(session.cookies));
  for (const auto& [name, value] : function_settings) set(name, value);
  return statement;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// response.headers is an array of objects with one text member each.
Answer<Headers> response_headers(const std::string& text) {
  const Json list = Json::parse(text, nullptr, false);
  ApiError unreadable{500, "PGRST111",
                      "response.headers guc must be a JSON array composed of objects with a single key and a "
                      "string value"};
  if (!list.is_array()) return refuse(std::move(unreadable));
  Headers headers;
  for (const Json& entry : list) {
    if (!entry.is_object() || entry.size() != 1 || !entry.begin().value().is_string())
      return refuse(std::move(unreadable));
    headers.emplace_back(entry.begin().key(), entry.begin().value().get<std::string>());
  }
  return headers;
}

Answer<void> read_response_settings(Connection& connection, bool authenticated, Outcome& outcome) {
  const auto rows = connection.run(
      "select nullif(current_setting('response.headers', true), ''), "
      "nullif(current_setting('response.status', true), '')");
  if (!rows) return refuse(to_api_error(rows.error(), authenticated));
  if (const auto text = rows->optional(0, 0)) {
    auto headers = response_headers(*text);
    if (!headers) return refuse(headers.error());
    outcome.headers = std::move(*headers);
  }
  if (const auto text = rows->optional(0, 1)) {
    int status = 0;
    const char* end = text->data() + text->size();
    if (std::from_chars(text->data(), end, status).ptr != end || status < 100 || status > 599)
      return refuse({500, "PGRST112", "response.status guc must be a valid status code"});
    outcome.status = status;
  }
  return {};
}

Answer<Outcome> run_main(Connection& connection, const Session& session, const Work& work) {
  const auto rows = connection.run(work.statement);
  if (!rows) return refuse(to_api_error(rows.error(), !session.anonymous));
  Outcome outcome{rows->text(0, 0), number(rows->text(0, 1)), std::nullopt, {}, std::nullopt};
  if (work.counted) outcome.total = number(rows->text(0, 2));
  if (work.single_row && outcome.rows != 1)
    return refuse({406, "PGRST116", "Cannot coerce the result to a single JSON object",
                   "The result contains " + std::to_string(outcome.rows) + " rows"});
  if (auto read = read_response_settings(connection, !session.anonymous, outcome); !read)
    return refuse(read.error());
  return outcome;
}

}  // namespace

Answer<Outcome> run_transaction(Pool& pool, const Schema& schema, const Session& session,
                                const std::string& pre_request, const Work& work) {
  const bool authenticated = !session.anonymous;
  auto lease = pool.acquire();
  if (!lease) return refuse(to_api_error(lease.error(), authenticated));
  Connection& connection = **lease;
  const auto step = [&](const Statement& statement) -> Answer<void> {
    const auto done = connection.run(statement);
    if (!done) return refuse(to_api_error(done.error(), authenticated));
    return {};
  };
  if (auto begun = step({work.read_only ? "begin read only" : "begin"}); !begun) return refuse(begun.error());
  if (auto set = step(settings_statement(schema, session, work.settings)); !set) return refuse(set.error());
  if (!pre_request.empty()) {
    if (auto allowed = step({"select " + pre_request + "()"}); !allowed) return refuse(allowed.error());
  }
  auto outcome = run_main(connection, session, work);
  if (!outcome) return outcome;  // the lease rolls back
  if (auto committed = step({"commit"}); !committed) return refuse(committed.error());
  return outcome;
}

}  // namespace lintel::standin
