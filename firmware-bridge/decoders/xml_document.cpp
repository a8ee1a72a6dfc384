#include "firmware-bridge/decoders/xml_document.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include <expat.h>
#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxElements = 20'000;
constexpr std::size_t kMaxAttributes = 64;
constexpr std::size_t kMaxName = 128;

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

/// Builds the tree from the parser's events. An event that is refused stops the parser, which may still
/// report the end of the same element.
class TreeBuilder {
 public:
  explicit TreeBuilder(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
  }

  XmlElement take_document() { return std::move(root_); }
  [[nodiscard]] bool refused() const { return refused_; }
  Reject take_failure() { return std::move(failure_); }

 private:
  static TreeBuilder& self(void* data) { return *static_cast<TreeBuilder*>(data); }
  static void XMLCALL on_start(void* data, const XML_Char* name, const XML_Char** attributes) {
    self(data).start(name, attributes);
  }
  static void XMLCALL on_end(void* data, const XML_Char*) { self(data).end(); }
  static void XMLCALL on_text(void* data, const XML_Char* text, int length) {
    self(data).text({text, static_cast<std::size_t>(length)});
  }
  static void XMLCALL on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    self(data).fail(RejectKind::unsupported,
                    "a document type (DOCTYPE) is not accepted: sensors need none, attacks do");
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (refused_) return;
    std::size_t count = 0;
    while (attributes[count] != nullptr) ++count;
    name = name.substr(name.find(':') + 1);  // npos + 1 is 0: the whole name
    if (open_.size() >= kMaxDepth)
      return fail(RejectKind::sanity, fmt::format("nested deeper than {} levels", kMaxDepth));
    if (++elements_ > kMaxElements)
      return fail(RejectKind::sanity, fmt::format("more than {} elements in one message", kMaxElements));
    if (count / 2 > kMaxAttributes)
      return fail(RejectKind::sanity, fmt::format("more than {} attributes in one element", kMaxAttributes));
    if (name.size() > kMaxName)
      return fail(RejectKind::sanity, fmt::format("a name of more than {} bytes", kMaxName));
    XmlElement& element = open_.empty() ? root_ : open_.back()->children.emplace_back();
    element.name = name;
    open_.push_back(&element);
  }

  /// Elements are only ever added to the innermost open one, so that no pointer in open_ is moved.
  void end() {
    if (refused_) return;
    std::string& text = open_.back()->text;
    text = std::string(trim(text));
    open_.pop_back();
  }

  void text(std::string_view part) {
    if (!refused_) open_.back()->text += part;
  }

  void fail(RejectKind kind, std::string message) {
    failure_ = {kind, std::move(message)};
    refused_ = true;
    XML_StopParser(parser_, XML_FALSE);
  }

  XML_Parser parser_;
  XmlElement root_;
  std::vector<XmlElement*> open_;  ///< elements begun and not ended, outermost first
  std::size_t elements_ = 0;
  bool refused_ = false;
  Reject failure_;
};

bool means_cut_off(XML_Error error) {
  return error == XML_ERROR_NO_ELEMENTS || error == XML_ERROR_UNCLOSED_TOKEN ||
         error == XML_ERROR_PARTIAL_CHAR || error == XML_ERROR_UNCLOSED_CDATA_SECTION;
}

Reject syntax_error(XML_Parser parser, std::size_t size) {
  const XML_Error error = XML_GetErrorCode(parser);
  if (means_cut_off(error))
    return {RejectKind::length, fmt::format("the XML text is cut off after {} bytes", size)};
  if (error == XML_ERROR_UNKNOWN_ENCODING)
    return {RejectKind::unsupported, "the XML text is in an unknown encoding: set the device to UTF-8"};
  return {RejectKind::integrity, fmt::format("not XML at byte {} of {} ({})",
                                             std::max<XML_Index>(XML_GetCurrentByteIndex(parser), 0) + 1,
                                             size, XML_ErrorString(error))};
}

}  // namespace

std::optional<XmlElement> parse_xml(std::string_view bytes, Decoded& out) {
  bytes = trim(bytes);
  if (bytes.size() > kMaxBytes) {
    out.rejects.push_back(
        {RejectKind::length,
         fmt::format("{} bytes are too long for a message: the limit is {}", bytes.size(), kMaxBytes)});
    return std::nullopt;
  }
  if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) {
    out.rejects.push_back({RejectKind::unsupported, "the XML text is in UTF-16: set the device to UTF-8"});
    return std::nullopt;
  }
  const Parser parser(XML_ParserCreate(nullptr));
  if (!parser) {
    out.rejects.push_back({RejectKind::length, "no memory to read XML: try again with less running"});
    return std::nullopt;
  }
  TreeBuilder builder(parser.get());
  if (XML_Parse(parser.get(), bytes.data(), static_cast<int>(bytes.size()), XML_TRUE) == XML_STATUS_OK)
    return builder.take_document();
  out.rejects.push_back(builder.refused() ? builder.take_failure()
                                          : syntax_error(parser.get(), bytes.size()));
  return std::nullopt;
}

const XmlElement* child(const XmlElement* parent, std::string_view name) {
  if (parent == nullptr) return nullptr;
  const auto found = std::find_if(parent->children.begin(), parent->children.end(),
                                  [name](const XmlElement& element) { return element.name == name; });
  return found == parent->children.end() ? nullptr : &*found;
}

std::string_view text_of(const XmlElement* parent, std::string_view name) {
  const XmlElement* element = child(parent, name);
  return element == nullptr ? std::string_view{} : std::string_view(element->text);
}

bool states_once(const XmlElement& parent, std::string_view name, const Place& place, Decoded& out) {
  const auto times = std::count_if(parent.children.begin(), parent.children.end(),
                                   [name](const XmlElement& element) { return element.name == name; });
  if (times <= 1) return true;
  reject(out, RejectKind::integrity, place.at(name), "stated twice");
  return false;
}

std::optional<std::int64_t> read_count(const XmlElement& value, const Place& place, std::int64_t max,
                                       Decoded& out) {
  const auto number = whole_number(value.text);
  if (number && *number >= 0 && *number <= max) return number;
  const std::string shown = value.text.empty() ? "no text" : excerpt(value.text);
  reject(out, RejectKind::sanity, place,
         fmt::format("expected a whole number from 0 to {}, found {}", max, shown));
  return std::nullopt;
}

}  // namespace lintel::bridge::decoders
