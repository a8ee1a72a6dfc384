#include "tests/support/standin/schema_cache.hpp"

#include <algorithm>
#include <iostream>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace lintel::standin {
namespace {

using Json = nlohmann::json;

// Arguments come as JSON, inputs only, in order; `rows` tells a composite or out-argument result.
constexpr const char* kFunctions = R"(
select n.nspname, p.proname, p.provolatile = 'v', p.proretset, t.oid = 'void'::regtype,
       t.typtype = 'c' or t.oid = 'record'::regtype or coalesce(p.proargmodes::text[] && '{t,b,o}', false),
       (select coalesce(json_agg(json_build_object(
                 'name', coalesce(p.proargnames[a.ord], ''), 'type', format_type(a.type, null),
                 'required', a.input <= p.pronargs - p.pronargdefaults) order by a.ord), '[]')
          from (select u.type, u.ord, row_number() over (order by u.ord) as input
                  from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                       with ordinality as u(type, ord)
                 where coalesce(p.proargmodes[u.ord], 'i') in ('i', 'b', 'v')) as a),
       (select json_object_agg(split_part(c, '=', 1), substr(c, strpos(c, '=') + 1))
          from unnest(p.proconfig) as c where c like 'statement\_timeout=%')
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_type t on t.oid = p.prorettype
 where n.nspname = any ($1::text[]) and p.prokind = 'f')";

constexpr const char* kRelations = R"(
select n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1::text[]) and c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relispartition)";

// Only settings that the connecting role may change itself.
constexpr const char* kRoleSettings = R"(
select r.rolname, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from pg_roles r
  join pg_db_role_setting s on s.setrole = r.oid
       and s.setdatabase in (0, (select oid from pg_database where datname = current_database())),
       unnest(s.setconfig) as c
 where pg_has_role(current_user, r.oid, 'member')
   and exists (select from pg_settings g where g.name = lower(split_part(c, '=', 1)) and g.context = 'user')
 order by s.setdatabase)";

std::string array_literal(const std::vector<std::string>& names) {
  std::string literal;
  for (const std::string& name : names) literal += (literal.empty() ? "{" : ",") + quote_identifier(name);
  return literal + "}";
}

Function::Result result_kind(bool nothing, bool composite, bool set) {
  if (nothing && !set) return Function::Result::nothing;
  if (composite) return set ? Function::Result::rows : Function::Result::row;
  return set ? Function::Result::scalars : Function::Result::scalar;
}

Function function_of(const Rows& rows, int row) {
  const auto flag = [&](int column) { return rows.text(row, column) == "t"; };
  Function function;
  function.schema = rows.text(row, 0);
  function.name = rows.text(row, 1);
  function.is_volatile = flag(2);
  function.result = result_kind(flag(4), flag(5), flag(3));
  for (const Json& argument : Json::parse(rows.text(row, 6)))
    function.arguments.push_back({argument["name"], argument["type"], argument["required"]});
  const Json settings = Json::parse(rows.optional(row, 7).value_or("{}"));
  for (const auto& [name, value] : settings.items())
    function.settings.emplace_back(name, value.get<std::string>());
  return function;
}

void say(const std::string& line) {
  std::cerr << "postgrest_standin: " + line + "\n";
}

}  // namespace

bool Function::takes_body() const {
  return arguments.size() == 1 && arguments[0].name.empty() &&
         (arguments[0].type == "json" || arguments[0].type == "jsonb");
}

Sql<Schema> load_schema(Connection& connection, const std::vector<std::string>& schemas) {
  const std::string wanted = array_literal(schemas);
  auto functions = connection.run(Statement{kFunctions, {wanted}});
  if (!functions) return tl::unexpected(functions.error());
  auto relations = connection.run(Statement{kRelations, {wanted}});
  if (!relations) return tl::unexpected(relations.error());
  auto roles = connection.run(kRoleSettings);
  if (!roles) return tl::unexpected(roles.error());
  Schema schema;
  for (int row = 0; row < functions->size(); ++row) {
    Function function = function_of(*functions, row);
    const Schema::Name name{function.schema, function.name};
    schema.functions.emplace(name, std::move(function));
  }
  for (int row = 0; row < relations->size(); ++row)
    schema.relations.emplace(relations->text(row, 0), relations->text(row, 1));
  for (int row = 0; row < roles->size(); ++row)
    schema.role_settings[roles->text(row, 0)].emplace_back(roles->text(row, 1), roles->text(row, 2));
  return schema;
}

SchemaCache::SchemaCache(std::string conninfo, std::vector<std::string> schemas, bool channel)
    : conninfo_(std::move(conninfo)),
      schemas_(std::move(schemas)),
      channel_(channel),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { work(); }) {}

SchemaCache::~SchemaCache() {
  eventfd_write(wake_, 1);
  thread_.join();
  close(wake_);
}

std::shared_ptr<const Schema> SchemaCache::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::chrono::seconds SchemaCache::retry_after() const {
  const std::lock_guard lock(mutex_);
  return retry_after_;
}

void SchemaCache::wait_for_first_attempt() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return attempted_; });
}

void SchemaCache::attempted(std::chrono::seconds retry) {
  const std::lock_guard lock(mutex_);
  attempted_ = true;
  retry_after_ = retry;
  changed_.notify_all();
}

/// False once the thread has to end.
bool SchemaCache::sleep(std::chrono::milliseconds time) {
  pollfd wake{wake_, POLLIN, 0};
  return poll(&wake, 1, static_cast<int>(time.count())) == 0;
}

bool SchemaCache::reload(Connection& connection) {
  auto loaded = load_schema(connection, schemas_);
  if (!loaded) {
    say("cannot load the schema cache: " + loaded.error().message);
    return false;
  }
  say("schema cache loaded: " + std::to_string(loaded->functions.size()) + " functions, " +
      std::to_string(loaded->relations.size()) + " relations");
  const std::lock_guard lock(mutex_);
  current_ = std::make_shared<const Schema>(std::move(*loaded));
  return true;
}

/// False once the thread has to end, true when the connection was lost.
bool SchemaCache::listen_until_lost(Connection& connection) {
  for (;;) {
    bool stale = false;
    while (PGnotify* notice = PQnotifies(connection.native())) {
      const std::string payload = notice->extra;
      PQfreemem(notice);
      stale = stale || payload.empty() || payload == "reload schema" || payload == "reload config";
    }
    if (stale && !reload(connection)) return true;
    std::array<pollfd, 2> waits{pollfd{wake_, POLLIN, 0}, pollfd{PQsocket(connection.native()), POLLIN, 0}};
    poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) return false;
    if (!connection.alive()) return true;
  }
}

void SchemaCache::work() {
  using std::chrono::seconds;
  for (seconds pause{1};;) {
    auto connection = Connection::open(conninfo_);
    const bool ready = connection && (!channel_ || connection->run("listen pgrst")) && reload(*connection);
    if (ready) {
      pause = seconds{1};
      attempted(seconds{0});
      if (!listen_until_lost(*connection)) return;
      say("lost the database");
      attempted(pause);
      continue;
    }
    if (!connection) say("cannot reach the database: " + connection.error().message);
    attempted(pause);
    if (!sleep(pause)) return;
    pause = std::min(pause * 2, seconds{4});
  }
}

}  // namespace lintel::standin
