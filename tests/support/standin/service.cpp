#include "tests/support/standin/service.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>

#include <boost/beast/http/verb.hpp>

#include "tests/support/standin/call.hpp"
#include "tests/support/standin/read_query.hpp"

namespace lintel::standin {
namespace {

namespace http = boost::beast::http;
using Json = nlohmann::json;

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr const char* kSingleObject = "application/vnd.pgrst.object+json";

std::string text_of(boost::beast::string_view view) {
  return {view.data(), view.size()};
}

std::string header(const Request& request, boost::beast::string_view name) {
  return text_of(request[name]);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Json header_object(const Request& request) {
  Json object = Json::object();
  for (const auto& field : request) {
    const std::string name = lower(text_of(field.name_string()));
    if (name == "cookie") continue;
    const std::string value = text_of(field.value());
    object[name] = object.contains(name) ? object[name].get<std::string>() + ", " + value : value;
  }
  return object;
}

Json cookie_object(const std::string& text) {
  Json object = Json::object();
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find(';', start), text.size());
    const std::string pair = text.substr(start, end - start);
    const auto equals = pair.find('=');
    const auto name = pair.find_first_not_of(' ');
    if (equals != std::string::npos && name < equals)
      object[pair.substr(name, equals - name)] = pair.substr(equals + 1);
    start = end + 1;
  }
  return object;
}

bool is_read(const Request& request) {
  return request.method() == http::verb::get || request.method() == http::verb::head;
}

/// Whether one JSON object instead of an array is wanted; neither form acceptable is PGRST107.
Answer<bool> wants_single_object(const Request& request) {
  const std::string accept = header(request, "Accept");
  if (accept.find("application/vnd.pgrst.object") != std::string::npos) return true;
  const bool json = accept.empty() || accept.find("*/*") != std::string::npos ||
                    accept.find("application/*") != std::string::npos ||
                    accept.find("application/json") != std::string::npos ||
                    accept.find("application/vnd.pgrst.array") != std::string::npos;
  if (json) return false;
  return refuse({406, "PGRST107", "None of these media types are available: " + accept});
}

std::string content_range(const Outcome& outcome, std::uint64_t offset) {
  const std::string total = outcome.total ? std::to_string(*outcome.total) : "*";
  if (outcome.rows == 0) return "*/" + total;
  return std::to_string(offset) + "-" + std::to_string(offset + outcome.rows - 1) + "/" + total;
}

/// Adds to `work` the select that turns the rows of `source` into one JSON text and counts them.
void aggregate_rows(Work& work, const Read& read, const std::string& source, const std::string& element) {
  const std::string rows = render_read(read, source, work.statement);
  std::string text = "select coalesce((json_agg(" + element + ")";
  text += work.single_row ? "->0)::text, 'null')" : ")::text, '[]')";
  text += ", count(*)";
  if (work.counted)
    text +=
        ", (select count(*) from (" + render_read(read, source, work.statement, true) + ") as standin_all)";
  work.statement.text = text + " from (" + rows + ") as standin_row";
}

Response json_response(const Outcome& outcome, bool single_object) {
  const std::string type = single_object ? std::string(kSingleObject) + "; charset=utf-8" : kJson;
  return {200, "", {{"Content-Type", type}}, outcome.body};
}

/// Adds the range. Of rows that were counted a part is 206, and one that begins behind the last is 416.
Response ranged(const Outcome& outcome, std::uint64_t offset, Response response) {
  if (outcome.total && offset > *outcome.total) {
    response.status = 416;
    response.body =
        to_json({416, "PGRST103", "Requested range not satisfiable",
                 "An offset of " + std::to_string(offset) + " was requested, but there are only " +
                     std::to_string(*outcome.total) + " rows."});
  } else if (outcome.total && outcome.rows < *outcome.total) {
    response.status = 206;
  }
  response.headers.emplace_back("Content-Range", content_range(outcome, offset));
  if (outcome.total) response.headers.emplace_back("Preference-Applied", "count=exact");
  return response;
}

/// What the transaction said through response.status and response.headers takes the place of what is there.
Response overridden(const Outcome& outcome, Response response) {
  if (outcome.status) response.status = *outcome.status;
  std::erase_if(response.headers, [&](const auto& header) {
    return std::any_of(outcome.headers.begin(), outcome.headers.end(),
                       [&](const auto& own) { return lower(own.first) == lower(header.first); });
  });
  response.headers.insert(response.headers.end(), outcome.headers.begin(), outcome.headers.end());
  return response;
}

}  // namespace

