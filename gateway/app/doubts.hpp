#pragma once

#include <string>
#include <string_view>

#include "gateway/counting/counter.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// Opens an alert where a device contradicts itself: totals and what was told one by one disagree
/// (`counts_disagree`), a total took people back (`count_lowered`), or moved further than people can pass
/// (`count_implausible`). The row has both numbers, and what to look at. One for a series, a kind and a UTC
/// day, whatever becomes of it that day. Writer thread only, inside its transaction.
class Doubts {
 public:
  explicit Doubts(store::Store& store);

  /// What the totals of both directions were before the statement.
  struct Before {
    std::optional<std::int64_t> in, out;
  };
  void note(const store::Sensor& sensor, std::string_view line, const Before& before,
            const counting::Statement& statement, const counting::Outcome& outcome, UtcMs now);

 private:
  void open(const store::Sensor& sensor, const std::string& kind, std::string_view line,
            const std::string& message, const std::string& details, UtcMs now);

  const std::string store_id_;
  store::Statement known_, insert_;
};

}  // namespace lintel::app
