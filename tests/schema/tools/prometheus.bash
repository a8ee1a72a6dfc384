need prometheus-postgres-exporter prometheus-postgres-exporter
need prometheus-node-exporter prometheus-node-exporter
need prometheus prometheus
need pgbouncer pgbouncer
folder=$(readlink -f "$here/../../schema/prometheus")
dashboard=$folder/../grafana/database.json

step "every alert fires when it should, and none where all is well"
mkdir "$dir/rules"
cp "$folder/lintel-hq.rules.yml" "$here/prometheus/lintel-hq.rules.test.yml" "$dir/rules/"
(cd "$dir/rules" && promtool test rules lintel-hq.rules.test.yml) >"$dir/promtool.log" 2>&1 || fail "$(cat "$dir/promtool.log")"
python3 - "$folder/lintel-hq.rules.yml" "$dir/rules/lintel-hq.rules.test.yml" <<'PYTHON' || fail "rules and their tests"
import re, sys
rules, tests = (open(name).read() for name in sys.argv[1:])
for block in rules.split("- alert: ")[1:]:
    name = block.split("\n")[0]
    assert "alertname: " + name + "\n" in tests, name + " is not tested"
    assert "runbook: " in block and "summary: " in block, name + " has no runbook line"
PYTHON

step "the limits of the rules are those of lintel-hq health"
hq shipped health --json >"$dir/checks" || true
python3 - "$folder/lintel-hq.rules.yml" "$dir/checks" <<'PYTHON' || fail "limits"
import json, re, sys
checks = {c["check"]: c for c in json.load(open(sys.argv[2]))["checks"]}
seen = set()
for block in open(sys.argv[1]).read().split("- alert: ")[1:]:
    check, severity = re.search(r"check: (\w+)", block), re.search(r"severity: (\w+)", block).group(1)
    if not check:
        continue
    seen.add(check.group(1))
    limit = float(re.search(r"[<>]= (\d+)\"?\n", block).group(1))
    wanted = checks[check.group(1)][severity]
    if limit != wanted:
        sys.exit(f"{block.splitlines()[0]} ({severity}) has {limit}, lintel-hq health {wanted}")
print("no rule for", *sorted(set(checks) - seen)) if set(checks) - seen else None
sys.exit(set(checks) != seen)
PYTHON

step "the real exporters and the real Prometheus, with a replica and PgBouncer"
PGDATABASE=shipped sql -o /dev/null -f "$here/../../schema/demo/fleet.sql"
sql -d shipped -c "create role prometheus login" -c "grant lintel_monitor to prometheus" -c "update private.settings set value = '1099511627776' where key = 'disk_bytes'"
standby behind 5433
pgbouncer_ini=$(readlink -f "$here/../../schema/pgbouncer/pgbouncer.ini")
sed -e "s#/var/run/postgresql/pgbouncer.pid#$dir/pgbouncer.pid#; s#/var/log/postgresql#$dir#; s#=/var/run/postgresql#=$dir#; s#= /var/run/postgresql#= $dir#" \
  -e "s#dbname=lintel#dbname=shipped#; s#^listen_addr.*#listen_addr =#; s#^auth_type.*#auth_type = trust#; s#^auth_file.*#auth_file = $dir/userlist#" "$pgbouncer_ini" >"$dir/pgbouncer.ini"
echo '"postgres" ""' >"$dir/userlist"
chmod 755 "$dir" && chmod 644 "$dir/pgbouncer.ini" "$dir/userlist"
beside "${as_server[@]}" pgbouncer -q "$dir/pgbouncer.ini" 2>"$dir/err"
export PGOPTIONS=""  # PgBouncer takes none
eventually "the start of PgBouncer" psql -X -h "$dir" -p 6432 -d lintel -c "select 1"
mkdir "$dir/textfiles" "$dir/prometheus"
"$folder/../pgbouncer/pool_metrics" "$dir/textfiles/pgbouncer.prom" "host=$dir port=6432 user=postgres"
promtool check metrics <"$dir/textfiles/pgbouncer.prom" >"$dir/err" 2>&1 || fail "pool_metrics: $(cat "$dir/err")"
if "$folder/../pgbouncer/pool_metrics" "$dir/textfiles/none.prom" "host=$dir port=6499 user=postgres" 2>"$dir/err"; then fail "pool_metrics without PgBouncer"; fi
grep -q "says nothing" "$dir/err" && [[ ! -e $dir/textfiles/none.prom ]] || fail "pool_metrics without PgBouncer: $(cat "$dir/err")"
exporter=$(free_port) node=$(free_port) prometheus=$(free_port)
DATA_SOURCE_NAME="user=prometheus host=$dir port=5432 dbname=shipped sslmode=disable" beside prometheus-postgres-exporter --web.listen-address="127.0.0.1:$exporter" \
  --disable-default-metrics --disable-settings-metrics --extend.query-path="$folder/queries.yaml" >"$dir/exporter.log" 2>&1
