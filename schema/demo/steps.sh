# shellcheck shell=bash
# What schema/run shows, in order. Sourced after headquarters.sh.

chapter_number=0
# chapter TITLE, then on standard input what is to be seen.
chapter() {
  chapter_number=$((chapter_number + 1))
  say ""
  step "$chapter_number. $1"
  fmt -w 92 | sed 's/^/    /'
}

# show CODE LINES COMMAND...: runs the command, shows it with at most so many lines of what it says, and ends where its
# exit code is another one.
show() {
  local expected=$1 most=$2 code=0 lines
  shift 2
  say ""
  printf '    $ %s\n' "$(shown_command "$@")"
  as_runner "$@" >"$demo/log/shown" 2>"$demo/log/said" </dev/null || code=$?
  cat "$demo/log/said" "$demo/log/shown" >>"$demo/log/commands"
  if [ "$code" -ne "$expected" ]; then
    tail -n 20 "$demo/log/said" "$demo/log/shown" >&2
    die "\"$*\" ended with $code instead of $expected."
  fi
  # Notes come on standard error, and so does the progress of sqitch, which is in the log only.
  if [[ $1 == lintel-hq ]]; then grep -h '^lintel-hq: ' "$demo/log/said" | grep -v 'so far:' | as_lines || true; else as_lines <"$demo/log/said"; fi
  lines=$(wc -l <"$demo/log/shown")
  head -n "$most" "$demo/log/shown" | as_lines
  if [ "$lines" -gt "$most" ]; then printf '      … %d more lines\n' $((lines - most)); fi
  if [ "$code" -eq 1 ]; then say "      (exit code 1: it worked, and what it found is not in order)"; fi
}
# Sentences are folded, wide tables cut; places are told from the directory of this run.
as_lines() {
  sed -e "s#$demo/##g" -e '/|/s/^\(.\{104\}\).*/\1…/' -e '/--+--/s/^\(.\{104\}\).*/\1…/' | fold -s -w 100 | sed -e 's/^/      /' -e 's/ *$//'
}
# Words as one would type them: quoted where they have to be, the directory left out.
shown_command() {
  local word line=""
  for word in "$@"; do
    word=${word//"$demo/"/}
    case $word in *[!A-Za-z0-9_./:=@%+,-]*) word="\"$word\"" ;; esac
    line+="${line:+ }$word"
  done
  printf '%s' "$line"
}

show_everything() {
  show_schema
  show_fleet
  show_backup
  show_looking_after
  show_room
  show_leaving
  show_disaster
  show_migration
}

show_schema() {
  chapter "Deploy the central schema" <<'TEXT'
sqitch deploys what is missing, change by change, and verifies each. Repeat it after every update.
TEXT
  show 0 10 lintel-hq deploy --schema postgres
  as_runner createdb -T lintel old
  chapter "Is it as it was planned?" <<'TEXT'
Every change has a script that looks whether its work is still there. Nothing is changed.
TEXT
  show 0 10 lintel-hq verify --schema postgres
}

show_fleet() {
  chapter "Two chains with eight stores" <<'TEXT'
Four weeks of readings, brought by api.gateway_sync_v1, the one function a gateway may call.
TEXT
  say "      $(sql -f demo/fleet.sql)"
  chapter "Who sees what?" <<'TEXT'
Row-level security decides, for every query and every program: a chief sees the whole chain, Ann two stores of
it, nobody another chain. PostgREST sets the role and the claims from the token; here psql does.
TEXT
  say ""
  as_runner psql -X -q -v ON_ERROR_STOP=1 -f demo/people.sql | as_lines
  chapter "Which stores are blind?" <<'TEXT'
A store is blind when its counts do not arrive. "since" says when its gateway got its version: the one at the
airport fell silent soon after an update. "waiting" are changes that were still at the gateway.
TEXT
  show 1 20 lintel-hq fleet
  chapter "A token for a card" <<'TEXT'
A new card at the airport becomes the store's gateway with this token: once, within two days.
TEXT
  show 0 5 lintel-hq enrol Airport --valid "2 days"
}

