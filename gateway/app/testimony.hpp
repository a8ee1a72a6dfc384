#pragma once

#include <string>

#include "gateway/counting/counter.hpp"
#include "gateway/evidence/record.hpp"
#include "gateway/store/reading.hpp"

namespace lintel::app {

/// What counting made of a statement, as evidence keeps it.
evidence::Judged judged(const std::string& serial, const std::string& line,
                        const counting::Statement& statement, const counting::Outcome& outcome);

/// A level that was recorded: `said_in` is the number of people present.
evidence::Judged judged(const std::string& serial, const std::string& region,
                        const store::Presence& presence);

/// The reading that came of it is in the tables.
void set_reading(evidence::Judged& judged, const store::Reading& reading);

}  // namespace lintel::app
