#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lintel::bridge {

/// Cuts a byte stream into text lines ended by LF, CR or CR LF. How the bytes were chunked makes no
/// difference to what comes out. Not thread-safe; one framer per stream.
///
/// Empty lines are not reported. A line longer than the maximum is reported once, when its end (or
/// the end of the stream) is seen, as its first `max_line` bytes with `overlong` set: it is one
/// failure, however long it was. Memory never exceeds `max_line` bytes.
class LineFramer {
 public:
  explicit LineFramer(std::size_t max_line = 4096);

  /// Calls `on_line(std::string_view line, bool overlong)` for every line that ends within `bytes`.
  /// The view lives only as long as the call.
  template <class F>
  void feed(std::string_view bytes, F&& on_line) {
    std::string_view line;
    bool overlong = false;
    while (next(bytes, line, overlong)) on_line(line, overlong);
  }

  /// Reports what the stream left without a line end; for a file or a line that fell silent.
  template <class F>
  void finish(F&& on_line) {
    std::string_view line;
    bool overlong = false;
    if (rest(line, overlong)) on_line(line, overlong);
  }

  /// Forgets a line begun, as after the stream was opened anew.
  void reset();

  /// What is held of a line that has not ended yet; empty between lines.
  [[nodiscard]] std::string_view pending() const { return done_ ? std::string_view{} : buffer_; }

 private:
  /// Takes bytes off the front of `bytes`; true when they completed a line.
  bool next(std::string_view& bytes, std::string_view& line, bool& overlong);
  bool rest(std::string_view& line, bool& overlong);
  void keep(std::string_view part);
  void begin_line_if_done();

  std::size_t max_line_;
  std::string buffer_;
  bool overlong_ = false;
  bool done_ = false;  ///< the buffer's line was reported; cleared when the next byte is kept
};

}  // namespace lintel::bridge
