#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/place.hpp"

namespace lintel::bridge::decoders {

/// An element by its local name, without namespace or prefix, which firmware versions change at will.
/// Attributes, comments and processing instructions are not kept.
struct XmlElement {
  std::string name;
  std::string text;  ///< directly inside, references resolved, without blanks around it
  std::vector<XmlElement> children{};
};

/// Parses a whole XML text; the element returned is its root. What a hostile or broken sender could do is
/// refused as one reject in `out`: more than 1 MiB, nesting deeper than 32, more than 20,000 elements, 64
/// attributes or a name of more than 128 bytes, a document type (and with it every entity but the five of
/// XML itself), an encoding other than UTF-8, ISO-8859-1 and ASCII, bytes that are not XML, a text cut off.
std::optional<XmlElement> parse_xml(std::string_view bytes, Decoded& out);

/// The first child of that name; null when there is none or `parent` is null.
const XmlElement* child(const XmlElement* parent, std::string_view name);

/// The text of that child, empty when there is none or it holds no text.
std::string_view text_of(const XmlElement* parent, std::string_view name);

/// Whether no two children of `parent`, which stands at `place`, share this name; otherwise a reject (which
/// of both counts?).
bool states_once(const XmlElement& parent, std::string_view name, const Place& place, Decoded& out);

/// Reads a number of people from the text of an element at `place`: whole, not negative, not above `max`.
/// Otherwise nothing, and a reject.
std::optional<std::int64_t> read_count(const XmlElement& value, const Place& place, std::int64_t max,
                                       Decoded& out);

}  // namespace lintel::bridge::decoders
