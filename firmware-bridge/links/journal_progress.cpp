#include "firmware-bridge/links/journal_progress.hpp"

namespace lintel::bridge::links {

namespace {

/// The least place behind a record.
JournalPlace behind(JournalPlace place) {
  ++place.offset;
  return place;
}

}  // namespace

JournalProgress JournalProgress::from_now_on(const JournalPlace& end) {
  return {end.journal, end, {end.journal, 0, 0}, end};
}

bool JournalProgress::left_to_network(const JournalPlace& place) const {
  return place.journal == journal && gap_from <= place && place < gap_to;
}

bool JournalProgress::take(const Frame& frame) {
  const auto& place = frame.journal;
  if (frame.from_journal) {
    if (place.journal != journal) {
      *this = {place.journal, behind(place), {}, {}};
      return true;
    }
    if (place < next) return false;
    next = behind(place);
    return true;
  }
  if (journal == 0) {
    *this = from_now_on(behind(place));
  } else if (place.journal == journal && place >= next) {
    if (gap_to != next) gap_from = next;
    gap_to = next = behind(place);
  }
  return true;
}

}  // namespace lintel::bridge::links
