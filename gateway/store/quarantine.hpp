#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Why a frame could not be counted.
struct Refusal {
  std::string_view decoder;
  std::string_view kind;  ///< length, integrity, sanity, unsupported, crash
  std::string_view reason;
};

/// A frame as quarantine kept it.
struct Quarantined {
  std::int64_t id = 0;
  std::optional<UtcMs> received;
  BootId boot{};
  BootTime arrived{};
  std::string link;
  std::string topic;
  std::string decoder;
  std::string kind;
  std::string reason;
  std::string payload;
  bool retained = false;
  std::int64_t removed = 0;  ///< parts that were replaced by a marker
  std::string counted;       ///< JSON: marks of the observations in it that were counted
};

/// Which of them are meant; what is not stated does not matter.
struct QuarantineFilter {
  std::vector<std::int64_t> ids;
  std::optional<std::string> link;
  std::optional<std::string> decoder;
};

/// Frames that could not be decoded or accepted, kept with the reason and without what is personal
/// (redact.hpp): the newest of each source and link, and so many a minute that a babbling device neither
/// fills the disk nor starves the others. A source is a link and a topic. What is not kept is counted, and
/// the next kept frame of that source says how many. Writer thread only, inside its transaction.
class Quarantine {
 public:
  static constexpr std::int64_t kMostPerSource = 100;
  static constexpr std::int64_t kMostPerLink = 500;
  static constexpr std::int64_t kMostBytesPerLink = 8 << 20;
  static constexpr std::size_t kLongestPayload = 65'536;
  static constexpr std::size_t kLongestTopic = 1024;
  static constexpr std::size_t kMostSources = 2000;  ///< that budgets are kept for
  /// A device that invents a topic for each message is held by its link's budget.
  static constexpr double kPerSecond = 1, kBurst = 50;
  static constexpr double kPerSecondOfLink = 5, kBurstOfLink = 300;

  explicit Quarantine(Database& db);

  /// `counted`: marks of those observations of the frame that were counted all the same.
  void keep(const bridge::Frame& frame, const Refusal& refusal, UtcMs now, std::string_view counted = "[]");
  void load();

  /// Those meant with an id above `after`, in order of their ids, at most `limit`.
  [[nodiscard]] std::vector<Quarantined> find(const QuarantineFilter& filter, std::int64_t after,
                                              std::size_t limit);
  void remove(const Quarantined& frame);
  /// It was looked at again: what stands in its way now, and what of it has been counted meanwhile.
  void judge_again(std::int64_t id, const Refusal& refusal, std::string_view counted);

  /// Refused since the process started, kept or not.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Bucket {
    double tokens;
    BootTime refilled{};
    bool spend(BootTime at, double per_second, double burst);
  };
  struct Source {
    Bucket budget{kBurst};
    std::uint64_t left_out = 0;
    std::int64_t rows = 0;
  };
  struct Link {
    Bucket budget{kBurstOfLink};
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::map<std::string, Source, std::less<>> sources;
  };
  Source& source(Link& link, std::string_view topic);
  void forget_idle_sources();
  void trim(std::string_view name, Link& link, std::string_view topic, Source& source);
  void drop_oldest(std::string_view link_name, Link& link, std::string_view topic);

  Database& db_;
  std::string salt_;
  Statement count_, insert_, oldest_, widest_, delete_, judge_;
  std::map<std::string, Link, std::less<>> links_;
  std::size_t sources_ = 0;
  std::uint64_t refused_ = 0;
};

/// Reads a row whose columns are kQuarantineColumns.
inline constexpr std::string_view kQuarantineColumns =
    "id, received_at, boot_id, boot_ms, link, topic, decoder, kind, reason, payload, retained, removed, "
    "counted";
Quarantined quarantined(const Statement& row);

/// The same search on any connection, for those who only look. Newest first if `newest_first`.
std::vector<Quarantined> find_quarantined(Database& db, const QuarantineFilter& filter, std::int64_t after,
                                          std::size_t limit, bool newest_first = false);

}  // namespace lintel::store
