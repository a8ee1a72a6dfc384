#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/file_descriptor.hpp"
#include "firmware-bridge/links/spool_format.hpp"

namespace lintel::bridge::links {

/// Reads the journal that the broker's plugin writes (firmware-bridge/broker-journal), while it is being
/// written. Needs only the right to read. Not thread-safe.
class BrokerJournal {
 public:
  enum class Outcome {
    record,   ///< one was read
    end,      ///< there is none yet
    damaged,  ///< bytes were passed over that were a record once; harm() says which
  };

  explicit BrokerJournal(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Looks which journal is there and how many segments it has. Fails with `misconfigured` where the
  /// directory cannot be read. A journal in which nothing stands yet has the number 0.
  Result<void> look();
  [[nodiscard]] std::uint32_t journal() const { return journal_; }
  /// Of all segments, as of the last look().
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::size_t segments() const { return segments_.size(); }
  [[nodiscard]] std::uint32_t newest() const { return segments_.empty() ? 0 : segments_.rbegin()->first; }

  /// Goes to the beginning of that segment, or of the first behind it.
  void go_to(std::uint32_t segment);
  /// Reads the next record. The frame's link is the publisher's client id, a marker has no topic; views point
  /// into `buffer` and live until the next call.
  Outcome next(Frame& frame, std::string& buffer);
  /// Stays before the record that was read last.
  void back() { at_.offset = before_; }

  /// Behind everything that was read.
  [[nodiscard]] const JournalPlace& at() const { return at_; }
  /// Whether a message of that place, before at(), was passed over unread.
  [[nodiscard]] bool was_damaged(const JournalPlace& place) const;
  /// The last bytes passed over, in words.
  [[nodiscard]] const std::string& harm() const { return harm_; }

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  struct Range {
    JournalPlace from, to;
  };
  enum class Found { record, nothing, broken };

  [[nodiscard]] std::filesystem::path file(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t next_segment() const;
  bool enter(std::uint32_t number);
  Found read(std::uint32_t offset, Frame& frame, std::string& buffer);
  void pass_over(std::uint32_t to);
  bool leave_segment(Frame& frame, std::string& buffer, Outcome& outcome);

  const std::filesystem::path directory_;
  std::uint32_t journal_ = 0;
  std::map<std::uint32_t, std::uint64_t> segments_;  ///< number -> bytes
  FileDescriptor file_;                              ///< of segment at_.segment
  format::SegmentHeader header_;
  JournalPlace at_;
  std::uint32_t before_ = 0;
  std::vector<Range> damaged_;
  std::string harm_;
};

}  // namespace lintel::bridge::links