show_looking_after() {
  chapter "Is anything wrong with indexes, policies, data?" <<'TEXT'
Each finding would come with evidence, size and what to do. As shipped there is none.
TEXT
  show 0 10 lintel-hq audit indexes policies data
  sql -c "alter table data.stores disable row level security"
  say ""
  say "    Somebody switches row-level security off for one table (alter table data.stores disable …):"
  show 1 8 lintel-hq audit policies
  sql -c "alter table data.stores enable row level security"
  chapter "Are the documented queries fast?" <<'TEXT'
Asked as three people: who sees the most stores, the fewest, and one between. Milliseconds on the server; it
ends with 1 where one takes longer than its limit.
TEXT
  show 0 8 lintel-hq perf --times 5 --no-history --p95 1000 --p99 1000
  chapter "How does the database do?" <<'TEXT'
The worst come first; "unknown" is what this server cannot tell. Prometheus gets the same (schema/prometheus).
TEXT
  show 1 30 lintel-hq health
}

show_room() {
  chapter "How much room does each chain take, and until when does it fit?" <<'TEXT'
Shares of the partitions by readings. "at retention" is what readings come to once as many leave as come.
TEXT
  show 0 12 lintel-hq capacity --disk 1GB
}

show_leaving() {
  local partition
  partition=$(sql -c "select partition_name from private.expired_partitions()")
  chapter "Readings leave when their time is over" <<'TEXT'
One file per partition and chain, encrypted with the chain's own key; then the partition goes. A file brings
everything back, here or in another database, and not a row twice.
TEXT
  show 0 6 lintel-hq partitions
  show 0 6 lintel-hq archive expired --to "$demo/archives"
  show 0 6 lintel-hq partitions detach --drop
  show 0 8 lintel-hq restore "$demo/archives/$partition.$(sql -c "select public_id from data.organizations where name = 'Corner Bakery'").lintel-archive"
}

show_backup() {
  chapter "A backup" <<'TEXT'
pgBackRest, with the files of schema/backup: encrypted, and with the log, so that any moment can be had back.
TEXT
  show 0 2 pgbackrest --stanza=lintel --type=full backup
  show 0 20 pgbackrest --stanza=lintel info
}

show_disaster() {
  local chain
  chain=$(sql -c "select public_id from data.organizations where name = 'Silk Road Shoes'")
  chapter "A chain is forgotten, for good" <<'TEXT'
Without --yes it says what it would take. The tombstones are kept outside the backups, which still have it.
TEXT
  show 2 6 lintel-hq erase organization "$chain" --tombstones "$demo/outside/tombstones.json"
  show 0 20 lintel-hq erase organization "$chain" --tombstones "$demo/outside/tombstones.json" --yes
  chapter "Rehearse a disaster" <<'TEXT'
The last backup is restored beside the running server, forgets again who was forgotten, and is looked at:
how long it took, how much was lost, whether all rows and policies are there. Then it goes.
TEXT
  sql -c "select pg_switch_wal()" >/dev/null
  show 0 24 lintel-hq drill --into "$demo/drill" --tombstones "$demo/outside/tombstones.json"
}

show_migration() {
  local target="dbname=old"
  chapter "An old database is brought over" <<'TEXT'
34 old tables with 2,000 rows of dirty counts, in the same database as the new schema. They go on being written
while they are copied; every row is in the new schema afterwards, or in a report with its reason.
TEXT
  sql -d old -f legacy/fixture/layout.sql >/dev/null
  sql -d old -v rows=2000 -v stores=3 -v seed=1 -f legacy/fixture/generate.sql >/dev/null
  show 0 14 legacy/migrate assess --db "$target"
  show 0 6 legacy/migrate start --db "$target"
  show 0 12 legacy/migrate status --db "$target"
  say ""
  say "    What could not be brought over, and why:"
  show 0 12 legacy/migrate report --db "$target"
  say ""
  say "    The proof, worked out anew from both sides:"
  show 0 14 legacy/migrate prove --db "$target"
  say ""
  say "    Views take the old names, so old programs go on; and back again, as if nothing had been."
  show 0 6 legacy/migrate cut-over --db "$target"
  show 0 6 legacy/migrate rollback --yes --db "$target"
  say ""
  say "      Tables under the old names again: $(sql -d old -c "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'") of 34."
}
