#pragma once

#include <filesystem>

namespace lintel::test {

/// From here on this process and its children have mounts of their own, which go with them. Before the
/// first thread. False: this system does not let us, and a test that needs it must skip visibly.
[[nodiscard]] bool own_mounts();

/// This process and its children read `file` where others read `over`, as long as the object lives. After
/// own_mounts().
class MountedOver {
 public:
  MountedOver(const std::filesystem::path& file, std::filesystem::path over);
  ~MountedOver();
  MountedOver(const MountedOver&) = delete;
  MountedOver& operator=(const MountedOver&) = delete;

 private:
  std::filesystem::path over_;
};

/// A disk of a few megabytes, in memory. After own_mounts().
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path dir, int megabytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void fill() const;  ///< not a byte more goes in
  void free() const;  ///< what fill() put there is gone
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

 private:
  std::filesystem::path dir_;
};

}  // namespace lintel::test
