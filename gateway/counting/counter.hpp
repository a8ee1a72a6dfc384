#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/reading.hpp"

namespace lintel::counting {

/// An observation whose times have been resolved to UTC.
struct Statement {
  bridge::Kind kind = bridge::Kind::interval;
  UtcMs at{};    ///< instant of the statement; the end of an interval
  UtcMs from{};  ///< start of an interval; equal to `at` otherwise
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;
  std::uint32_t flags = 0;
  bool retained = false;      ///< the broker repeats state it kept
  std::string counter_run{};  ///< of a total: with another word than before the counter began at 0 again
};

/// Which of the things a device states about the same traffic is counted; the others are held against it.
enum class Basis { none, event, interval, total };

/// What counting remembers of a series from frame to frame. Stored with the readings it led to.
struct SeriesState {
  Basis basis = Basis::none;
  std::optional<std::int64_t> total_in;  ///< last accepted totals
  std::optional<std::int64_t> total_out;
  UtcMs total_at{};
  UtcMs zero_at{};   ///< totals fell to zero, last seen then: a reset, or a counter still loading its value
  UtcMs event_at{};  ///< last counted event
  UtcMs interval_end{};  ///< last counted interval
  Millis interval_length{0};
  std::string counter_run;  ///< of the last accepted total

  friend bool operator==(const SeriesState&, const SeriesState&) = default;
};

/// Applies one statement: the state moves on, and what it adds to the series is returned, if anything.
///
/// | what comes | what counts |
/// |---|---|
/// | interval | itself, minus events counted inside its window |
/// | interval inside a span that totals have counted already | nothing |
/// | event inside a span that totals have counted already | nothing |
/// | event | itself, unless intervals of this series cover the present |
/// | total, the first of a series | nothing: it is the baseline |
/// | total that rose or stayed | the difference since the last one |
/// | total that fell from near 2^16 or 2^32 to near 0 | the difference across the wrap |
/// | total of another run of the counter | its own value: counted since the reset |
/// | total that fell to zero | nothing yet: the next value above zero tells |
/// | after that, at or above the value before | the difference: the zero was a device still starting |
/// | total that fell otherwise | its own value: counted since the reset (since the last zero, where one was
/// seen) | | total older than the last one | nothing | | total of a series that has events or intervals |
/// nothing: it is kept for comparison | | retained event or interval without window | nothing: state that the
/// broker repeats |
[[nodiscard]] std::optional<store::Reading> count(SeriesState& state, const Statement& statement);

/// One line of JSON and back; an unreadable one gives a fresh state and false.
std::string to_json(const SeriesState& state);
bool from_json(std::string_view text, SeriesState& state);

}  // namespace lintel::counting
