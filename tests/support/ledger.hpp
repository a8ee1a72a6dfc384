#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace lintel::test {

/// What a sensor has truly said, in the words of the readings it must lead to.
struct Sent {
  std::string sensor;           ///< serial, as the payload states it
  std::string line;             ///< as the payload states it
  std::string kind;             ///< "interval", "event" or "total"
  std::int64_t started_ms = 0;  ///< start of the window, or the instant, ms UTC
  std::int64_t duration_ms = 0;
  std::int64_t count_in = 0;  ///< people; of a total: since the statement before
  std::int64_t count_out = 0;

  friend auto operator<=>(const Sent&, const Sent&) = default;
};

/// The truth that the product is held against: a CSV file with a header, one line a statement that the
/// transport has taken over. Each line is in the kernel's hands before `append` returns. Thread-safe.
class Ledger {
 public:
  /// Throws std::runtime_error when the file cannot be created.
  explicit Ledger(const std::filesystem::path& file);

  void append(const Sent& sent);

 private:
  std::mutex mutex_;
  std::ofstream out_;  // guarded by mutex_
};

/// Reads such a file, in its order; throws std::runtime_error on anything else.
std::vector<Sent> read_ledger(const std::filesystem::path& file);

}  // namespace lintel::test