beside prometheus-node-exporter --web.listen-address="127.0.0.1:$node" --collector.disable-defaults --collector.filesystem --collector.textfile --collector.textfile.directory="$dir/textfiles" >"$dir/node.log" 2>&1
sed -e "s#127.0.0.1:9187#127.0.0.1:$exporter#; s#127.0.0.1:9100#127.0.0.1:$node#; s#60s#1s#; s#^rule_files.*#rule_files: [$dir/rules/lintel-hq.rules.yml]#" "$folder/scrape.yml" >"$dir/prometheus.yml"
sed -i '1i global: {evaluation_interval: 1s}' "$dir/prometheus.yml"
promtool check config "$dir/prometheus.yml" >"$dir/err" 2>&1 || fail "$(cat "$dir/err")"
beside prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/prometheus" --web.listen-address="127.0.0.1:$prometheus" >"$dir/prometheus.log" 2>&1
eventually "the exporter's answer" curl -sf "http://127.0.0.1:$exporter/metrics"
[[ $(curl -s "http://127.0.0.1:$exporter/metrics" | sed -n 's/^pg_exporter_last_scrape_error.* //p') == 0 ]] || fail "the exporter could not read everything: $(tail -n 5 "$dir/exporter.log")"
curl -s "http://127.0.0.1:$exporter/metrics" | grep -E "^(# (HELP|TYPE) )?lintel_hq" | promtool check metrics >"$dir/err" 2>&1 || true
python3 - "$folder/lintel-hq.rules.yml" "$dashboard" "$folder/queries.yaml" "http://127.0.0.1:$prometheus" <<'PYTHON' || fail "$(tail -n 3 "$dir/prometheus.log")"
import json, re, sys, time, urllib.parse, urllib.request
rules, dashboard, queries, url = sys.argv[1:]
def get(path):
    with urllib.request.urlopen(url + path, timeout=10) as answer:
        return json.load(answer)["data"]
def value(expression):
    return get("/api/v1/query?query=" + urllib.parse.quote(expression))["result"]
def eventually(what, ask):
    for _ in range(150):
        try:
            if ask():
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(what + " did not happen")
eventually("scraping", lambda: value('up{job="lintel-hq"} == 1') and value('up{job="lintel-hq-node"} == 1') and value("lintel_pool_clients"))
eventually("two scrapes", lambda: value("rate(lintel_hq_ingest_readings_total[1m])"))
# Every metric of queries.yaml is there, every one that is asked for is one of them.
known, space = set(), ""
for line in open(queries):
    if re.match(r"lintel_hq_\w+:", line):
        space = line.split(":")[0]
    found = re.match(r"    - (\w+): \{usage: (GAUGE|COUNTER)", line)
    if found:
        known.add(space + "_" + found.group(1))
missing = [name for name in sorted(known) if not value(name)]
asked = set(re.findall(r"lintel_hq_\w+|lintel_pool_\w+|node_filesystem_\w+|pg_up", open(rules).read()))
panels = [t["expr"].replace("$instance", ".*") for p in json.load(open(dashboard))["panels"] for t in p["targets"]]
for expression in panels:
    asked |= set(re.findall(r"lintel_hq_\w+|lintel_pool_\w+|node_filesystem_\w+", expression))
missing += [name for name in sorted(asked) if not value(name)]
# What divides by what happens in a minute may have nothing to say yet; everything else answers.
silent = [e for e in panels if "rate(" not in e and not value(e)]
for expression in panels:
    value(expression)
eventually("the rules' first evaluation", lambda: all(r["health"] == "ok" for g in get("/api/v1/rules")["groups"] for r in g["rules"]))
alerts = get("/api/v1/rules")["groups"][0]["rules"]
firing = {r["name"] for r in alerts if r["state"] != "inactive"}
print(f"{len(known)} metrics, {len(panels)} queries of the dashboard, {len(alerts)} rules; pending or firing: {', '.join(sorted(firing)) or 'none'}")
if "LintelHqBlindStores" not in firing:
    sys.exit("two blind stores of eight, and no alert of them")
if missing or silent:
    sys.exit(f"not there: {missing}; without an answer: {silent}")
PYTHON
others_end
sql -d postgres -o /dev/null -c "select pg_drop_replication_slot('behind')"
