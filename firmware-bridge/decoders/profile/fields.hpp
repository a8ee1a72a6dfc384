#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/decoders/json_document.hpp"

namespace lintel::bridge::decoders::profile {

/// Something in a profile that a person has to change.
struct Problem {
  std::string pointer;  ///< JSON pointer into the profile; empty: the profile as a whole
  std::string what;     ///< what was expected, what was found

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Everything that is wrong with one profile; the same thing is told once, and at most 50 things.
class Problems {
 public:
  void add(std::string pointer, std::string what);
  [[nodiscard]] const std::vector<Problem>& all() const { return all_; }
  [[nodiscard]] std::vector<Problem> take() { return std::move(all_); }
  [[nodiscard]] bool none() const { return all_.empty(); }

 private:
  std::vector<Problem> all_;
};

/// A value of a profile and where it stands. The value outlives it.
struct Spot {
  const Json* value = nullptr;
  std::string pointer{};

  [[nodiscard]] Spot at(std::string_view key, const Json& member) const;
  [[nodiscard]] Spot at(std::size_t index) const;
};

/// What a value is, for "found ..." in a message.
std::string shown(const Json& value);

/// Reads the members of an object and notices those that nobody asked for.
class Fields {
 public:
  /// A problem is told when the value is no object; it then has no members.
  Fields(Spot spot, Problems& problems);

  /// The member, or nothing. Every object may have a `comment`.
  std::optional<Spot> get(std::string_view key);
  /// The member, or a problem that says what it should be.
  std::optional<Spot> need(std::string_view key, std::string_view what);
  std::optional<std::string> text(std::string_view key);
  bool flag(std::string_view key);

  /// Tells of members that no call has asked for, with the nearest of those that were.
  void finish();

  [[nodiscard]] const std::string& pointer() const { return spot_.pointer; }

 private:
  Spot spot_;
  Problems& problems_;
  std::vector<std::string_view> known_{"comment"};
};

/// The elements of a list; of anything else the value itself. At most 256, else a problem.
std::vector<Spot> each(const Spot& spot, Problems& problems);

}  // namespace lintel::bridge::decoders::profile
