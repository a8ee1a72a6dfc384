#include "firmware-bridge/links/spool.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace lintel::bridge::links {
namespace {

constexpr std::size_t kLargestPayload = 4U << 20;
constexpr std::size_t kKeptOfLarger = 64U << 10;

std::uint64_t random_nonce() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(Options options, Position start) {
  auto directory = SpoolDirectory::open(options.dir);
  if (!directory) return fail(directory.error(), "spool");
  return std::unique_ptr<Spool>(new Spool(std::move(options), std::move(*directory), start));
}

Spool::Spool(Options options, SpoolDirectory directory, Position start)
    : options_(std::move(options)), directory_(std::move(directory)), released_(start), seen_(start) {
  segments_ = directory_.segments();
  std::erase_if(segments_, [&](const auto& segment) {
    if (segment.second > format::kHeaderSize) return false;
    directory_.remove(segment.first);  // begun and never written to
    return true;
  });
  for (const auto& [number, bytes] : segments_) total_bytes_ += bytes;
  const auto next = std::max<std::uint64_t>(directory_.highest_number(), start.segment) + 1;
  live_header_ = {static_cast<std::uint32_t>(next - 1), 0, options_.boot, 0};
  publish_end(next, 0);
  drop_history(options_.history_bytes);
  restore_reserve();
}

Spool::~Spool() = default;

// --- appending -------------------------------------------------------------------------------------

bool Spool::append(const Frame& frame) noexcept {
  const bool cut = frame.payload.size() > kLargestPayload;
  const std::string_view payload = frame.payload.substr(0, cut ? kKeptOfLarger : kLargestPayload);
  const auto head = format::encode_head(frame, payload);
  const Body body{format::link_part(frame), format::topic_part(frame), payload};
  try {
    const std::lock_guard lock(mutex_);
    if (!append_locked(frame.boot == BootId{} ? options_.boot : frame.boot, head, body)) return false;
    if (cut) ++facts_.cut;
    if (reader_waits_) changed_.notify_one();
    return true;
  } catch (const std::exception&) {  // no memory: the frame is not kept, so it must not be acknowledged
    return false;
  }
}

bool Spool::append_locked(const BootId& boot, Head head, const Body& body) {
  std::uint64_t size = head.size;
  for (const std::string_view part : body) size += part.size();
  if (!make_room(boot, size)) return false;
  format::apply_nonce(head, live_header_.nonce);
  while (!write_record(head, body, size)) {
    const int error = errno;
    if (!free_some_space()) {
      return refuse(fmt::format("cannot write to the spool {}: {}; free space on that disk",
                                directory_.path().string(), std::generic_category().message(error)));
    }
  }
  total_bytes_ += size;
  auto& live_size = segments_[live_header_.number];
  live_size += size;
  publish_end(live_header_.number, live_size);
  facts_.full = false;
  return true;
}

bool Spool::write_record(const Head& head, const Body& body, std::uint64_t size) {
  std::array<iovec, 4> parts{};
  parts[0] = {const_cast<char*>(head.bytes.data()), head.size};
  for (std::size_t i = 0; i < body.size(); ++i) {
    parts[i + 1] = {const_cast<char*>(body[i].data()), body[i].size()};
  }
  const auto at = static_cast<off_t>(segments_[live_header_.number]);
  const ssize_t written = ::pwritev(live_.get(), parts.data(), static_cast<int>(parts.size()), at);
  if (written == static_cast<ssize_t>(size)) return true;
  // A part of a record must not stay: the next, shorter one would leave its end behind.
  const int error = written < 0 ? errno : ENOSPC;
  if (written > 0 && ::ftruncate(live_.get(), at) != 0) live_.reset();
  errno = error;
  return false;
}

// Makes sure that the live segment has room, beginning another or giving things up where needed.
bool Spool::make_room(const BootId& boot, std::uint64_t bytes) {
  const std::uint64_t with_header = bytes + format::kHeaderSize;
  while (total_bytes_ + with_header > limit()) {
    if (!free_some_space()) {
      return refuse(
          fmt::format("the spool {} has reached its limit of {} MB because nothing takes frames "
                      "out of it; look at the database, or raise `spool_limit_mb`",
                      directory_.path().string(), options_.limit_bytes >> 20));
    }
  }
  const bool same_boot = live_ && live_header_.boot == boot;
  if (same_boot && segments_[live_header_.number] + bytes <= options_.segment_bytes) return true;
  const bool untouched = same_boot && segments_[live_header_.number] == format::kHeaderSize;
  if (untouched) return true;  // a record larger than a segment gets one to itself
  while (!begin_segment(boot)) {
    const int error = errno;
    if (!free_some_space()) {
      return refuse(
          fmt::format("cannot begin a file in the spool {}: {}; free space on that disk and check "
                      "that it may be written",
                      directory_.path().string(), std::generic_category().message(error)));
    }
  }
  return true;
}

bool Spool::begin_segment(const BootId& boot) {
  const format::SegmentHeader header{live_header_.number + 1, 0, boot, random_nonce()};
  FileDescriptor file = directory_.create(header);
  if (!file) return false;
  live_ = std::move(file);
  live_header_ = header;
  segments_[header.number] = format::kHeaderSize;
  total_bytes_ += format::kHeaderSize;
  publish_end(header.number, format::kHeaderSize);
  return true;
}

// Gives up the dearest thing last; false when nothing is left.
bool Spool::free_some_space() {
  const std::uint64_t before = total_bytes_;
  drop_history(0);
  if (total_bytes_ < before) return true;
  if (!reserve_ready_) return false;
  directory_.drop_reserve();
  reserve_ready_ = false;
  facts_.reserve_in_use = true;
  return true;
}

bool Spool::refuse(const std::string& reason) {
  facts_.full = true;
  facts_.full_reason = reason;
  ++facts_.refused;
  return false;
}

std::uint64_t Spool::limit() const {
  return options_.limit_bytes + (facts_.reserve_in_use ? options_.reserve_bytes : 0);
}

void Spool::publish_end(std::uint64_t segment, std::uint64_t offset) {
  end_.store(segment << 32 | offset, std::memory_order_release);
}

Position Spool::end() const {
  const std::uint64_t packed = end_.load(std::memory_order_acquire);
  return {packed >> 32, packed & UINT32_MAX};
}

// --- reading ---------------------------------------------------------------------------------------

bool Spool::read(Position& position, Frame& frame, std::string& buffer) {
  const Position end = this->end();
  while (position < end && enter_segment(position, end)) {
    const bool live = position.segment == end.segment;
    const std::uint64_t limit = live ? end.offset : reader_.size();
    const std::uint64_t from = position.offset;
    auto outcome = reader_.read(position.offset, limit, frame, buffer);
    if (outcome == SegmentReader::Outcome::ok) {
      seen_ = position;
      return true;
    }
    if (outcome == SegmentReader::Outcome::torn && live) outcome = SegmentReader::Outcome::damaged;
    if (outcome == SegmentReader::Outcome::damaged) {
      position.offset = reader_.find_record(from, limit, buffer).value_or(limit);
      report_damage(static_cast<std::uint32_t>(position.segment), from, position.offset);
    } else if (live) {
      break;
    } else {
      position = {position.segment + 1, 0};
    }
  }
  seen_ = std::max(position, seen_);
  return false;
}

// Opens the segment at `position`, or the first one behind it; false when there is none below `end`.
bool Spool::enter_segment(Position& position, Position end) {
  for (;;) {
    const auto number = static_cast<std::uint32_t>(position.segment);
    if (position.offset >= format::kHeaderSize && reader_.is_open(number)) return true;
    std::uint32_t next = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = segments_.lower_bound(number);
      if (found == segments_.end()) {
        position = end;
        return false;
      }
      next = found->first;
    }
    if (next != position.segment) position = {next, 0};
    position.offset = std::max<std::uint64_t>(position.offset, format::kHeaderSize);
    if (reader_.open(directory_.open_segment(next), next)) return true;
    report_damage(next, 0, options_.segment_bytes);
    position = {std::uint64_t{next} + 1, 0};
  }
}

