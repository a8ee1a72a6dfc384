step "audit indexes: planted faults"
copy indexes
sql -d indexes -o /dev/null <<'SQL'
create extension pg_stat_statements;
select private.add_store('Chain', 'North', 'Europe/Berlin');
create table private.planted (id bigint primary key, store_id integer, n integer, amount integer, note text) with (autovacuum_enabled = off);
insert into private.planted select i, i % 7, i, i % 100, 'note ' || i from generate_series(1, 30000) i;
create index planted_unused on private.planted (note);
comment on index private.planted_unused is 'Nobody knows any more';
create index planted_n_store on private.planted (n, store_id);
create index planted_n on private.planted (n);
create index planted_twin on private.planted (n, store_id);
create table private.planted_child (id bigint primary key, store_id integer references data.stores (id) on delete cascade);
insert into private.planted_child select i, 1 from generate_series(1, 20000) i;
create table private.planted_heap (n integer);
create table private.planted_bloat (id bigint primary key) with (autovacuum_enabled = off);
insert into private.planted_bloat select i from generate_series(1, 50000) i;
delete from private.planted_bloat where id > 500;
analyze private.planted, private.planted_child;
SQL
sql -d indexes -c "vacuum (analyze) private.planted_bloat"
psql -X -d indexes -c "create unique index concurrently planted_half on private.planted (amount)" 2>/dev/null && fail "amounts are unique?"
sql -d indexes -o /dev/null -c "select * from private.planted where amount = 5" -c "select count(*) from private.planted where amount = 6" -c "select * from private.planted where id = 7"
sql -d indexes -c "delete from private.planted where id > 15000"
sql -d indexes -o /dev/null -c "select pg_stat_force_next_flush()" -c "select 1"
finds indexes indexes --days 0 --min-bytes 0 <<'FAULTS'
unused private.planted_unused
duplicate private.planted_twin
overlapping private.planted_n
missing_for_foreign_keys private.planted_child.planted_child_store_id_fkey
missing_for_statements private.planted.amount
bloated private.planted_bloat_pkey
dead_rows private.planted
invalid private.planted_half
without_purpose private.planted_n
without_key private.planted_heap
FAULTS

step "audit indexes: a foreign key without an index is found before the table has rows"
sql -d indexes -c "create table private.planted_later (id bigint primary key, store_id integer references data.stores (id) on delete cascade, at timestamptz)" \
  -c "create index on private.planted_later (store_id) where at is null"
says 0 "0 findings" hq shipped audit --check indexes/missing_for_foreign_keys --min-rows 0
answers 1 "[f['object'] for f in d['findings'] if 'later' in f['object']] == ['private.planted_later.planted_later_store_id_fkey']" hq indexes audit --check indexes/missing_for_foreign_keys --min-rows 0

step "audit indexes: what says why it is so, and what somebody accepts, is none"
says 0 "0 findings" hq indexes audit indexes --check indexes/unused
answers 0 "not d['findings']" hq indexes audit --check indexes/unused --days 0 --min-bytes 100000000
sql -d indexes -c "comment on constraint planted_child_store_id_fkey on private.planted_child is 'no index: stores are deleted once a year'"
answers 0 "not d['findings']" hq indexes audit --check indexes/missing_for_foreign_keys
echo "indexes/without_key private.planted_heap a heap on purpose" >"$dir/accepted"
answers 0 "d['accepted'][0]['reason'] == 'a heap on purpose' and not d['findings']" hq indexes audit --check indexes/without_key --accepted "$dir/accepted"
says 0 "0 findings, 1 accepted" hq indexes audit --check indexes/without_key --accepted "$dir/accepted"
echo "indexes/without_kee private.planted_heap why" >"$dir/accepted"
says 2 "did you mean indexes/without_key?" hq indexes audit --accepted "$dir/accepted"
echo "indexes/without_key" >"$dir/accepted"
says 2 "a line is CHECK OBJECT REASON" hq indexes audit --accepted "$dir/accepted"
says 2 "did you mean indexes?" hq indexes audit indices
says 2 "no such check, did you mean data/clocks?" hq indexes audit --check data/clock
sql -d indexes -c "drop extension pg_stat_statements"
says 0 "statements are not looked at" hq indexes audit --check indexes/missing_for_statements
