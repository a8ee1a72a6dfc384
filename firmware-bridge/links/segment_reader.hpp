#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/links/file_descriptor.hpp"
#include "firmware-bridge/links/spool_format.hpp"

namespace lintel::bridge::links {

/// Reads the records of one segment in big pieces. The pieces lie in a buffer of the caller's, who passes
/// the same one, unchanged, at every call. Not thread-safe.
class SegmentReader {
 public:
  enum class Outcome {
    ok,       ///< a frame was read
    end,      ///< `limit` is reached exactly
    torn,     ///< what follows is the beginning of a record that was never finished
    damaged,  ///< what follows was written once and says something else now
  };

  SegmentReader() = default;
  /// Takes over the file; false if its header is not whole.
  bool open(FileDescriptor file, std::uint32_t number);
  void close();

  [[nodiscard]] bool is_open(std::uint32_t number) const { return file_ && header_.number == number; }
  [[nodiscard]] std::uint64_t size() const;  ///< of the file, now

  /// Reads the record at `offset`, below `limit`, and moves `offset` behind it.
  Outcome read(std::uint64_t& offset, std::uint64_t limit, Frame& frame, std::string& buffer);

  /// Where the next whole record after a damaged one begins; nothing if none was found.
  std::optional<std::uint64_t> find_record(std::uint64_t after, std::uint64_t limit, std::string& buffer);

 private:
  std::string_view bytes(std::uint64_t offset, std::size_t wanted, std::uint64_t limit, std::string& buffer);
  Outcome judge(std::uint64_t offset, std::uint64_t limit, std::string& buffer);

  FileDescriptor file_;
  format::SegmentHeader header_;
  std::uint64_t piece_at_ = 0;  // what of the file is in the buffer
  std::size_t piece_size_ = 0;
};

}  // namespace lintel::bridge::links
