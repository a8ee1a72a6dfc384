#pragma once

#include <filesystem>
#include <memory>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/spool.hpp"

namespace lintel::bridge::links {

/// Remembers across the end of the process which frame was being decoded, so that one that crashes the
/// decoder is noticed. A small file mapped into memory: marking costs no system call, and the kernel keeps
/// what a killed process wrote. Used by the writer thread.
class AttemptMark {
 public:
  /// If the last process ended while a frame was marked, that frame's count goes up by one.
  static Result<std::unique_ptr<AttemptMark>> open(const std::filesystem::path& dir);
  ~AttemptMark();
  AttemptMark(const AttemptMark&) = delete;
  AttemptMark& operator=(const AttemptMark&) = delete;

  void begin(Position position) noexcept;
  void end() noexcept;

  /// How many processes have ended while the frame at this position was being decoded.
  [[nodiscard]] int attempts(Position position) const noexcept;

 private:
  struct Page;
  explicit AttemptMark(Page* page) : page_(page) {}
  Page* page_;
};

}  // namespace lintel::bridge::links
