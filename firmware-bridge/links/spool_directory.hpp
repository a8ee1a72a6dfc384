#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/file_descriptor.hpp"
#include "firmware-bridge/links/spool_format.hpp"

namespace lintel::bridge::links {

/// The files of a spool: `0000000007.spool` (a segment), `0000000007.damaged` (a segment in which records
/// were unreadable, kept for a person), `reserve` (space to fall back on) and `lock`. Not thread-safe.
class SpoolDirectory {
 public:
  /// Creates the directory where it is missing and locks it against a second process for as long as the
  /// object lives. Fails with `misconfigured`.
  static Result<SpoolDirectory> open(const std::filesystem::path& path);

  /// The segments there are, by number, with their sizes.
  [[nodiscard]] std::map<std::uint32_t, std::uint64_t> segments() const;
  /// The highest number ever given to a segment that can still be seen, damaged ones included.
  [[nodiscard]] std::uint32_t highest_number() const;

  /// Creates a segment with its header; none on failure, with errno set and nothing left behind.
  [[nodiscard]] FileDescriptor create(const format::SegmentHeader& header) const noexcept;
  [[nodiscard]] FileDescriptor open_segment(std::uint32_t number) const noexcept;
  void remove(std::uint32_t number) const noexcept;

  /// Keeps a second name of a damaged segment, so that it stays when the segment is removed. At most three
  /// are kept. Says in words what it did.
  [[nodiscard]] std::string set_aside(std::uint32_t number) const;

  /// Occupies `bytes` of disk, to be given back when nothing else can be written. False if there is no room.
  [[nodiscard]] bool make_reserve(std::uint64_t bytes) const noexcept;
  void drop_reserve() const noexcept;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  SpoolDirectory(std::filesystem::path path, FileDescriptor lock);

  std::filesystem::path path_;
  std::string reserve_;
  FileDescriptor lock_;
};

}  // namespace lintel::bridge::links
