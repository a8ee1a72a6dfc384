#include "firmware-bridge/links/broker_journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUsualRecord = 2048;
constexpr std::size_t kDigits = 10;
constexpr std::string_view kSuffix = ".journal";
constexpr std::size_t kMostRanges = 100;

std::optional<std::uint32_t> number_of(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, number);
  if (error != std::errc{} || end != name.data() + kDigits || number == 0) return std::nullopt;
  return number;
}

/// As many of `size` bytes as there are.
std::string_view read_at(int fd, std::uint64_t offset, std::size_t size, std::string& buffer) {
  if (buffer.size() < size) buffer.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(fd, buffer.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return {buffer.data(), done};
}

std::optional<format::SegmentHeader> header_of(const FileDescriptor& file, std::uint32_t number) {
  std::string buffer;
  format::SegmentHeader header;
  if (!file || !format::decode(read_at(file.get(), 0, format::kHeaderSize, buffer), header))
    return std::nullopt;
  if (header.number != number || header.journal == 0) return std::nullopt;
  return header;
}

FileDescriptor open_file(const fs::path& path) {
  return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::uint32_t size_of(const FileDescriptor& file) {
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(facts.st_size, UINT32_MAX));
}

}  // namespace

fs::path BrokerJournal::file(std::uint32_t number) const {
  return directory_ / fmt::format("{:0{}}{}", number, kDigits, kSuffix);
}

Result<void> BrokerJournal::look() {
  std::error_code error;
  fs::directory_iterator entry(directory_, error);
  std::map<std::uint32_t, std::uint64_t> found;
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (const auto number = number_of(entry->path())) found[*number] = entry->file_size(gone);
  }
  if (error) {
    return fail(ErrorKind::misconfigured, fmt::format("the broker's journal {} cannot be read: {}",
                                                      directory_.string(), error.message()));
  }
  segments_ = std::move(found);
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    const auto opened = open_file(file(segment->first));
    if (!opened && (errno == EACCES || errno == EPERM || errno == EIO)) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("the broker's journal {} cannot be read: {}: {}", directory_.string(),
                      file(segment->first).filename().string(), std::generic_category().message(errno)));
    }
    const auto header = header_of(opened, segment->first);
    if (!header) continue;
    if (journal_ != header->journal) {
      file_.reset();
      at_ = {header->journal, 0, 0};
      damaged_.clear();
    }
    journal_ = header->journal;
    return {};
  }
  return {};
}

std::uint64_t BrokerJournal::bytes() const {
  std::uint64_t all = 0;
  for (const auto& [number, bytes] : segments_) all += bytes;
  return all;
}

void BrokerJournal::go_to(std::uint32_t segment) {
  file_.reset();
  at_ = {journal_, segment, 0};
}

/// The first that is there behind the one being read; 0: none.
std::uint32_t BrokerJournal::next_segment() const {
  const auto found = file_ ? segments_.upper_bound(at_.segment) : segments_.lower_bound(at_.segment);
  return found == segments_.end() ? 0 : found->first;
}

bool BrokerJournal::enter(std::uint32_t number) {
  auto opened = open_file(file(number));
  const auto header = header_of(opened, number);
  if (!header || header->journal != journal_) return false;
  file_ = std::move(opened);
  header_ = *header;
  at_ = {journal_, number, format::kHeaderSize};
  return true;
}

BrokerJournal::Found BrokerJournal::read(std::uint32_t offset, Frame& frame, std::string& buffer) {
  auto bytes = read_at(file_.get(), offset, kUsualRecord, buffer);
  if (bytes.size() < format::kRecordHeadSize) {
    const bool blank = bytes.find_first_not_of('\0') == std::string_view::npos;
    return blank ? Found::nothing : Found::broken;
  }
  const auto size = format::claimed_size(bytes);
  if (size == 0 && bytes.substr(0, 8).find_first_not_of('\0') == std::string_view::npos)
    return Found::nothing;
  if (size > size_of(file_) - offset) return Found::broken;
  if (size > bytes.size()) bytes = read_at(file_.get(), offset, size, buffer);
  if (!format::decode(bytes, header_, frame)) return Found::broken;
  frame.journal = {journal_, at_.segment, offset};
  frame.from_journal = true;
  before_ = offset;
  at_.offset = offset + size;
  return Found::record;
}

void BrokerJournal::pass_over(std::uint32_t to) {
  harm_ = fmt::format("bytes {} to {} of {}", at_.offset, to, file(at_.segment).string());
  if (damaged_.size() == kMostRanges) damaged_.erase(damaged_.begin());
  damaged_.push_back({at_, {at_.journal, at_.segment, to}});
  at_.offset = to;
}

/// A segment that has a successor is not written to any more: what is broken in it stays so. What was being
/// written when the broker or the machine died was not acknowledged, and nothing follows it.
bool BrokerJournal::leave_segment(Frame& frame, std::string& buffer, Outcome& outcome) {
  std::string rest_buffer;
  const auto size = size_of(file_);
  const auto rest = read_at(file_.get(), at_.offset, size - std::min(size, at_.offset), rest_buffer);
  for (std::size_t skip = 1; skip + format::kRecordHeadSize <= rest.size(); ++skip) {
    const auto candidate = rest.substr(skip);
    const auto claimed = format::claimed_size(candidate);
    if (claimed < format::kRecordHeadSize || claimed > candidate.size()) continue;
    if (!format::decode(candidate, header_, frame)) continue;
    pass_over(at_.offset + static_cast<std::uint32_t>(skip));
    outcome = Outcome::damaged;
    return false;
  }
  const auto claimed = rest.size() < 8 ? 0 : format::claimed_size(rest);
  const bool whole = claimed >= format::kRecordHeadSize && claimed <= rest.size() &&
                     rest.substr(claimed).find_first_not_of('\0') != std::string_view::npos;
  if (!whole) return true;
  pass_over(size);
  outcome = Outcome::damaged;
  buffer.clear();
  return false;
}

BrokerJournal::Outcome BrokerJournal::next(Frame& frame, std::string& buffer) {
  for (;;) {
    // Looked up first: records of this segment are written before its successor is begun.
    const auto successor = next_segment();
    if (file_) {
      const auto found = read(at_.offset, frame, buffer);
      if (found == Found::record) return Outcome::record;
      if (successor == 0) {
        if (!look() || next_segment() == 0) return Outcome::end;
        continue;
      }
      Outcome outcome = Outcome::end;
      if (found == Found::broken && !leave_segment(frame, buffer, outcome)) return outcome;
    }
    if (successor == 0) return Outcome::end;
    if (enter(successor)) continue;
    if (!look() || segments_.upper_bound(successor) == segments_.end()) return Outcome::end;
    file_.reset();  // begun when the power went, and never written
    at_ = {journal_, successor + 1, 0};
  }
}

bool BrokerJournal::was_damaged(const JournalPlace& place) const {
  return std::ranges::any_of(damaged_,
                             [&](const Range& range) { return range.from <= place && place < range.to; });
}

}  // namespace lintel::bridge::links
