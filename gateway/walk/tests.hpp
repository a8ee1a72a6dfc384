#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sensors.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/walk/verdict.hpp"

namespace lintel::walk {

enum class Step {
  in,         ///< somebody walks in
  after_in,   ///< the sensor has not yet told all of it
  out,        ///< somebody walks out
  after_out,  ///< as after_in
  done,       ///< judged, to be signed
  signed_,    ///< an acceptance
};

const char* to_string(Step step);

/// A reading of the line since the test began.
struct Passage {
  UtcMs from{}, to{};
  Counts counts;
  bool walking_out = false;  ///< else it came while somebody walked in
};

struct Test {
  std::string id;
  std::int64_t sensor = 0;
  std::string line;
  std::int64_t times = 0;
  Step step = Step::in;
  UtcMs began{};
  UtcMs pressed{};  ///< begin of the step
  Counts walking_in, walking_out;
  std::vector<Passage> passages;   ///< of a test that goes on
  bool heard = false;              ///< the sensor has sent something in this step
  std::optional<Verdict> verdict;  ///< once done
  bool passed = false;             ///< as it was signed
  std::string signed_by, note;
  std::optional<UtcMs> signed_at;
};

/// What a person says at the end. The verdict counts as it was judged unless `passed` differs from it.
struct Signature {
  std::string name;
  std::string note;
  std::optional<bool> passed;
};

/// Walk tests of this store's doors, one of a line at a time. A sensor may tell of passages later than they
/// were (by the minute, say), so after each way the test waits until the sensor has told everything: a
/// reading that ends later, two messages, or a time in which it would have sent some. Writer thread only,
/// inside its transaction; throws store::SqliteError.
class Tests {
 public:
  static constexpr std::int64_t kMostTimes = 50;

  explicit Tests(store::Database& db) : db_(db) {}

  /// Begins with walking in; an unfinished test of the same line ends unjudged. `line` absent: the only one
  /// that has counted. `misconfigured` names the lines there are.
  Result<Test> start(const store::Sensor& sensor, std::optional<std::string> line, std::int64_t times,
                     UtcMs now);

  /// Where a test stands; goes on by itself once the sensor has told all of a way.
  Result<Test> look(std::string_view id, const store::Sensors& sensors, UtcMs now);

  /// Somebody has walked in, or out, as often as is asked for.
  Result<Test> next(std::string_view id, const store::Sensors& sensors, UtcMs now);

  Result<Test> sign(std::string_view id, const Signature& signature, UtcMs now);

  /// Forgets a test that is not signed.
  Result<void> cancel(std::string_view id);

  /// The newest signed ones, and those that go on.
  [[nodiscard]] std::vector<Test> newest(std::int64_t limit);

 private:
  Result<Test> read(std::string_view id);
  void add_counts(Test& test);
  void settle(Test& test, const store::Sensor& sensor, UtcMs now);
  void enter(Test& test, Step step, const store::Sensor& sensor, UtcMs now);
  [[nodiscard]] bool told_all(const Test& test, const store::Sensor& sensor, UtcMs now);
  [[nodiscard]] Millis window_of(const Test& test);
  [[nodiscard]] std::int64_t last_change();

  store::Database& db_;
};

}  // namespace lintel::walk
