# shellcheck shell=bash
# The store on this machine: broker, virtual sensors, gateway; and the comparison of what was sent, stored
# and received at headquarters.

broker_port=""
serial_link=""

start_broker() {
  broker_port=$(free_port)
  cat >"$demo/broker/mosquitto.conf" <<CONF
listener $broker_port 127.0.0.1
allow_anonymous true
# Nothing that was acknowledged to a sensor is dropped while the gateway is away.
persistence true
persistence_location $demo/broker/
autosave_interval 1800
max_queued_messages 0
max_queued_bytes 268435456
log_dest stderr
log_type error
log_type warning
log_type notice
log_type subscribe
CONF
  launch mosquitto /usr/sbin/mosquitto -c "$demo/broker/mosquitto.conf"
  wait_for "the start of mosquitto" 10 port_taken "$broker_port"
}

write_configuration() {
  cat >"$demo/gateway.conf" <<CONF
[gateway]
name = demo-gateway
state_dir = $demo/state
spool_dir = $demo/spool

[status]
listen = 127.0.0.1:$port

[hq]
url = $hq_url
interval_seconds = 2
CONF
  (umask 077 && printf '246810\n' >"$demo/page_pin")
  if [ "$(id -u)" -eq 0 ]; then chown lintel: "$demo/page_pin"; fi
  cat >"$demo/links.d/broker.conf" <<CONF
type = mqtt
url = mqtt://127.0.0.1:$broker_port
subscribe = milesight-vs125 bus/+/+/telemetry
subscribe = milesight-vs133-vs135 em/+/status
CONF
  cat >"$demo/links.d/stockroom.conf" <<CONF
type = serial
device = $serial_link
baud = 115200
decoder = tasmota-counter
CONF
  printf 'serial = 6537F28545220003\nname = Main entrance\n' >"$demo/sensors.d/main.conf"
  printf 'serial = 6767E21831900021\nname = Mall side\n' >"$demo/sensors.d/side.conf"
  printf 'serial = door3\nname = Stockroom\nline = door in=C1 out=C2\n' >"$demo/sensors.d/stockroom.conf"
}

listening_to_all() {
  [ "$(grep -c 'lintel-' "$demo/log/mosquitto" | head -n 1)" -ge 2 ] &&
    grep -q 'bus/+/+/telemetry' "$demo/log/mosquitto" && grep -q 'em/+/status' "$demo/log/mosquitto"
}

# As an installer does it, but for the pipe.
enrol_gateway() {
  step "enrolling the gateway (lintel provision)"
  printf '%s\n' "$enrolment_token" |
    as_runner "$demo/bin/lintel" provision --config "$demo/gateway.conf" >"$demo/log/provision" 2>&1 ||
    { cat "$demo/log/provision" >&2; die "the gateway could not be enrolled."; }
  sed -n '1s/^/    /p' "$demo/log/provision"
}

start_store() {
  step "starting broker, virtual sensors and gateway"
  serial_link="$demo/dev/serial/by-id/usb-Tasmota_door3"
  start_broker
  launch virtual-store "$demo/bin/virtual_store" --broker "tcp://127.0.0.1:$broker_port" --tty "$serial_link" \
    --ledger "$demo/sent.csv" --seed "$seed" --compress "$compress" --timezone Europe/Berlin
  wait_for "the start of the virtual store" 10 test -e "$serial_link"
  write_configuration
  enrol_gateway
  launch gateway "$demo/bin/lintel" run --config "$demo/gateway.conf"
  # What is published before the first subscription would reach nobody, as in a real store.
  wait_for "the gateway's subscription" 20 listening_to_all
  kill -USR1 "$(pid_of virtual-store)"
}

close_virtual_store() {
  kill -USR2 "$(pid_of virtual-store)"
  wait_for "the virtual store's last message" 30 grep -qx closed "$demo/log/virtual-store"
}

passages_sent() { awk -F, 'NR > 1 { n += $6 + $7 } END { print n + 0 }' "$demo/sent.csv"; }

stored() { as_runner sqlite3 -readonly -cmd '.timeout 2000' "$demo/state/lintel.db" "$@" 2>/dev/null; }
passages_stored() {
  stored "select coalesce(sum(coalesce(count_in, 0) + coalesce(count_out, 0)), 0) from people_counting_raw
           where flags & 32 = 0" || printf '?'
}

passages_at_hq() {
  hq -c "select coalesce(sum(coalesce(count_in, 0) + coalesce(count_out, 0)), 0) from data.people_counting_raw
          where flags & 32 = 0" 2>/dev/null || printf '?'
}

# Prints the table per sensor; fails unless every passage is at headquarters exactly once.
compare() {
  stored -csv "select s.serial, r.line, r.started_at, coalesce(r.count_in, 0), coalesce(r.count_out, 0)
                 from people_counting_raw r join sensor_metadata s on s.id = r.sensor_id
                where r.flags & 32 = 0" >"$demo/stored.csv" || die "the gateway's database could not be read."
  chmod 644 "$demo/stored.csv"
  as_runner psql -X -q -v ON_ERROR_STOP=1 -h "$demo/hq" -U postgres -d hq -P footer=off \
    -v sent="$demo/sent.csv" <"$LINTEL_ROOT/gateway/dist/demo/compare.sql" >"$demo/comparison" ||
    die "the comparison failed."
  sed '/^exact:/d' "$demo/comparison"
  if grep -q '^exact: t' "$demo/comparison"; then
    say "Every passage that was sent is at headquarters exactly once."
  else
    die "what headquarters has is not what the sensors sent."
  fi
}
