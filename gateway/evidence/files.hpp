#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/evidence/record.hpp"

namespace lintel::evidence {

/// The writing end of the files: gzip members one after the other, so that each file is readable as far as it
/// was written. A file is named after the arrival of its first frame; every start of the process begins
/// another one, since the end of the last may be torn. Used by one thread.
class Files {
 public:
  struct Options {
    std::filesystem::path dir;
    std::uint64_t limit_bytes = 100ull << 20;  ///< of all files; beyond it the oldest go
    std::uint64_t spare_bytes = 200ull << 20;  ///< what is to stay free on the disk for readings
  };

  explicit Files(Options options) : options_(std::move(options)) {}

  /// `rejected` when the disk has no room to spare or refuses; nothing of it is in the files then.
  Result<void> append(UtcMs first_arrival, std::string_view member);

 private:
  Result<void> make_room(std::uint64_t bytes);

  Options options_;
  std::filesystem::path current_;
  std::uint64_t written_ = 0;  ///< bytes in the current file
};

/// Where the files of a state directory lie.
std::filesystem::path directory(const std::filesystem::path& state_dir);

/// Frames that arrived in a time.
struct Found {
  std::vector<Record> records;  ///< each once, in order of arrival
  std::uint64_t lost = 0;       ///< dropped while those were written
  bool more = false;            ///< the limit was reached
};

/// The frames that arrived in [from, to), of which an observation is about the sensor `serial` and which are
/// `wanted`, at most `limit`. What cannot be read, a torn end or a damaged member, is passed over.
Found find(const std::filesystem::path& dir, UtcMs from, UtcMs to, std::string_view serial,
           const std::function<bool(const Record&)>& wanted, std::size_t limit);

/// When the oldest frame that is still kept arrived; absent: there is none.
std::optional<UtcMs> oldest(const std::filesystem::path& dir);

}  // namespace lintel::evidence
