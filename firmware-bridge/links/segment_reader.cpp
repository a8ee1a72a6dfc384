#include "firmware-bridge/links/segment_reader.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lintel::bridge::links {
namespace {

constexpr std::size_t kPiece = 256U << 10;
constexpr std::uint64_t kSearchEffort = 256U << 20;  // bytes checksummed while looking for a whole record

std::size_t read_fully(int fd, char* into, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, into + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

bool SegmentReader::open(FileDescriptor file, std::uint32_t number) {
  close();
  std::array<char, format::kHeaderSize> bytes{};
  if (!file || read_fully(file.get(), bytes.data(), bytes.size(), 0) != bytes.size()) return false;
  if (!format::decode({bytes.data(), bytes.size()}, header_) || header_.number != number) return false;
  file_ = std::move(file);
  return true;
}

void SegmentReader::close() {
  file_.reset();
  piece_size_ = 0;
}

std::uint64_t SegmentReader::size() const {
  struct stat facts {};
  return ::fstat(file_.get(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

// At least `wanted` bytes from `offset` on, fewer only where the file or `limit` ends before.
std::string_view SegmentReader::bytes(std::uint64_t offset, std::size_t wanted, std::uint64_t limit,
                                      std::string& buffer) {
  wanted = std::min<std::size_t>(wanted, limit - offset);
  const bool present =
      buffer.size() == piece_size_ && offset >= piece_at_ && offset + wanted <= piece_at_ + piece_size_;
  if (!present) {
    buffer.resize(std::min<std::uint64_t>(std::max(wanted, kPiece), limit - offset));
    piece_at_ = offset;
    piece_size_ = read_fully(file_.get(), buffer.data(), buffer.size(), offset);
    buffer.resize(piece_size_);
  }
  const std::string_view piece(buffer);
  return piece.substr(offset - piece_at_, limit - offset);
}

SegmentReader::Outcome SegmentReader::read(std::uint64_t& offset, std::uint64_t limit, Frame& frame,
                                           std::string& buffer) {
  if (offset >= limit) return Outcome::end;
  std::string_view record = bytes(offset, format::kRecordHeadSize, limit, buffer);
  if (record.size() < format::kRecordHeadSize) return judge(offset, limit, buffer);
  const std::uint32_t size = format::claimed_size(record);
  if (size > limit - offset) return judge(offset, limit, buffer);
  record = bytes(offset, size, limit, buffer);
  if (!format::decode(record, header_, frame)) return judge(offset, limit, buffer);
  offset += size;
  return Outcome::ok;
}

// An append is one write: a process that dies in it leaves a file that ends inside the record, a machine
// that dies may leave zeros. Anything else has been changed after it was written.
SegmentReader::Outcome SegmentReader::judge(std::uint64_t offset, std::uint64_t limit, std::string& buffer) {
  if (find_record(offset, limit, buffer)) return Outcome::damaged;
  const std::string_view rest = bytes(offset, limit - offset, limit, buffer);
  const bool zeros = rest.find_first_not_of('\0') == std::string_view::npos;
  const bool unfinished = rest.size() < 8 || format::claimed_size(rest) > rest.size();
  return zeros || unfinished ? Outcome::torn : Outcome::damaged;
}

std::optional<std::uint64_t> SegmentReader::find_record(std::uint64_t after, std::uint64_t limit,
                                                        std::string& buffer) {
  const std::string_view rest = bytes(after, limit - after, limit, buffer);
  std::uint64_t effort = 0;
  Frame ignored;
  for (std::size_t at = 1; at + format::kRecordHeadSize <= rest.size() && effort < kSearchEffort; ++at) {
    const std::string_view candidate = rest.substr(at);
    const std::uint32_t size = format::claimed_size(candidate);
    if (size > candidate.size() || size < format::kRecordHeadSize) continue;
    if (format::decode(candidate, header_, ignored)) return after + at;
    effort += size;
  }
  return std::nullopt;
}

}  // namespace lintel::bridge::links
