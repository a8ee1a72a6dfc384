#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gateway/app/pipeline.hpp"
#include "gateway/clock/store_days.hpp"
#include "tests/gateway/counting/truth/road.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test::truth {

/// What became of a message, as Pipeline::observe() tells it.
struct Traced {
  const Message* message = nullptr;
  counting::Statement statement;  ///< its views are gone
  counting::Outcome outcome;
  bool first_zero = false;  ///< the card has met nothing but zero of this device
};

/// A row of people_counting_raw.
struct Row {
  UtcMs started{};
  std::int64_t seq = 0;
  Millis duration{0};
  std::int64_t in = 0, out = 0;
  std::uint32_t flags = 0;
};

/// A row of daily_analytics with what the hours of that day add up to.
struct Day {
  std::int64_t day = 0;
  std::int64_t in = 0, out = 0, unallocated_in = 0, unallocated_out = 0, estimated_in = 0, estimated_out = 0;
  std::int64_t readings = 0;
};

/// The gateway's real decoding, counting and storing, in a real database, without threads and clocks.
class Gateway {
 public:
  /// `opening_hours` as in stores.settings; empty: nobody says.
  Gateway(const std::string& zone, int day_start_minute, const std::string& opening_hours = {});

  void take(const Arrival& arrival);
  void commit();
  /// The process dies: what was not committed is undone, and the next one takes it again from the spool.
  void die();
  /// An empty card: what was in the database is what HQ has.
  void reflash();
  /// Another device counts behind the door, and sensors.d says so.
  void swap();

  [[nodiscard]] const std::vector<Traced>& trace() const { return trace_; }
  /// All readings HQ has got: of this card and of those before.
  [[nodiscard]] std::vector<Row> rows() const;
  /// Readings of cards before that HQ has no more, because a later card told another one under their key.
  [[nodiscard]] std::vector<Row> replaced() const;
  /// Of this card alone.
  [[nodiscard]] std::vector<Row> own_rows() const;
  [[nodiscard]] std::vector<Day> days() const;
  /// Sum of count_in and count_out of the hours of a store day.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> hours_of(std::int64_t day) const;
  [[nodiscard]] std::int64_t day_of(UtcMs t) const { return days_.day(t); }
  [[nodiscard]] std::int64_t quarantined() const;

 private:
  struct Process {
    std::unique_ptr<store::Store> store;
    std::unique_ptr<counting::SeriesStates> series;
    std::unique_ptr<app::Pipeline> pipeline;
  };
  void start();
  void stop();
  void process(const Arrival& arrival);
  std::vector<Row> merge(std::vector<Row>& replaced) const;

  std::string timezone_;
  int day_start_;
  std::string opening_hours_;
  clock::StoreDays days_;
  config::Config config_;
  std::unique_ptr<TempDir> card_;
  Process life_;
  std::vector<Arrival> uncommitted_;
  std::vector<Traced> trace_;
  int device_ = 1;
  std::size_t committed_ = 0;  ///< entries of the trace
  const Message* current_ = nullptr;
  UtcMs now_{};
  std::vector<std::vector<Row>> at_hq_;  ///< of earlier cards
};

}  // namespace lintel::test::truth
