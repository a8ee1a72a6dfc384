#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>

namespace lintel::standin {

/// Misbehaviour that a test asked for in a file. For tests only: PostgREST has nothing like it.
///
/// One instruction a line. Lines hold for every request; a line that begins with `once` is removed when it
/// is used, one for each request, in order.
///   delay-ms N                  wait before the request is handled
///   status CODE [RETRY-AFTER]   answer CODE without handling the request
///   html                        answer 200 with a captive portal's page without handling the request
///   cut-after-bytes N           handle and commit, then send N bytes of the response and reset
///   drop-after-commit           the same with N = 0
struct Fault {
  std::chrono::milliseconds delay{0};
  std::optional<int> status;
  std::optional<int> retry_after;
  bool portal = false;
  std::optional<std::size_t> cut_after;
};

/// The file is read anew for every request; a missing one, or an empty path, asks for nothing. Lines that
/// are not understood are reported on stderr and ignored. Any thread may call.
class FaultFile {
 public:
  explicit FaultFile(std::filesystem::path path) : path_(std::move(path)) {}
  Fault next();

 private:
  const std::filesystem::path path_;
  std::mutex mutex_;
};

}  // namespace lintel::standin