struct Service::Target {
  std::string name;  ///< of the function or relation
  QueryString query;
  std::shared_ptr<const Schema> schema;
  Session session;
};

Service::Service(Settings settings, KeyFile& keys, Pool& pool, const SchemaCache& cache)
    : settings_(std::move(settings)), keys_(keys), pool_(pool), cache_(cache) {}

Response Service::answer(const Request& request) {
  auto response = respond(request);
  if (!response) {
    const ApiError& error = response.error();
    response = Response{error.status, error.reason, error.headers, to_json(error)};
    response->headers.emplace_back("Content-Type", kJson);
    response->headers.emplace_back("Proxy-Status", "PostgREST; error=" + error.code);
  }
  if (response->status == 503)
    response->headers.emplace_back("Retry-After", std::to_string(cache_.retry_after().count()));
  if (request.method() == http::verb::head) response->body.clear();
  return *response;
}

Answer<Session> Service::authenticate(const Request& request) const {
  Session session{
      settings_.anonymous_role, true, Json::object(), text_of(request.method_string()), "", {}, {}, ""};
  const std::string authorization = header(request, "Authorization");
  if (lower(authorization.substr(0, 7)) == "bearer ") {
    auto claims = verify_token(authorization.substr(7), keys_.current(), std::chrono::system_clock::now());
    if (!claims) return refuse(claims.error());
    session.claims = std::move(*claims);
    const auto role = session.claims.find("role");
    if (role != session.claims.end() && role->is_string()) session.role = role->get<std::string>();
  }
  session.claims["role"] = session.role;
  session.anonymous = session.role == settings_.anonymous_role;
  session.headers = header_object(request);
  session.cookies = cookie_object(header(request, "Cookie"));
  return session;
}

Answer<std::string> Service::chosen_schema(const Request& request) const {
  const std::string wanted = header(request, is_read(request) ? "Accept-Profile" : "Content-Profile");
  if (wanted.empty()) return settings_.schemas.front();
  if (std::find(settings_.schemas.begin(), settings_.schemas.end(), wanted) != settings_.schemas.end())
    return wanted;
  std::string list;
  for (const std::string& schema : settings_.schemas) list += (list.empty() ? "" : ", ") + schema;
  return refuse({406, "PGRST106", "Invalid schema: " + wanted, std::nullopt,
                 "Only the following schemas are exposed: " + list});
}

Answer<Response> Service::respond(const Request& request) {
  auto session = authenticate(request);
  if (!session) return refuse(session.error());
  Target target{"", {}, cache_.current(), std::move(*session)};
  if (!target.schema) return refuse(no_schema_cache());
  const std::string full = text_of(request.target());
  const std::string path = full.substr(0, full.find('?'));
  if (path.size() < full.size()) target.query = parse_query_string(full.substr(path.size() + 1));
  target.session.path = path;
  auto schema = chosen_schema(request);
  if (!schema) return refuse(schema.error());
  target.session.schema = std::move(*schema);
  if (path == "/" && is_read(request)) return describe(target);
  const bool rpc = path.starts_with("/rpc/");
  target.name = path.substr(rpc ? 5 : 1);
  if (target.name.empty() || target.name.find('/') != std::string::npos)
    return refuse({404, "PGRST125", "Invalid path specified in request URL"});
  return rpc ? call(request, target) : read(request, target);
}

