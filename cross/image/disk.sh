# shellcheck shell=bash
# shellcheck disable=SC2154  # what cross/image/build has set
# From Debian and our files to a disk: the system as a read-only file system, the partition that every computer reads, and
# the image with both. Nothing is mounted and no loop device is needed. Sourced by cross/image/build.
# Expects here, board, board_dir, work, base, deb, version, certificate, out and the board's values.

kHalfMb=512
kDataMb=96

# take_files LIST INTO: what the board's LIST names of the boot packages, or else of the system, without replacing.
take_files() {
  local from to
  if ! [ -e "$board_dir/$1" ]; then return; fi
  list_of "$board_dir/$1" | while read -r from to; do
    mkdir -p "$2/$to"
    # shellcheck disable=SC2086  # a pattern
    (cd "$base/boot-packages" && cp -RLn $from "$2/$to") 2>/dev/null || (cd "$base" && cp -RLn $from "$2/$to") ||
      die "the board's file $from is in none of its packages."
  done
}

# make_root_tree makes $work/root: the base with lintel and our files.
make_root_tree() {
  step "putting lintel and the image's files in"
  rm -rf "$work/root"
  cp -a --reflink=auto "$base" "$work/root"
  root=$work/root
  # Device trees that a board needs are on its boot partition.
  rm -rf "$root/boot-packages" "$root"/usr/lib/linux-image-*
  take_files system_files "$root"
  # Without looking at who owns what here: in an image all is root's.
  cp -dR --no-preserve=ownership "$here/root/." "$root/"
  mkdir -p "$root/data" "$root/boot/firmware"
  list_of "$board_dir/modules" >"$root/usr/lib/lintel-image/initramfs-modules"
  sed "s/@BOARD@/$board/" "$root/etc/rauc/system.conf.in" >"$root/etc/rauc/system.conf"
  rm "$root/etc/rauc/system.conf.in"
  if [ -n "$certificate" ]; then cp "$certificate" "$root/etc/rauc/keyring.pem"; fi
  chmod 755 "$root/usr/sbin/lintel-update"
  cp "$deb" "$root/lintel.deb"
  inside_root "$root" dpkg --install --force-unsafe-io --force-confold /lintel.deb >"$work/lintel.log" 2>&1 ||
    { tail -n 12 "$work/lintel.log" >&2; die "the package could not be installed in the image (whole log: $work/lintel.log)."; }
  rm "$root/lintel.deb"
  finish_root
}

# What is one gateway's own is not in an image; names and keys are made at the first start.
finish_root() {
  printf 'IMAGE_ID=lintel-%s\nIMAGE_VERSION=%s\n' "$board" "$version" >>"$root/usr/lib/os-release"
  : >"$root/etc/machine-id"
  rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
  rm -f "$root/var/lib/systemd/random-seed" "$root/var/lib/mosquitto/mosquitto.db"
  rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
  printf 'deb http://deb.debian.org/debian %s main non-free-firmware\n' "$kSuite" "$kSuite-updates" >"$root/etc/apt/sources.list"
  printf 'deb http://deb.debian.org/debian-security %s-security main non-free-firmware\n' "$kSuite" >>"$root/etc/apt/sources.list"
  echo lintel >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 lintel\n' >"$root/etc/hosts"
  ln -sf ../run/NetworkManager/resolv.conf "$root/etc/resolv.conf"
  inside_root "$root" systemctl --root=/ --quiet disable ssh.service e2scrub_reap.service apt-daily.timer 2>/dev/null || true
  inside_root "$root" systemctl --root=/ --quiet mask serial-getty@.service getty@.service systemd-networkd-wait-online.service \
    dpkg-db-backup.timer fstrim.timer e2scrub_all.timer || die "units could not be switched off in the image."
  inside_root "$root" systemctl --root=/ --quiet enable lintel-setup.service lintel-health.service lintel-grow.service \
    lintel-clock.timer lintel-update.timer nftables.service || die "units could not be switched on in the image."
  rm -rf "$root"/var/cache/{apt,debconf,man,ldconfig}/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/var/lib/dpkg/*-old
  rm -rf "$root"/var/lib/dpkg/info/*.md5sums "$root"/usr/share/doc/*/changelog*
  initramfs
}

