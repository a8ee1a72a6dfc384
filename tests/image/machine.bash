# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016,SC2317  # what the demo's scripts and the test share; commands for the guest
# A gateway in an emulator, between a door on its serial port, a door at its broker, and headquarters on this machine.
# Sourced by the tests of this folder, after gateway/dist/demo/*.sh. Expects demo, image.

kSerial=door1   # the counter on the serial line
kMqtt=door2     # the counter at the broker
boot_offset=1M  # where the FAT partition begins

# on_boot PROGRAM ARGUMENTS... : an mtool on the image's FAT partition, which is ::
on_boot() {
  local tool=$1
  shift
  MTOOLS_SKIP_CHECK=1 "$tool" -i "$image@@$boot_offset" "$@"
}

# provision TOKEN: what an installer writes onto the card.
provision() {
  local card=$demo/card
  mkdir -p "$card"
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
  ssh-keygen -q -t ed25519 -N "" -f "$demo/ssh"
  cp "$demo/ssh.pub" "$card/lintel-ssh.pub"
  on_boot mcopy -o "$card/lintel-setup.txt" "$card/lintel-broker.txt" "$card/lintel-ssh.pub" ::
}

# start_machine: 1 GB and two processors, as the smallest boards have. Its disk is the image itself.
start_machine() {
  page_port=$(free_port) mqtt_port=$(free_port) ssh_port=$(free_port)
  mkfifo "$demo/door.in" "$demo/door.out"
  cat "$demo/door.out" >/dev/null &
  exec 8<>"$demo/door.in"
  qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 1024 -nographic -bios /usr/lib/u-boot/qemu_arm64/u-boot.bin \
    -drive "file=$image,format=raw,if=none,id=card,cache=writeback" -device virtio-blk-pci,drive=card -device virtio-rng-pci \
    -device qemu-xhci -chardev "pipe,id=door,path=$demo/door" -device usb-serial,chardev=door,always-plugged=on \
    -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$page_port-:80,hostfwd=tcp:127.0.0.1:$mqtt_port-:1883,hostfwd=tcp:127.0.0.1:$ssh_port-:22" \
    -device virtio-net-pci,netdev=net -serial "file:$demo/log/console" -monitor none </dev/null >"$demo/log/qemu" 2>&1 &
  names+=(qemu)
  pids+=($!)
  began=$SECONDS
}

in_guest() {
  ssh -q -i "$demo/ssh" -p "$ssh_port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=20 root@127.0.0.1 "$@" </dev/null
}

page() { curl -sf --max-time 20 -H 'Host: 10.0.2.15' "http://127.0.0.1:$page_port$1"; }

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
  mosquitto_pub -h 127.0.0.1 -p "$mqtt_port" -u "$kMqtt" -P "$mqtt_password" -q 1 -t "tele/$kMqtt/SENSOR" -m "$said" 2>/dev/null
}

# at_hq SERIAL: what headquarters has counted there, in and out.
at_hq() {
  hq -c "select coalesce(sum(r.count_in), 0) || ' ' || coalesce(sum(r.count_out), 0) from data.people_counting_raw r
    join data.sensor_metadata s on s.id = r.sensor_id where s.serial = '$1'"
}

# until_true SECONDS COMMAND... asked every other second; the machine is slow.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$(pid_of qemu)" 2>/dev/null; then return 1; fi
    sleep 2
  done
}
