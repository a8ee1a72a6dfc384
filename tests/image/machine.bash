# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016,SC2317  # what the demo's scripts and the test share; commands for the guest
# A gateway in an emulator, between a door on its serial port, a door at its broker, and headquarters on this machine.
# Sourced by the tests of this folder, after gateway/dist/demo/*.sh. Expects build and LINTEL_ROOT. What may be said to it:
# LINTEL_TEST_DEB (the package for arm64; else cross/build makes it), LINTEL_BUILD_ROOTS (where Debian is kept),
# LINTEL_TEST_SLOW (how many times more patience a busy machine needs), LINTEL_TEST_KEEP=1 (all stays there).

kSerial=door1   # the counter on the serial line
kMqtt=door2     # the counter at the broker
kCard=2G        # the size of a card
boot_offset=1M  # where the FAT partition begins

failed=0
slow=${LINTEL_TEST_SLOW:-1}
keep=${LINTEL_TEST_KEEP:+yes}
keep=${keep:-no}

holds() {
  local sentence=$1
  shift
  if "$@" >"$demo/said" 2>&1; then
    printf 'ok      %s (%d s)\n' "$sentence" "$((SECONDS - began))"
  else
    printf 'FAILED  %s (%d s)\n' "$sentence" "$((SECONDS - began))"
    tail -n 20 "$demo/said" | sed 's/^/          /'
    failed=1
    return 1
  fi
}
# must SENTENCE COMMAND...: without it the rest makes no sense.
must() { holds "$@" || { tail -n 15 "$demo/log/console" 2>/dev/null | sed 's/^/    /'; exit 1; }; }

# prepare_machine: this run's folder, its unprivileged user, and the way to end it.
prepare_machine() {
  install_packages image
  demo=$(mktemp -d /tmp/lintel-image.XXXXXX)
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  began=$SECONDS
  mkdir -p "$demo"/{bin,log,hq}
  cp "$build/lintel" "$build/tests/support/postgrest_standin" "$demo/bin/"
  cp -R "$LINTEL_ROOT/schema/postgres" "$demo/schema"
  if ! getent passwd lintel >/dev/null; then useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lintel; fi
  chown -R lintel: "$demo"
  runner=(setpriv --reuid lintel --regid "$(id -g lintel)" --init-groups --no-new-privs)
  chmod 755 "$demo"
  if [ -z "${LINTEL_TEST_DEB:-}" ]; then
    "$LINTEL_ROOT/cross/build" arm64 --keep-in "${LINTEL_BUILD_ROOTS:-/var/cache/lintel}"
    # shellcheck disable=SC2012  # names of our own
    LINTEL_TEST_DEB=$(ls -t "$LINTEL_ROOT"/.build/packages/lintel_*_arm64.deb | head -n 1)
  fi
  images=$demo/images
  ssh-keygen -q -t ed25519 -N "" -f "$demo/ssh"
  page_port=$(free_port) mqtt_port=$(free_port) ssh_port=$(free_port) closed_port=$(free_port)
  mkfifo "$demo/door.in" "$demo/door.out"
}

# build_image ARGUMENTS...
build_image() {
  "$LINTEL_ROOT/cross/image/build" generic-arm64 --out "$images" --deb "$LINTEL_TEST_DEB" "$@" || return
  fresh_image=$images/lintel-generic-arm64.img
}

# flash NAME: a card with the image, which is from now on the one that starts.
flash() {
  image=$demo/$1.img
  cp --sparse=always "$fresh_image" "$image"
  truncate -s "$kCard" "$image"
}

# on_boot PROGRAM ARGUMENTS... : an mtool on the image's FAT partition, which is ::
on_boot() {
  local tool=$1
  shift
  MTOOLS_SKIP_CHECK=1 "$tool" -i "$image@@$boot_offset" "$@"
}

# provision TOKEN: what an installer writes onto the card.
provision() {
  local card=$demo/card
  rm -rf "$card"
  mkdir "$card"
  cat >"$card/from.txt" <<SETUP
[card]
pin = 246810
hostname = shop
[hq]
url = ${hq_url/127.0.0.1/10.0.2.2}
interval_seconds = 2
[link serial]
type = serial
device = /dev/ttyUSB0
decoder = tasmota-counter
[sensor one]
serial = $kSerial
name = Street door
line = door in=C1 out=C2
[sensor two]
serial = $kMqtt
name = Mall door
line = door in=C1 out=C2
SETUP
  (umask 077 && printf '%s\n' "$1" >"$card/token")
  "$demo/bin/lintel" provision image --from "$card/from.txt" --token-file "$card/token" --out "$card/lintel-setup.txt" || return
  echo "$kMqtt --topic tele/$kMqtt/SENSOR --decoder tasmota-counter" >"$card/lintel-broker.txt"
  cp "$demo/ssh.pub" "$card/lintel-ssh.pub"
  echo "url = ${served:-http://10.0.2.2:9}/channel.txt" >"$card/lintel-update.txt"
  on_boot mcopy -o "$card"/lintel-{setup.txt,broker.txt,ssh.pub,update.txt} ::
}