# The initramfs is made by the board's own programs, which takes minutes; the same one is not made twice.
initramfs() {
  local kernel key
  kernel=$(basename "$root"/boot/vmlinuz-*) && kernel=${kernel#vmlinuz-}
  key=$({ echo "$kernel"; cat "$base.wanted" "$root/usr/lib/lintel-image/initramfs-modules"; find "$here/root" -path '*initramfs*' -type f -exec cat {} +; } | sha256sum | cut -c1-16)
  if ! [ -e "$work/initrd-$key" ]; then
    step "making the initramfs"
    inside_root "$root" mkinitramfs -o /boot/initrd.img "$kernel" >"$work/initramfs.log" 2>&1 ||
      { tail -n 12 "$work/initramfs.log" >&2; die "the initramfs could not be made."; }
    rm -f "$work"/initrd-*
    mv "$root/boot/initrd.img" "$work/initrd-$key"
  fi
  cp "$work/initrd-$key" "$root/boot/initrd.img"
  mv "$root/boot/vmlinuz-$kernel" "$root/boot/vmlinuz"
  rm -f "$root"/boot/{System.map,config}-* "$root/vmlinuz" "$root/initrd.img" "$root/vmlinuz.old" "$root/initrd.img.old"
}

# All times in it are the source's (SOURCE_DATE_EPOCH).
make_system() {
  step "packing the system"
  rm -f "$work/system.img"
  # -e takes all that follows it.
  mksquashfs "$root" "$work/system.img" -comp gzip -Xcompression-level "${LINTEL_IMAGE_LEVEL:-9}" -noappend -no-progress -xattrs \
    -p 'dev d 755 0 0' -p 'proc d 555 0 0' -p 'sys d 555 0 0' -p 'run d 755 0 0' -p 'tmp d 1777 0 0' \
    -e "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" >"$work/squashfs.log" 2>&1 ||
    { tail -n 5 "$work/squashfs.log" >&2; die "the system could not be packed (whole log: $work/squashfs.log)."; }
  local size
  size=$(stat -c %s "$work/system.img")
  [ "$size" -le $((kHalfMb << 20)) ] || die "the system is $((size >> 20)) MB, more than a half of the card's system ($kHalfMb MB)."
}

# The boot loader is GRUB on every board: firmware that is no UEFI starts it by way of U-Boot.
make_boot() {
  step "making the boot partition"
  local stage=$work/boot
  rm -rf "$stage" "$work/boot.img"
  mkdir -p "$stage/EFI/BOOT"
  cp -R "$here/boot/." "$stage/"
  cp "$LINTEL_ROOT/gateway/setup/lintel-setup.txt" "$stage/lintel-setup-example.txt"
  # Windows' editor, too, is to show lines.
  sed -i 's/$/\r/' "$stage/README.txt" "$stage/lintel-setup-example.txt"
  printf 'set kernel_arguments="%s"\n' "$kernel_arguments" >"$stage/grub/board.cfg"
  # shellcheck disable=SC2016  # for GRUB
  echo 'search --no-floppy --file --set=root --hint=$root /grub/grub.cfg' >"$work/early.cfg"
  grub-mkimage -O arm64-efi -d "$base/boot-packages/usr/lib/grub/arm64-efi" -c "$work/early.cfg" -p /grub -o "$stage/EFI/BOOT/BOOTAA64.EFI" \
    part_msdos fat squash4 gzio normal configfile linux loadenv test regexp search search_fs_file echo sleep reboot ||
    die "the boot loader could not be made."
  grub-editenv "$stage/grub/grubenv" create
  grub-editenv "$stage/grub/grubenv" set ORDER="A B" A_OK=1 A_TRY=0 B_OK=0 B_TRY=0
  cp "$stage/grub/grubenv" "$stage/grub/grubenv.spare"
  take_files boot_files "$stage"
  if [ -d "$board_dir/boot" ]; then cp -R "$board_dir/boot/." "$stage/"; fi
  if [ -x "$board_dir/prepare_boot" ]; then "$board_dir/prepare_boot" "$stage" || die "the boot partition of $board could not be prepared."; fi
  mkfs.vfat -C --invariant -n LINTEL -F 32 -s 1 "$work/boot.img" $((boot_mb << 10)) >"$work/vfat.log" || die "the boot partition could not be made."
  mcopy -s -m -i "$work/boot.img" "$stage"/* ::
}

make_disk() {
  step "making the image"
  mkdir -p "$work/data" "$work/genimage"
  rm -f "$work/data.img" "$out/lintel-$board.img"
  # As for the card that it will fill, not as for the floppy that it is: 4 KB blocks, few inodes.
  mke2fs -q -t ext4 -T default -b 4096 -i 65536 -J size=8 -L lintel-data -m 1 -E lazy_itable_init=0 -d "$work/data" "$work/data.img" "${kDataMb}M" ||
    die "the data partition could not be made."
  cat >"$work/genimage.cfg" <<CONFIG
image lintel-$board.img {
  hdimage { partition-table-type = "mbr" disk-signature = 0x4c494e54 align = 1M }
  partition boot { partition-type = $boot_type bootable = true image = "boot.img" }
  partition a { partition-type = 0x83 image = "system.img" size = ${kHalfMb}M }
  partition b { partition-type = 0x83 size = ${kHalfMb}M }
  partition data { partition-type = 0x83 image = "data.img" }
}
CONFIG
  rm -rf "$work/genimage"
  genimage --config "$work/genimage.cfg" --inputpath "$work" --outputpath "$out" --tmppath "$work/genimage" --rootpath "$work/data" \
    >"$work/genimage.log" 2>&1 || { tail -n 5 "$work/genimage.log" >&2; die "the image could not be made (whole log: $work/genimage.log)."; }
}
