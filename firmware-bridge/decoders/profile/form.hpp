#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/profile/key_table.hpp"
#include "firmware-bridge/decoders/profile/pattern.hpp"
#include "firmware-bridge/decoders/profile/time_format.hpp"

/// The compiled form of a profile: what the JSON of a profile says, with every text looked at once. What
/// each field means to the author of a profile stands in firmware-bridge/profiles/profile.schema.json.
namespace lintel::bridge::decoders::profile {

/// One step of a path into a document.
struct Step {
  enum class Kind {
    key,       ///< the member of that name
    element,   ///< the element of that number, or the member whose name is that number
    current,   ///< `#`: the element with the number of the innermost item, for parallel lists
    composed,  ///< a member whose name is `key`, the text of the item's group, and `tail`
  };
  Kind kind = Kind::key;
  std::string key{};
  std::size_t number = 0;  ///< of the element, or of the group
  std::string tail{};
};

/// Containers that items can be nested in.
inline constexpr std::size_t kMaxLevels = 4;

/// Paths from the top of the document lead to the same place for every item. So many of a profile are
/// numbered, and walked once a document; what is beyond is walked each time.
inline constexpr std::size_t kMaxPlaces = 32;
inline constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);

/// Where a value comes from.
struct Ref {
  enum class Of { path, key, index, group, topic, topic_part, payload, text_part, link, retained };
  Of of = Of::path;
  bool from_document = false;  ///< path: from the top of the document, else from an item
  std::size_t up = 0;          ///< `../`: how many items further out
  std::vector<Step> steps{};
  std::size_t place = kNoPlace;  ///< path: number of this place, which the same path has everywhere
  std::size_t number = 0;        ///< of the part or group
  std::string written{};         ///< as the profile has it
};

/// A text with values in it: literal, value, literal, value ...
struct Template {
  struct Part {
    std::string literal;
    std::optional<Ref> value;  ///< follows the literal
  };
  std::vector<Part> parts;
};

/// What a value may be asked.
struct Test {
  enum class Ask { present, absent, one_of, none_of, matches, below, at_least };
  Ask ask = Ask::present;
  std::vector<std::string> values{};  ///< one_of, none_of: scalars as text
  std::optional<Pattern> pattern{};
  double number = 0;           ///< below, at_least
  std::optional<Ref> other{};  ///< below, at_least: the number is this value
};

struct Condition {
  std::vector<Ref> subject;  ///< spellings, the first that is there
  std::vector<Test> tests;   ///< all must hold
};

/// Any of these sets of conditions, all of whose conditions hold; none at all holds always.
using Where = std::vector<std::vector<Condition>>;

/// A value and how it is made fit for use.
struct Source {
  std::vector<Ref> from{};       ///< spellings, the first that is there
  std::optional<Template> text;  ///< instead of `from`
  std::optional<Pattern> match;  ///< what of its text counts: group 1, or all of it
  std::optional<Ref> list;       ///< `from` is looked for in the one element of this list ...
  std::optional<Ref> by;         ///< ... where this is one of `names`
  std::optional<Ref> columns;    ///< `from` is a row, and the value stands below the column of `names`; these
                                 ///< are the elements of this list, or the keys of this object
  std::vector<std::string> names;
  std::string ChannelMap::*channel = nullptr;  ///< instead of `names`, where the installation says it
  double scale = 1;
  bool optional = false;
  [[nodiscard]] std::string written() const;
};

struct TimeSource {
  Source source;
  std::vector<TimeFormat> formats;
  bool utc = false;              ///< a time without zone is UTC
  std::optional<Source> offset;  ///< the zone of a time without one, as text
  std::optional<Source> summer;  ///< whether an hour is to be added to `offset`
  std::optional<Source> compared;
  std::int64_t compared_seconds = 0;  ///< how far apart the two may be
};

struct Window {
  std::optional<TimeSource> from;
  std::optional<TimeSource> to;
  std::optional<Source> seconds;  ///< its length, where one end is not stated
};

/// Which of two answers a value is.
struct Choice {
  Source source;
  std::vector<Test> first;   ///< in, occupied, connected
  std::vector<Test> second;  ///< out, vacant, disconnected
};

struct Flag {
  Template text;
  Where where;
};

/// Items are what a block looks at: the whole document, or what stands in a list or object of it.
struct Level {
  enum class Over { list, members, keys };
  Over over = Over::list;
  Ref container;
  std::optional<Pattern> keys;  ///< keys: members whose names match, told apart by their groups
  bool optional = false;
};

struct Statement {
  Where where;
  Kind kind = Kind::total;
  std::optional<Source> sensor;
  std::optional<Source> line;
  std::optional<Source> region;
  std::optional<Source> count_in;
  std::optional<Source> count_out;
  std::optional<Source> occupancy;
  std::optional<Source> count;  ///< in the direction that `direction` or the channel map tells
  std::optional<Choice> direction;
  std::optional<Source> channel;  ///< what the installation calls `in` or `out` of a line
  std::optional<Choice> presence;
  std::optional<TimeSource> time;
  std::optional<Window> window;
  std::vector<Flag> flags;
  std::optional<Source> repeat_key;
};

struct Report {
  Where where;
  std::optional<Source> sensor;
  std::optional<Source> battery_percent;
  std::optional<Source> battery_mv;
  std::optional<Source> signal_dbm;
  std::optional<Source> uptime_seconds;
  std::optional<Source> firmware;
  std::optional<Choice> connected;
  std::optional<Choice> tampered;
  std::vector<Flag> faults;
};

/// All that looks at the same items, so that they are walked once.
struct Group {
  std::vector<Level> levels;
  std::string written;  ///< the levels as the profile has them; equal texts are one group
  std::vector<Statement> statements;
  std::vector<Report> reports;
  std::vector<Where> ignored;
};

/// Regular expressions tried in turn on one text, and the names of their groups.
struct TextParts {
  std::vector<Pattern> patterns;
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> slots;  ///< per pattern and group: index into `names`, or kNoSlot
  static constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);
};

/// Which keys of a document anybody asks for.
struct Keys {
  KeyTable names;
  KeyTable in_order;  ///< of these objects the order of the members counts
  bool all = false;   ///< members are walked by names that nobody knows before
};

struct Form {
  enum class Payload { json, text, either };
  std::string name;
  std::string summary;
  std::string source;  ///< documents that the format is known from
  Payload payload = Payload::json;
  bool lines = false;
  TextParts topic;
  TextParts text;
  std::vector<Ref> unwrap;
  bool batch = false;
  std::vector<Group> groups;  ///< the first has no levels: it looks at the whole document
  /// Of what the first group ignores, that which asks nothing of the payload: it holds also where that
  /// cannot be read. Indices into its `ignored`.
  std::vector<std::size_t> ignored_unseen;
  bool recognisable = true;
  Where recognised;
  Keys keys;
};

}  // namespace lintel::bridge::decoders::profile
