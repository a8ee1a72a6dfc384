# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016,SC2317  # what the demo's scripts and the test share; commands for the guest
# The second half of boot_test: a newer version over a bad line, one of a stranger, and one that is broken on purpose.
# Sourced by it.

# bundle VERSION ARGUMENTS...
bundle() {
  local text=$1
  shift
  "$LINTEL_ROOT/cross/image/bundle" generic-arm64 --key "$demo/key.pem" --cert "$demo/cert.pem" --version "$text" --out "$images" "$@"
}

# A bundle as it should be, but signed by somebody else.
strangers_bundle() {
  local stage=$demo/stranger
  mkdir -p "$stage/bundle"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=updates" -keyout "$stage/key.pem" -out "$stage/cert.pem" 2>/dev/null
  head -c 1000000 /dev/urandom >"$stage/bundle/system.img"
  printf '[update]\ncompatible=lintel-generic-arm64\nversion=9\n[bundle]\nformat=verity\n[image.system]\nfilename=system.img\n' >"$stage/bundle/manifest.raucm"
  rauc bundle --cert="$stage/cert.pem" --key="$stage/key.pem" --keyring="$stage/cert.pem" "$stage/bundle" "$images/strange.raucb"
}

# A package whose gateway never runs: the same, with another program in its place.
broken_package() {
  dpkg-deb --raw-extract "$LINTEL_TEST_DEB" "$demo/broken"
  printf '#!/bin/sh\nexit 2\n' >"$demo/broken/usr/bin/lintel"
  dpkg-deb --root-owner-group -Zgzip --build "$demo/broken" "$demo/broken.deb"
}

# channel VERSION SHARE: what the gateways are told by the file that lintel-update.txt names.
channel() { printf 'version = %s\nbundle = %s/lintel-generic-arm64-%s.raucb\nshare = %s\n' "$1" "$served" "$1" "$2" >"$images/channel.txt"; }
# hq_says VERSION SHARE: what they are told by headquarters' settings, above which the file says nothing.
hq_says() {
  hq -c "update data.organizations set settings = jsonb_build_object('updates', jsonb_build_object('version', '$1', 'share', $2,
    'bundle', '$served/lintel-{board}-$1.raucb')) where parent_id is null"
}
told() { in_guest 'lintel db query "select settings from stores"' | grep -F "\"version\":\"$1\""; }
runs() { [ "$(in_guest "sed -n 's/^IMAGE_VERSION=//p' /etc/os-release")" = "$1" ]; }
halves() { in_guest 'grub-editenv /boot/firmware/grub/grubenv list'; }
# look: what the timer does. What it said follows.
look() { in_guest 'systemctl start lintel-update; journalctl -u lintel-update -o cat --no-pager -n 8'; }

must "a newer version is made" bundle 2 --deb "$LINTEL_TEST_DEB"
channel 2 0
not_yet() { look | grep "not for this gateway yet"; }
holds "a version that is rolled out to nobody yet is left alone" not_yet || true
strangers_bundle >"$demo/log/stranger" 2>&1
stranger() { in_guest "lintel-update --now $served/strange.raucb 2>&1; ls /data/update/*.raucb 2>&1; true" | tee /dev/stderr | tr '\n' ' ' | grep "not signed by who this gateway trusts.*No such file"; }
holds "one that somebody else has signed is not taken" stranger || true

channel 9 100
hq_says 2 100 >/dev/null
must "headquarters' settings say which version to run" until_true $((60 * slow)) told 2
# Looked for again until it runs: each call is cut short by the line, or by the start of the machine.
update() { look || true; walk 1 1; runs 2; }
must "a newer version comes over a line that is cut, and starts" until_true $((900 * slow)) update
holds "what was cut went on where it was" sh -c 'awk "\$2 > 0" "$1" | grep -q raucb' sh "$demo/log/served" || true
good() { walk 1 0; halves | grep -x B_TRY=0 && ! in_guest test -e /data/update/trial; }
must "it is found good once it collects and syncs" until_true $((400 * slow)) good
holds "configuration, identity and readings are those of before" in_guest 'hostname | grep -x shop && test "$(lintel db query "select count(distinct sensor_id) from people_counting_raw" | tail -n 1)" = 2' || true
holds "headquarters knows one gateway" one_gateway || true
runs_at_hq() { hq -c "select version from data.gateways" | grep -F "(lintel-generic-arm64 $1)"; }
holds "and which image it runs" until_true $((400 * slow)) runs_at_hq 2 || true

# What HQ's settings mean by inheritance: a version from here, a bundle from there.
hq -c "update data.organizations set settings = jsonb_set(settings, '{updates,version}', '\"2.5\"') where parent_id is null" >/dev/null
must "headquarters names another version than the one its bundle is" until_true $((60 * slow)) told 2.5
other_version() { look | grep "is version 2 and not 2.5"; }
holds "which is not taken for it" until_true $((300 * slow)) other_version || true
not_again() { look | grep "not fetched again before it changes"; }
holds "nor fetched again" not_again || true

broken_package >"$demo/log/broken" 2>&1
must "a broken version is made" bundle 3 --deb "$demo/broken.deb"
hq_says 3 100 >/dev/null
must "headquarters says so" until_true $((60 * slow)) told 3
update() { look || true; walk 1 1; runs 3; }
must "it is started" until_true $((900 * slow)) update
# To be found bad takes it a quarter of an hour each time. Here a shorter wait is put in place as soon as one can come in,
# long enough for a gateway that runs to be seen running (a minute).
hurry() {
  in_guest 'at=/run/systemd/system/lintel-health.service.d; [ -e $at/test.conf ] || { mkdir -p $at &&
    printf "[Service]\nEnvironment=LINTEL_HEALTH_WAIT=75\n" >$at/test.conf && systemctl daemon-reload && systemctl restart lintel-health; }' || true
  runs 2
}
must "after three starts the version before is back" until_true $((1200 * slow)) hurry
back() { in_guest "grep -x 3 /data/update/refused && grep -qF 'why=\"the gateway does not run' /data/update/failed" && halves | grep -x A_OK=0; }
holds "it knows which one was not good, and does not start it again" until_true $((60 * slow)) back || true
declined() { look && ! in_guest 'test -e /data/update/trial'; }
holds "nor does it fetch it again" declined || true
before=$(at_hq "$kSerial")
more() { walk 1 0; [ "$(at_hq "$kSerial")" != "$before" ]; }
must "it counts and syncs as before" until_true $((300 * slow)) more

# The worst moment for a power cut: the boot loader's state is lost.
in_guest 'cd /boot/firmware/grub && : >grubenv && sync && systemctl reboot' || true
mended() { walk 1 0; runs 2 && halves | grep -x A_OK=0; }
must "without the boot loader's state it goes by the spare, and has both again" until_true $((600 * slow)) mended
# And the spare with it, though they are never written together: the half that comes first is the one that is not good.
in_guest 'cd /boot/firmware/grub && : >grubenv && : >grubenv.spare && sync && systemctl reboot' || true
found_back() { walk 1 0; runs 2 && halves | grep -x "ORDER=B A"; }
must "without both it finds its way back to the version that is good" until_true $((900 * slow)) found_back
