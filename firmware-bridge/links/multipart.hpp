#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lintel::bridge::links {

/// Cuts a multipart body (RFC 2046, also multipart/form-data and x-mixed-replace) into its parts, however its
/// bytes are chunked. Pictures are passed over as they arrive: no byte of them is held. Memory never exceeds
/// the largest part and a header. Lines may end in LF alone. Not thread-safe.
class MultipartSplitter {
 public:
  struct Options {
    std::string boundary;
    std::size_t part_limit = 1U << 20;  ///< a longer part is passed over
  };
  /// Told of every part that is no picture, as soon as its last byte is there: after its Content-Length if
  /// it states one, else at the next boundary. The view lives as long as the call.
  using OnPart = std::function<void(std::string_view body)>;

  MultipartSplitter(Options options, OnPart on_part);

  /// False once the bytes cannot be such a body; what follows is then ignored.
  bool feed(std::string_view bytes);
  /// The body has ended where it should: a last part without a boundary behind it counts too.
  void finish();

  [[nodiscard]] bool begun() const { return parts_ + pictures_ + overlong_ > 0; }  ///< a part ended
  [[nodiscard]] bool ended() const { return state_ == State::ended; }              ///< the last boundary came
  [[nodiscard]] bool inside_part() const { return state_ == State::body || state_ == State::head; }
  [[nodiscard]] std::uint64_t parts() const { return parts_; }
  [[nodiscard]] std::uint64_t pictures() const { return pictures_; }
  [[nodiscard]] std::uint64_t overlong() const { return overlong_; }

 private:
  enum class State { between, boundary, head, body, ended, broken };

  bool step();
  bool find_boundary();
  bool after_boundary();
  bool read_head();
  bool read_body();
  bool read_counted();
  void keep(std::size_t bytes);
  void end_part();

  const Options options_;
  const OnPart on_part_;
  State state_ = State::between;
  std::string delimiter_;
  std::string pending_;  ///< arrived, and not yet understood
  bool at_line_start_ = true;
  std::string part_;  ///< the body of the part so far
  bool body_begun_ = false;
  bool picture_ = false;
  bool too_long_ = false;
  bool counted_ = false;         ///< the part states its length
  std::uint64_t remaining_ = 0;  ///< of a part that does
  std::uint64_t parts_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t overlong_ = 0;
};

}  // namespace lintel::bridge::links