void Spool::report_damage(std::uint32_t segment, std::uint64_t from, std::uint64_t to) {
  const std::string kept = directory_.set_aside(segment);
  {
    const std::lock_guard lock(mutex_);
    facts_.damaged_bytes += to - from;
  }
  if (!options_.on_damage) return;
  options_.on_damage(
      fmt::format("segment {} of the spool {} cannot be read from byte {} to {}: frames in it "
                  "are lost; {}. Check the disk",
                  segment, directory_.path().string(), from, to, kept));
}

void Spool::wait(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  reader_waits_ = true;
  changed_.wait_until(lock, deadline, [this] { return woken_ || seen_ < end(); });
  reader_waits_ = false;
  woken_ = false;
}

void Spool::pause(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return woken_; });
  woken_ = false;
}

void Spool::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void Spool::recall(Position position, const std::function<void(const Frame&)>& visit) const {
  std::map<std::uint32_t, std::uint64_t> segments;
  {
    const std::lock_guard lock(mutex_);
    segments = segments_;
  }
  std::string buffer;
  Frame frame;
  for (const auto& [number, bytes] : segments) {
    SegmentReader reader;
    if (number > position.segment || !reader.open(directory_.open_segment(number), number)) continue;
    const std::uint64_t limit = number == position.segment ? std::min(position.offset, bytes) : bytes;
    std::uint64_t offset = format::kHeaderSize;
    while (reader.read(offset, limit, frame, buffer) == SegmentReader::Outcome::ok) visit(frame);
  }
}

