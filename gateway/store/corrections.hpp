#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/readings.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// What a person says of stored readings: those of a sensor, or of one of its lines, that begin in
/// [from, to). They get a new revision each, which reaches HQ; what was stated stays in the evidence.
struct Correction {
  enum class Action {
    swap,     ///< in is out and out is in: the device was mounted the other way round
    discard,  ///< they count nobody: the door was tested, the device was defective
    restore,  ///< they count after all
  };
  std::int64_t id = 0;
  UtcMs at{};  ///< when it was said
  std::string actor;
  std::int64_t sensor = 0;
  std::optional<std::string> line;  ///< absent: all of them
  UtcMs from{}, to{};
  Action action = Action::swap;
  std::string reason;
  UtcMs done_to{};           ///< readings that begin before have been corrected
  std::int64_t changed = 0;  ///< so many so far

  [[nodiscard]] bool finished() const { return done_to >= to; }
  [[nodiscard]] bool concerns(std::int64_t sensor, std::string_view line, UtcMs started) const;
};

const char* to_string(Correction::Action action);
std::optional<Correction::Action> action_from(std::string_view word);

/// Corrects stored readings in slices, so that counting never waits long and a kill costs nothing: how far
/// one has got is committed with what it changed. Writer thread only, inside its transaction.
class Corrections {
 public:
  static constexpr int kSlice = 500;  ///< readings at once, more only where they begin in one instant

  Corrections(Database& db, Readings& readings);

  /// Takes one up; it is carried out by advance(). Its id, done_to and changed are filled in.
  Correction add(Correction correction);
  /// Corrects one slice of the oldest that is not finished. False: there is none.
  bool advance();
  [[nodiscard]] bool unfinished() const;
  /// Applies what was said before to a reading that comes late.
  void apply(std::int64_t sensor, std::string_view line, Reading& reading) const;
  /// Reads the table anew, after a rollback.
  void load();

 private:
  void revise(const Correction& correction, UtcMs until);

  Readings& readings_;
  Statement insert_, progress_, boundary_, slice_, select_;
  std::vector<Correction> all_;
};

/// Those that concern a sensor, the oldest first. For readers.
std::vector<Correction> find_corrections(Database& db, std::int64_t sensor);

}  // namespace lintel::store
