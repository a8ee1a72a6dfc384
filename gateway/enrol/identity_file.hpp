#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "firmware-bridge/core/result.hpp"
#include "gateway/enrol/identity.hpp"

namespace lintel::enrol {

/// `identity.json` in the state directory, mode 0600, its owner the directory's. It is replaced as a whole
/// and flushed to the disk before write() returns, so that after a power cut it is the old one or the new
/// one.
class IdentityFile {
 public:
  explicit IdentityFile(std::filesystem::path state_dir) : dir_(std::move(state_dir)) {}

  /// The right to change the file, among all processes; gone with the object.
  class Lock {
   public:
    explicit Lock(int fd) : fd_(fd) {}
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    int fd_;
  };

  /// Creates the directory if there is none. `transient` when another process has it all the time.
  [[nodiscard]] Result<Lock> lock(std::chrono::milliseconds patience) const;

  /// Nothing of a card that was never provisioned. `misconfigured`: it may not be read. `corrupt`: it holds
  /// something else.
  [[nodiscard]] Result<Identity> read() const;
  /// `transient` when the disk does not take it; the old one is there then. Under the lock.
  [[nodiscard]] Result<void> write(const Identity& identity) const;
  /// Puts a file that cannot be used out of the way, under another name. Under the lock.
  [[nodiscard]] Result<std::filesystem::path> set_aside() const;

  [[nodiscard]] std::filesystem::path path() const { return dir_ / "identity.json"; }
  /// Changes whenever the file is replaced.
  [[nodiscard]] std::string mark() const;

 private:
  std::filesystem::path dir_;
};

/// Reads at most 4 KB of a token file. Nothing: there is none. `misconfigured`: it may not be read.
[[nodiscard]] Result<std::optional<std::string>> read_token_file(const std::filesystem::path& file);

/// Overwrites the file and removes it. `misconfigured` when it may not.
[[nodiscard]] Result<void> destroy(const std::filesystem::path& file);

}  // namespace lintel::enrol
