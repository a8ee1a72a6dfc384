#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/result.hpp"

namespace lintel::hq {

/// An archive file, in this order:
///   "LINTELA1"                     8 bytes
///   length of the head             4 bytes, little endian
///   head                           JSON that anybody may read; every piece below is bound to it
///   nonce                          24 bytes
///   pieces                         length (4 bytes, little endian), then so many bytes; the last is marked
///   as the last
/// The pieces are libsodium's secretstream (XChaCha20-Poly1305) over gzip. So a file that is cut, changed,
/// put together anew or given another head is noticed while it is read, at the latest at its end.
inline constexpr std::size_t kArchiveKeyBytes = 32;

/// Writes one. What is not finished leaves no file: it grows beside it as FILE.part.
class ArchiveWriter {
 public:
  /// `misconfigured` where the file is there already. `key` has kArchiveKeyBytes.
  static Result<ArchiveWriter> create(const std::filesystem::path& file, const nlohmann::json& head,
                                      std::string_view key);
  ArchiveWriter(ArchiveWriter&&) noexcept;
  ~ArchiveWriter();

  Result<void> write(std::string_view text);

  struct Written {
    std::int64_t bytes;
    std::string checksum;  ///< SHA-256 of the file, hexadecimal
  };
  /// The file is on disk and has its name when this returns.
  Result<Written> finish();

 private:
  struct State;
  explicit ArchiveWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The head alone, unproven. `corrupt` where the file is no archive.
Result<nlohmann::json> archive_head(const std::filesystem::path& file);

/// Reads one.
class ArchiveReader {
 public:
  /// `corrupt` where the file is no archive.
  static Result<ArchiveReader> open(const std::filesystem::path& file, std::string_view key);
  ArchiveReader(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  /// The next piece, good until the next call; empty at the proven end. `corrupt`: the file was changed or
  /// cut, or the key is another one.
  Result<std::string_view> read();
  /// SHA-256 of the file, once read() has given an empty piece.
  [[nodiscard]] std::string checksum();

 private:
  struct State;
  explicit ArchiveReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A name for a key that says nothing about it: 16 hexadecimal digits.
std::string key_name(std::string_view key);
/// "\x00ff" or "00ff" as bytes; `misconfigured` where it is no key.
Result<std::string> key_of(std::string_view hex);

}  // namespace lintel::hq
