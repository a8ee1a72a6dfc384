#include "tests/support/standin/call.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

namespace lintel::standin {
namespace {

using Json = nlohmann::json;
using Names = std::set<std::string>;

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string qualified(const Function& function) {
  return quote_identifier(function.schema) + "." + quote_identifier(function.name);
}

/// Null if it has none of that name.
const Argument* find_argument(const Function& function, const std::string& name) {
  const auto found = std::ranges::find(function.arguments, name, &Argument::name);
  return found == function.arguments.end() ? nullptr : &*found;
}

bool accepts(const Function& function, const Names& given) {
  return std::ranges::all_of(given, [&](const std::string& name) { return find_argument(function, name); }) &&
         std::ranges::all_of(function.arguments, [&](const Argument& argument) {
           return !argument.required || given.contains(argument.name);
         });
}

ApiError no_such_function(const CallRequest& request, const Names& given) {
  const std::string name = request.function.first + "." + request.function.second;
  const std::string list = joined(given);
  const std::string arguments = given.empty()
                                    ? " without parameters"
                                    : " with parameter" + std::string(given.size() > 1 ? "s " : " ") + list;
  const std::string body = request.is_get ? "" : " or with a single unnamed json/jsonb parameter";
  return {404, "PGRST202",
          "Could not find the function " + name + (given.empty() ? arguments : "(" + list + ")") +
              " in the schema cache",
          "Searched for the function " + name + arguments + body +
              ", but no matches were found in the schema cache."};
}

ApiError ambiguous(const std::vector<const Function*>& found) {
  std::string list;
  for (const Function* function : found) {
    list += (list.empty() ? "" : ", ") + function->schema + "." + function->name + "(";
    for (const Argument& argument : function->arguments)
      list += (list.ends_with('(') ? "" : ", ") + argument.name + " => " + argument.type;
    list += ")";
  }
  return {300, "PGRST203", "Could not choose the best candidate function between: " + list, std::nullopt,
          "Try renaming the parameters or the function itself in the database so function overloading can be "
          "resolved"};
}

std::vector<const Function*> overloads(const Schema& schema, const Schema::Name& name) {
  std::vector<const Function*> found;
  const auto [first, last] = schema.functions.equal_range(name);
  for (auto entry = first; entry != last; ++entry) found.push_back(&entry->second);
  return found;
}

/// A query parameter is an argument if the function has one of that name; what is left filters the rows,
/// which only a function that gives rows can do.
Names given_arguments(const Function& function, const QueryString& query) {
  Names given;
  for (const auto& [name, value] : query) {
    const bool argument = find_argument(function, name) != nullptr;
    const bool reserved = name == "select" || name == "order" || name == "limit" || name == "offset";
    if (argument || (!reserved && function.result != Function::Result::rows)) given.insert(name);
  }
  return given;
}

Answer<const Function*> choose(const std::vector<const Function*>& fitting, const CallRequest& request,
                               const Names& given) {
  if (fitting.empty()) return refuse(no_such_function(request, given));
  if (fitting.size() > 1) return refuse(ambiguous(fitting));
  return fitting.front();
}

/// Wraps a call so that its rows, or its scalar as `value`, stand alone in a from clause.
std::string source_of(const Function& function, const std::string& arguments, const std::string& from) {
  const std::string call = qualified(function) + "(" + arguments + ")";
  const std::string before = from.empty() ? "" : from + ", lateral ";
  switch (function.result) {
    case Function::Result::nothing:
    case Function::Result::scalar:
      return "(select " + call + " as value" + (from.empty() ? "" : " from " + from) + ") as standin_source";
    case Function::Result::scalars:
      return "(select standin_set.value from " + before + call + " as standin_set(value)) as standin_source";
    case Function::Result::row:
    case Function::Result::rows: break;
  }
  return "(select standin_set.* from " + before + call + " as standin_set) as standin_source";
}

Answer<Call> plan_get(const Schema& schema, const CallRequest& request) {
  std::vector<const Function*> fitting;
  Names given;
  for (const auto& [name, value] : request.query) given.insert(name);
  for (const Function* function : overloads(schema, request.function)) {
    const Names names = given_arguments(*function, request.query);
    if (accepts(*function, names)) fitting.push_back(function);
  }
  const auto chosen = choose(fitting, request, given);
  if (!chosen) return refuse(chosen.error());
  Call call{*chosen, {}, "", {}};
  QueryString rest;
  std::string arguments;
  for (const auto& [name, value] : request.query) {
    const Argument* argument = find_argument(*call.function, name);
    if (argument == nullptr) {
      rest.emplace_back(name, value);
      continue;
    }
    arguments += (arguments.empty() ? "" : ", ") + quote_identifier(name) +
                 " := " + call.statement.bind(value) + "::" + argument->type;
  }
  auto read = parse_read(rest);
  if (!read) return refuse(read.error());
  call.read = std::move(*read);
  call.source = source_of(*call.function, arguments, "");
  return call;
}

/// Arguments by name from the members of a JSON object, converted by PostgreSQL.
Call named_call(const Function& function, const Names& given, const std::string& body) {
  Call call{&function, {}, "", {}};
  std::string arguments;
  std::string columns;
  for (const Argument& argument : function.arguments) {
    if (!given.contains(argument.name)) continue;
    const std::string name = quote_identifier(argument.name);
    arguments.append(arguments.empty() ? "" : ", ")
        .append(name)
        .append(" := standin_arguments.")
        .append(name);
    columns.append(columns.empty() ? "" : ", ").append(name).append(" ").append(argument.type);
  }
  const std::string from = given.empty() ? ""
                                         : "json_to_record(" + call.statement.bind(body) +
                                               "::json) as standin_arguments(" + columns + ")";
  call.source = source_of(function, arguments, from);
  return call;
}

Call body_call(const Function& function, const std::string& body) {
  Call call{&function, {}, "", {}};
  const std::string argument = call.statement.bind(body) + "::" + function.arguments[0].type;
  call.source = source_of(function, argument, "");
  return call;
}

Answer<Call> plan_post(const Schema& schema, const CallRequest& request) {
  const std::string body = request.body.empty() ? "{}" : request.body;
  if (!request.content_type.empty() && !request.content_type.starts_with("application/json"))
    return refuse({400, "PGRST102", "Content-Type not acceptable: " + request.content_type});
  const auto candidates = overloads(schema, request.function);
  const bool whole = candidates.size() == 1 && candidates.front()->takes_body();
  // A lone function that takes the body needs its syntax checked, not its members listed.
  const Json parsed = whole ? Json() : Json::parse(body, nullptr, false);
  if (whole ? !Json::accept(body) : parsed.is_discarded())
    return refuse({400, "PGRST102", "Empty or invalid json"});
  if (whole) return body_call(*candidates.front(), body);
  Names given;
  if (parsed.is_object())
    for (const auto& [name, value] : parsed.items()) given.insert(name);
  std::vector<const Function*> fitting;
  const Function* fallback = nullptr;
  for (const Function* function : candidates) {
    if (function->takes_body())
      fallback = function;
    else if (accepts(*function, given))
      fitting.push_back(function);
  }
  if (fitting.empty() && fallback != nullptr) return body_call(*fallback, body);
  const auto chosen = choose(fitting, request, given);
  if (!chosen) return refuse(chosen.error());
  return named_call(**chosen, given, body);
}

}  // namespace

Answer<Call> plan_call(const Schema& schema, const CallRequest& request) {
  if (request.is_get) return plan_get(schema, request);
  auto call = plan_post(schema, request);
  if (!call) return call;
  auto read = parse_read(request.query);
  if (!read) return refuse(read.error());
  call->read = std::move(*read);
  return call;
}

}  // namespace lintel::standin
