#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/segment_reader.hpp"
#include "firmware-bridge/links/spool_directory.hpp"

namespace lintel::bridge::links {

/// A place in the spool: everything before it was read. {0, 0} is before everything.
struct Position {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

/// What the spool knows of itself, for status.
struct SpoolFacts {
  std::uint64_t bytes_waiting = 0;  ///< appended and not yet released
  std::uint64_t bytes_on_disk = 0;  ///< all segments, read ones included
  bool reserve_in_use = false;      ///< only the reserve was left to write to
  bool full = false;                ///< the last append was refused
  std::string full_reason;          ///< why, and what to try; empty unless full
  std::uint64_t refused = 0;        ///< appends refused since the start
  std::uint64_t cut = 0;            ///< frames too large to keep whole, since the start
  std::uint64_t damaged_bytes = 0;  ///< unreadable bytes met since the start
};

/// The only queue between links and the writer: an append-only row of segment files (spool_format.hpp).
///
/// An appended frame survives the end of the process at any instant, because append() returns after the
/// write() of the whole record; it survives a power cut only as far as the file system happened to write
/// back. Any number of threads append; one thread reads, waits, recalls and releases.
///
/// Frames of another boot, as a broker's journal has them, get segments of their own.
///
/// When the limit is reached or the disk is full, segments kept for recall go first, then the reserve is
/// used up, then append() refuses. A payload over 4 MB is kept as its first 64 KB with `full_size` set,
/// so that it can be shown and does not block its sender for ever.
class Spool final : public FrameSink {
 public:
  struct Options {
    std::filesystem::path dir;
    BootId boot{};  ///< of frames that do not state theirs
    std::uint64_t segment_bytes = 8U << 20;
    std::uint64_t limit_bytes = 256U << 20;  ///< of all segments together
    std::uint64_t reserve_bytes = 4U << 20;  ///< held back on disk for the end
    std::uint64_t history_bytes = 4U << 20;  ///< released frames to keep for recall()
    /// Told of unreadable records, on the reading thread.
    std::function<void(const std::string&)> on_damage;
  };

  /// `start` is the position that the database remembers. New segments get numbers above it and above all
  /// that the directory holds, so a spool that was wiped (tmpfs) never reuses a position.
  static Result<std::unique_ptr<Spool>> open(Options options, Position start);
  ~Spool() override;

  [[nodiscard]] bool append(const Frame& frame) noexcept override;

  /// Reads the first frame at or after `position` and moves `position` behind it; false when there is none
  /// yet. The frame's views point into `buffer`, which the caller keeps between calls and leaves alone,
  /// and live until the next call. Unreadable records are skipped, reported and set aside.
  bool read(Position& position, Frame& frame, std::string& buffer);

  /// Blocks the reading thread until there is a frame beyond the last one read, or wake() was called
  /// since the last wait or pause, or the deadline passed.
  void wait(std::chrono::steady_clock::time_point deadline);
  /// The same, but frames do not end it.
  void pause(std::chrono::steady_clock::time_point deadline);
  void wake();  ///< from any thread

  /// Frames before `position` are in the database and may go.
  void release(Position position);

  /// Calls `visit` for every frame before `position` that is still here, oldest first. For the reading
  /// thread, to refresh what memory it keeps of frames already stored.
  void recall(Position position, const std::function<void(const Frame&)>& visit) const;

  /// Behind every frame appended so far. Any thread.
  [[nodiscard]] Position end() const;
  [[nodiscard]] std::uint64_t bytes_waiting() const;
  [[nodiscard]] SpoolFacts facts() const;

 private:
  Spool(Options options, SpoolDirectory directory, Position start);

  using Head = format::Head;
  using Body = std::array<std::string_view, 3>;  // link, topic, payload

  bool append_locked(const BootId& boot, Head head, const Body& body);
  bool write_record(const Head& head, const Body& body, std::uint64_t size);
  bool make_room(const BootId& boot, std::uint64_t bytes);
  bool begin_segment(const BootId& boot);
  bool free_some_space();
  bool refuse(const std::string& reason);
  void drop_history(std::uint64_t keep);
  void restore_reserve();
  void publish_end(std::uint64_t segment, std::uint64_t offset);
  [[nodiscard]] std::uint64_t limit() const;
  [[nodiscard]] std::uint64_t waiting_locked() const;

  bool enter_segment(Position& position, Position end);
  void report_damage(std::uint32_t segment, std::uint64_t from, std::uint64_t to);

  const Options options_;
  const SpoolDirectory directory_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  FileDescriptor live_;                              // guarded by mutex_; none before the first append
  format::SegmentHeader live_header_;                // guarded by mutex_
  std::map<std::uint32_t, std::uint64_t> segments_;  // guarded by mutex_: number -> bytes
  std::uint64_t total_bytes_ = 0;                    // guarded by mutex_: of all segments
  Position released_;                                // guarded by mutex_
  bool reserve_ready_ = false;                       // guarded by mutex_
  bool reader_waits_ = false;                        // guarded by mutex_
  bool woken_ = false;                               // guarded by mutex_
  SpoolFacts facts_;                                 // guarded by mutex_: the counters

  std::atomic<std::uint64_t> end_{0};  // segment << 32 | offset: all before it is wholly written

  SegmentReader reader_;  // of the reading thread
  Position seen_;         // of the reading thread: where the last read stopped
};

}  // namespace lintel::bridge::links
