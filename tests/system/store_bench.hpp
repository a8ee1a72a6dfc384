#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "tests/support/process.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// The real gateway under test: `lintel run` on a configuration of its own, killed and started again as
/// often as the test likes, with a wall clock that the test can step.
class Gateway {
 public:
  explicit Gateway(RealHq& hq);

  void add_link(const std::string& name, const std::string& text);
  void add_sensor(const std::string& name, const std::string& text);
  void start(const std::vector<std::string>& environment = {});
  void kill();                                 ///< SIGKILL
  int stop();                                  ///< SIGTERM; its exit code
  void step_clock(const std::string& offset);  ///< "-1d", "+2h": what the gateway sees from now on

  [[nodiscard]] bool running() { return process_.running(); }
  [[nodiscard]] std::string log() const;
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_.path(); }

 private:
  TempDir dir_;
  Process process_;
};

/// One reading as it has to be at HQ, or is.
struct Row {
  std::string serial;
  std::string line;
  std::int64_t started_ms = 0;
  std::int64_t seq = 0;
  std::int64_t duration_ms = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  friend auto operator<=>(const Row&, const Row&) = default;
};

/// All readings at HQ, sorted.
std::vector<Row> rows_at(Sql& hq);

/// Hours and days whose sums are not those of the raw rows, reckoned in plain SQL; 0 is right.
std::string wrong_buckets(Sql& hq);

/// The count that TEST_SOAK=1 makes large.
bool soak();

}  // namespace lintel::test
