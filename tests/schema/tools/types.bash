step "the types in the repository are those of the schema"
types=$(readlink -f "$here/../../schema/types")
says 0 "is as the schema says" hq shipped types cpp --check "$types/rows.hpp"
says 0 "is as the schema says" hq shipped types typescript --check "$types/rows.ts"
tables=$(sql -At -d shipped -c "select count(*) from pg_class where relnamespace in ('data'::regnamespace, 'api'::regnamespace) and relkind in ('r', 'p', 'v', 'm')")
[[ $(grep -c "^export interface" "$types/rows.ts") -eq $tables && $(grep -c "^struct" "$types/rows.hpp") -eq $tables ]] || fail "not every table and view of $tables has its type"
if command -v g++ >/dev/null; then
  g++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only -x c++ -include "$types/rows.hpp" - <<'CPP' || fail "the header cannot be compiled"
lintel::rows::Stores store{.id = 1, .name = "North"};
static_assert(lintel::rows::kLifecycleWords[static_cast<int>(lintel::rows::Lifecycle::active)] == "active");
static_assert(lintel::rows::ApiFleetHealth::kTable == "api.fleet_health");
CPP
fi

step "drift is noticed"
copy drift
drifts() {
  sql -d drift -c "$1"
  for language in cpp typescript; do answers 1 "not d['same'] and d['line']" hq drift types "$language" --check "$types/rows.$([[ $language == cpp ]] && echo hpp || echo ts)"; done
  dropdb drift && copy drift
}
drifts "alter table data.stores add floors integer"
drifts "alter table data.stores alter day_start_minute drop not null"
drifts "alter type data.lifecycle add value 'lost'"
drifts "comment on column data.stores.name is 'Something else'"
drifts "create view api.more as select 1 as one"
says 2 "the file cannot be read" hq shipped types cpp --check "$dir/nowhere"
says 2 "say for which language" hq shipped types
