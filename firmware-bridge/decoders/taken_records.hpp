#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lintel::bridge::decoders {

/// Which records of a lintel-wire device were taken: for each of its latest runs the ranges of their numbers.
/// Usually one range that grows. Bounded: of more than 16 ranges the lowest gap counts as taken, of more than
/// 4 runs the one unheard for longest is forgotten.
class TakenRecords {
 public:
  /// `note` is what note() gave; unreadable parts of it are left out.
  explicit TakenRecords(std::string_view note);

  /// True for a record that was not taken before.
  bool take(std::uint32_t run, std::uint32_t number);
  /// One more than the highest number taken of a run, 0 if none was.
  [[nodiscard]] std::uint64_t end(std::uint32_t run) const;
  void forget(std::uint32_t run);

  [[nodiscard]] std::string note() const;

 private:
  struct Range {
    std::uint64_t begin, end;  ///< end is not in it
  };
  struct Run {
    std::uint32_t run;
    std::vector<Range> ranges;  ///< apart, in order
  };
  Run& latest(std::uint32_t run);

  std::vector<Run> runs_;  ///< the one heard last is the last
};

}  // namespace lintel::bridge::decoders