/// The root describes what is exposed; only the paths of PostgREST's OpenAPI document.
Response Service::describe(const Target& target) {
  Json paths = Json::object();
  for (const auto& [name, function] : target.schema->functions)
    if (name.first == target.session.schema) paths["/rpc/" + name.second] = Json::object();
  for (const auto& [schema, name] : target.schema->relations)
    if (schema == target.session.schema) paths["/" + name] = Json::object();
  const Json document{{"swagger", "2.0"},
                      {"info", {{"title", "stand-in for PostgREST, for tests and the demo"}}},
                      {"paths", std::move(paths)}};
  return {200, "", {{"Content-Type", "application/openapi+json; charset=utf-8"}}, document.dump()};
}

Answer<Response> Service::call(const Request& request, const Target& target) {
  const bool is_post = request.method() == http::verb::post;
  if (!is_post && !is_read(request))
    return refuse({405, "PGRST101", "Cannot use the " + target.session.method + " method on RPC"});
  const auto single_object = wants_single_object(request);
  if (!single_object) return refuse(single_object.error());
  auto planned = plan_call(*target.schema, {{target.session.schema, target.name},
                                            !is_post,
                                            target.query,
                                            request.body(),
                                            header(request, "Content-Type")});
  if (!planned) return refuse(planned.error());
  const Function& function = *planned->function;
  Work work{std::move(planned->statement), !is_post || !function.is_volatile, false, false,
            function.settings};
  const bool scalar =
      function.result == Function::Result::scalar || function.result == Function::Result::nothing;
  const bool counted = header(request, "Prefer").find("count=") != std::string::npos;
  work.counted = counted && function.gives_set();
  work.single_row = (*single_object && function.gives_set()) || function.result == Function::Result::row;
  if (scalar && function.result == Function::Result::nothing)
    work.statement.text = "select value::text, 1 from " + planned->source;
  else if (scalar)
    work.statement.text = "select coalesce(to_json(value)::text, 'null'), 1 from " + planned->source;
  else
    aggregate_rows(work, planned->read, planned->source,
                   function.result == Function::Result::scalars ? "value" : "row_to_json(standin_row)");
  auto outcome = run_transaction(pool_, *target.schema, target.session, settings_.pre_request, work);
  if (!outcome) return refuse(outcome.error());
  if (counted && !function.gives_set()) outcome->total = 1;
  Response response = ranged(*outcome, planned->read.offset, json_response(*outcome, *single_object));
  if (function.result == Function::Result::nothing) {
    response.status = 204;
    response.body.clear();
    std::erase_if(response.headers, [](const auto& header) { return header.first == "Content-Type"; });
  }
  return overridden(*outcome, std::move(response));
}

Answer<Response> Service::read(const Request& request, const Target& target) {
  if (!target.schema->relations.contains({target.session.schema, target.name}))
    return refuse(
        {404, "PGRST205",
         "Could not find the table '" + target.session.schema + "." + target.name + "' in the schema cache"});
  if (!is_read(request))
    return refuse({405, "PGRST117", "Unsupported HTTP method: " + target.session.method,
                   "This stand-in only reads tables and views; change data through a function."});
  const auto single_object = wants_single_object(request);
  if (!single_object) return refuse(single_object.error());
  const auto plan = parse_read(target.query);
  if (!plan) return refuse(plan.error());
  Work work{};
  work.single_row = *single_object;
  work.counted = header(request, "Prefer").find("count=") != std::string::npos;
  const std::string source = quote_identifier(target.session.schema) + "." + quote_identifier(target.name);
  aggregate_rows(work, *plan, source, "row_to_json(standin_row)");
  auto outcome = run_transaction(pool_, *target.schema, target.session, settings_.pre_request, work);
  if (!outcome) return refuse(outcome.error());
  return overridden(*outcome, ranged(*outcome, plan->offset, json_response(*outcome, *single_object)));
}

}  // namespace lintel::standin
