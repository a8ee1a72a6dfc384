# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016,SC2317  # what the demo's scripts and the test share; commands for the guest
# The second half of boot_test: a newer version over a bad line, and one that is broken on purpose. Sourced by it.

# bundle VERSION ARGUMENTS...
bundle() {
  local text=$1
  shift
  "$LINTEL_ROOT/cross/image/bundle" generic-arm64 --key "$demo/key.pem" --cert "$demo/cert.pem" --version "$text" --out "$images" "${with_deb[@]}" "$@"
}

# A package whose gateway never runs: the same, with another program in its place.
broken_package() {
  rm -rf "$demo/broken"
  dpkg-deb --raw-extract "$deb_used" "$demo/broken"
  printf '#!/bin/sh\nexit 1\n' >"$demo/broken/usr/bin/lintel"
  dpkg-deb --root-owner-group -Zgzip --build "$demo/broken" "$demo/broken.deb"
}
# shellcheck disable=SC2012  # names of our own
deb_used=${LINTEL_TEST_DEB:-$(ls -t "$LINTEL_ROOT"/.build/packages/lintel_*_arm64.deb | head -n 1)}

runs() { [ "$(in_guest "sed -n 's/^IMAGE_VERSION=//p' /etc/os-release")" = "$1" ]; }
tries() { in_guest 'grub-editenv /boot/firmware/grub/grubenv list'; }

must "a newer version is made" bundle 2
python3 "$here/range_server" "$images" 3 20000000 >"$demo/log/served" 2>&1 &
names+=(range_server)
pids+=($!)
wait_for "the file server" 20 grep -q '^[0-9]' "$demo/log/served"
served=http://10.0.2.2:$(head -n 1 "$demo/log/served")
printf 'version = 2\nbundle = %s/lintel-generic-arm64-2.raucb\nshare = 100\n' "$served" >"$images/channel.txt"

# Asked again until it stays: as the timer does, which is slower.
update() { in_guest "lintel-update '$served/channel.txt'" || true; walk 1 1; runs "$1" || ! in_guest true; }
must "it is fetched over a line that is cut" until_true $((600 * slow)) update 2
must "the machine comes back as the newer version" until_true $((400 * slow)) runs 2
holds "what was cut went on where it was" sh -c 'awk "\$2 > 0" "$1" | grep -q raucb' sh "$demo/log/served" || true
good() { walk 1 0; tries | grep -x B_TRY=0 && ! in_guest test -e /data/update/trial; }
must "it is found good once it collects and syncs" until_true $((400 * slow)) good
holds "configuration, identity and readings are those of before" in_guest 'hostname | grep -x shop && test "$(lintel db query "select count(distinct sensor_id) from people_counting_raw" | tail -n 1)" = 2' || true

broken_package
with_deb=(--deb "$demo/broken.deb")
must "a broken version is made" bundle 3
in_guest "lintel-update '$served/lintel-generic-arm64-3.raucb'" >"$demo/log/update3" 2>&1 || true
# It need not wait a quarter of an hour to be found bad: its first lines are the test's.
must "the broken version is started" until_true $((400 * slow)) runs 3
hurry() { in_guest 'mkdir -p /run/systemd/system/lintel-health.service.d && printf "[Service]\nEnvironment=LINTEL_HEALTH_WAIT=20\n" >/run/systemd/system/lintel-health.service.d/test.conf && systemctl daemon-reload && systemctl restart lintel-health' || true; runs 2; }
must "after three starts the version before is back" until_true $((900 * slow)) hurry
holds "and knows which one was not good" in_guest 'grep -x 3 /data/update/refused' || true
before=$(at_hq "$kSerial")
more() { walk 1 0; [ "$(at_hq "$kSerial")" != "$before" ]; }
must "it counts and syncs as before" until_true $((300 * slow)) more