// --- giving space back -----------------------------------------------------------------------------

void Spool::release(Position position) {
  const std::lock_guard lock(mutex_);
  if (position <= released_) return;
  released_ = position;
  // Space for frames to come is worth more than the memory of old ones.
  drop_history(facts_.reserve_in_use ? 0 : options_.history_bytes);
  restore_reserve();
}

// Removes the oldest released segments, but leaves at least `keep` bytes of them.
void Spool::drop_history(std::uint64_t keep) {
  std::uint64_t history = 0;
  for (const auto& [number, bytes] : segments_) history += number < released_.segment ? bytes : 0;
  while (!segments_.empty() && segments_.begin()->first < released_.segment) {
    const auto [number, bytes] = *segments_.begin();
    if (number == live_header_.number && live_) break;
    if (history - bytes < keep) break;
    directory_.remove(number);
    segments_.erase(segments_.begin());
    total_bytes_ -= bytes;
    history -= bytes;
  }
}

void Spool::restore_reserve() {
  if (reserve_ready_ || options_.reserve_bytes == 0 || total_bytes_ > options_.limit_bytes) return;
  reserve_ready_ = directory_.make_reserve(options_.reserve_bytes);
  if (reserve_ready_) facts_.reserve_in_use = false;
}

// --- facts -----------------------------------------------------------------------------------------

std::uint64_t Spool::waiting_locked() const {
  std::uint64_t waiting = 0;
  for (auto segment = segments_.lower_bound(static_cast<std::uint32_t>(released_.segment));
       segment != segments_.end(); ++segment) {
    const bool begun = segment->first == released_.segment;
    waiting += segment->second - std::min(segment->second, begun ? released_.offset : format::kHeaderSize);
  }
  return waiting;
}

std::uint64_t Spool::bytes_waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_locked();
}

SpoolFacts Spool::facts() const {
  const std::lock_guard lock(mutex_);
  SpoolFacts facts = facts_;
  facts.bytes_waiting = waiting_locked();
  facts.bytes_on_disk = total_bytes_;
  if (!facts.full) facts.full_reason.clear();
  return facts;
}

}  // namespace lintel::bridge::links