# start_machine [FIRMWARE]: 1 GB and two processors, as small boards have. Its disk is the card itself. The firmware is
# UEFI as on computers, or u-boot as on boards. A watchdog is there but does nothing: what is emulated on a busy machine would
# often be too slow for it.
start_machine() {
  local firmware=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd
  if [ "${1:-}" = u-boot ]; then firmware=/usr/lib/u-boot/qemu_arm64/u-boot.bin; fi
  cat "$demo/door.out" >/dev/null &
  exec 8<>"$demo/door.in"
  qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 1024 -nographic -bios "$firmware" \
    -drive "file=$image,format=raw,if=none,id=card,cache=writeback" -device virtio-blk-pci,drive=card -device virtio-rng-pci \
    -device qemu-xhci -chardev "pipe,id=door,path=$demo/door" -device usb-serial,chardev=door,always-plugged=on \
    -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$page_port-:80,hostfwd=tcp:127.0.0.1:$mqtt_port-:1883,hostfwd=tcp:127.0.0.1:$ssh_port-:22,hostfwd=tcp:127.0.0.1:$closed_port-:9999" \
    -device virtio-net-pci,netdev=net -device i6300esb -action watchdog=none -serial "file:$demo/log/console" -monitor none </dev/null >"$demo/log/qemu" 2>&1 &
  names+=(qemu)
  pids+=($!)
  began=$SECONDS
}

# forget NAME: what was started under it has ended.
forget() {
  local i
  for i in "${!names[@]}"; do if [ "${names[$i]}" = "$1" ]; then unset "names[$i]" "pids[$i]"; fi; done
  names=("${names[@]}") pids=("${pids[@]}")
}

# cut_power: as pulling the plug.
cut_power() {
  kill -KILL "$(pid_of qemu)"
  wait "$(pid_of qemu)" 2>/dev/null || true
  forget qemu
  mv "$demo/log/console" "$demo/log/console.before"
}

in_guest() {
  ssh -q -i "$demo/ssh" -p "$ssh_port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=20 root@127.0.0.1 "$@" </dev/null
}

page() { curl -sf --max-time 20 -H 'Host: 10.0.2.15' "http://127.0.0.1:$page_port$1"; }

# broker_password: read from the card, where the guest's writing may still be on its way to the disk.
broker_password() {
  on_boot mcopy -o ::lintel-broker-passwords.txt "$demo/passwords.txt" || return
  mqtt_password=$(awk '$1 == "password" { print $2 }' "$demo/passwords.txt" | tr -d '\r')
  [ -n "$mqtt_password" ]
}
# serve FOLDER: at $served in the guest, by a server that cuts the first big answers short.
serve() {
  python3 "$LINTEL_ROOT/tests/image/range_server" "$1" 3 20000000 >"$demo/log/served" 2>&1 &
  names+=(range_server)
  pids+=($!)
  wait_for "the file server" 20 grep -q '^[0-9]' "$demo/log/served"
  served=http://10.0.2.2:$(head -n 1 "$demo/log/served")
}

enrolled() { [ "$(hq -c "select count(*) from data.gateways where last_seen_at is not null")" -ge 1 ]; }

# The doors count on: each call is one person more, in or out, as the boards say it (totals).
walked_in=0 walked_out=0
walk() {
  walked_in=$((walked_in + $1)) walked_out=$((walked_out + $2))
  say_totals
}
say_totals() {
  local said
  said=$(printf '{"Time":"%s","COUNTER":{"C1":%d,"C2":%d}}' "$(date -u +%Y-%m-%dT%H:%M:%S)" "$walked_in" "$walked_out")
  printf '%s MQT: tele/%s/SENSOR = %s\r\n' "$(date -u +%H:%M:%S)" "$kSerial" "$said" >&8
  mosquitto_pub -h 127.0.0.1 -p "$mqtt_port" -u "$kMqtt" -P "$mqtt_password" -q 1 -t "tele/$kMqtt/SENSOR" -m "$said" 2>/dev/null || true
}

# at_hq SERIAL: what headquarters has counted there, in and out.
at_hq() {
  hq -c "select coalesce(sum(r.count_in), 0) || ' ' || coalesce(sum(r.count_out), 0) from data.people_counting_raw r
    join data.sensor_metadata s on s.id = r.sensor_id where s.serial = '$1'"
}

one_gateway() { [ "$(hq -c 'select count(*) from data.gateways')" = 1 ]; }

# until_true SECONDS COMMAND... asked every other second; the machine is slow.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$(pid_of qemu)" 2>/dev/null; then return 1; fi
    sleep 2
  done
}
