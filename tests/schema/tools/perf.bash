step "the documented queries, with plans and a history"
copy perf
says 2 "there is nobody to ask for" hq perf perf --no-history
sql -d perf -v stores=40 -v others=5 -v sensors=2 -v hourly_days=2 -v daily_days=3 -v long_sensors=1 -v long_days=2 -v dense_minutes=2 -f "$here/bench/generate.sql"
documented=$(grep -c "^  ('" "$here/../../schema/tools/sql/perf/documented.sql")
measured() { answers "$1" "$2" hq perf perf --times 2 --p95 "${3:-100000}" --p99 100000 --history "$dir/perf.jsonl"; }
measured 0 "len(d['queries']) == $documented * len({q['reader'] for q in d['queries']}) and all(q['p50'] <= q['p95'] <= q['p99'] and q['plan']['Plan'] for q in d['queries'])"
measured 0 "all(q['p95_before'] is not None for q in d['queries']) and {1, 40} <= {q['stores'] for q in d['queries']}"
[[ $(wc -l <"$dir/perf.jsonl") -eq $((2 * documented * 3)) ]] || fail "the history has $(wc -l <"$dir/perf.jsonl") lines"
sql -d perf -c "alter table data.daily_analytics drop constraint daily_analytics_pkey"
measured 1 "any(q['plan_changed'] for q in d['queries']) and not any(q['within'] for q in d['queries'])" 0
sql -d perf -c "drop view api.open_alerts cascade"
measured 1 "[q['query'] for q in d['queries'] if 'error' in q][0].startswith('open alerts')"
says 1 "open alerts, newest first, first page: " hq perf perf --times 1 --p95 100000 --p99 100000 --no-history
