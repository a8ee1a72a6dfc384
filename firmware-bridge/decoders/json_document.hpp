#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/place.hpp"

namespace lintel::bridge::decoders {

using Json = nlohmann::json;

/// Says which keys a decoder looks at, wherever in the document they stand. Refers to what it was made
/// from, which must outlive the call that it is passed to.
class KeyFilter {
 public:
  enum class Keep {
    no,
    yes,
    in_order,  ///< an object becomes a list of [key, value], because JSON objects forget their order
  };
  using Simple = bool (*)(std::string_view key);

  template <std::convertible_to<Simple> F>
  KeyFilter(F wanted) : simple_(wanted) {}  // NOLINT(google-explicit-constructor): a function is a filter
  /// `state` answers `Keep keep(std::string_view) const`.
  template <class T>
  requires(!std::convertible_to<T, Simple>) explicit KeyFilter(const T& state)
      : state_(&state),
        call_([](const void* of, std::string_view key) { return static_cast<const T*>(of)->keep(key); }) {}

  [[nodiscard]] Keep operator()(std::string_view key) const {
    if (simple_ != nullptr) return simple_(key) ? Keep::yes : Keep::no;
    return call_(state_, key);
  }

 private:
  Simple simple_ = nullptr;
  const void* state_ = nullptr;
  Keep (*call_)(const void*, std::string_view) = nullptr;
};

/// Why bytes are no document that is taken.
struct JsonFailure {
  Reject reject;
  std::size_t position = 0;  ///< number of the byte where that was noticed, counted from 1
};

/// Parses a whole JSON text in one pass and keeps the members whose keys `wanted` accepts; the rest is
/// checked and left out. What a hostile or broken sender could do is refused, with the place: more than
/// 1 MiB, nesting deeper than 32, more than 100,000 values, a wanted key stated twice in one object (which of
/// both counts?), bytes that are not JSON, a text cut off.
tl::expected<Json, JsonFailure> parse_json(std::string_view bytes, KeyFilter wanted);

/// The same; a failure becomes one reject in `out`.
std::optional<Json> parse_json(std::string_view bytes, KeyFilter wanted, Decoded& out);

/// The member of an object; null when it is absent, is JSON's null, or `value` is no object.
const Json* member(const Json* value, std::string_view key);

/// A whole number however it was written: 5, 5.0 or "5".
std::optional<std::int64_t> whole_number(const Json& value);

/// A number of people: whole, not negative, not above `max`. Otherwise nothing, and a reject naming `place`.
std::optional<std::int64_t> read_count(const Json& value, const Place& place, std::int64_t max, Decoded& out);

/// A line, region or device named by a text or a whole number. Otherwise nothing, without a reject.
std::optional<std::string> name_of(const Json* value);

}  // namespace lintel::bridge::decoders
