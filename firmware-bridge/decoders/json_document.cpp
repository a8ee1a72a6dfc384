#include "firmware-bridge/decoders/json_document.hpp"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxValues = 100'000;
constexpr std::size_t kMaxOrdered = 256;  ///< members of an object that is kept in order
constexpr double kExactDouble =
    9007199254740992.0;  // 2^53: above, a double no longer tells whole numbers apart

/// Builds the document from the parser's events. The library's own builder neither limits depth, nor
/// notices repeated keys, nor leaves out what nobody asks for, which is most of a message. Texts are copied
/// and not moved: the parser reads the next one into the memory that it has.
class TreeBuilder {
 public:
  TreeBuilder(std::size_t size, KeyFilter wanted) : size_(size), wanted_(wanted) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const Json::string_t&) { return put(value); }
  bool string(const Json::string_t& value) { return put(value); }
  bool binary(Json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(Json::value_t::object); }
  bool start_array(std::size_t) { return open(Json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(const Json::string_t& name) {
    if (skipped_depth_ > 0) return true;
    if (innermost().in_order) return pair(name);
    const KeyFilter::Keep keep = wanted_(name);
    skip_next_ = keep == KeyFilter::Keep::no;
    order_next_ = keep == KeyFilter::Keep::in_order;
    if (skip_next_) return true;
    const auto [place, fresh] = innermost().value->get_ref<Json::object_t&>().try_emplace(name);
    slot_ = &place->second;
    return fresh || twice(place->first);
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    position_ = position;
    if (position > size_)
      return fail(RejectKind::length, fmt::format("the JSON text is cut off after {} bytes", size_));
    return fail(RejectKind::integrity, fmt::format("not JSON at byte {} of {}", position, size_));
  }

  Json take_document() { return std::move(root_); }
  JsonFailure take_failure() { return {std::move(failure_), position_}; }

 private:
  struct Open {
    Json* value;
    bool in_order;  ///< an object, kept as a list of pairs
  };

  Open& innermost() { return open_[depth_ - 1]; }

  template <class T>
  bool put(T&& value) {
    if (skips()) return true;
    order_next_ = false;
    if (++values_ > kMaxValues)
      return fail(RejectKind::sanity, fmt::format("more than {} values in one message", kMaxValues));
    if (depth_ == 0) {
      last_ = &(root_ = Json(std::forward<T>(value)));
    } else if (auto* list = innermost().value->get_ptr<Json::array_t*>(); list && !innermost().in_order) {
      last_ = &list->emplace_back(std::forward<T>(value));
    } else {
      last_ = &(*slot_ = Json(std::forward<T>(value)));
    }
    return true;
  }

  /// Whether the value that comes now is left out.
  bool skips() { return skipped_depth_ > 0 || std::exchange(skip_next_, false); }

  bool open(Json::value_t type) {
    if (depth_ + skipped_depth_ >= kMaxDepth)
      return fail(RejectKind::sanity, fmt::format("nested deeper than {} levels", kMaxDepth));
    if (skips()) {
      ++skipped_depth_;
      return true;
    }
    const bool in_order = std::exchange(order_next_, false) && type == Json::value_t::object;
    if (!put(in_order ? Json::value_t::array : type)) return false;
    open_[depth_++] = {last_, in_order};
    return true;
  }

  bool pair(const std::string& name) {
    auto& pairs = innermost().value->get_ref<Json::array_t&>();
    if (pairs.size() >= kMaxOrdered)
      return fail(RejectKind::sanity, fmt::format("more than {} members where order counts", kMaxOrdered));
    for (const Json& known : pairs)
      if (known[0].get_ref<const std::string&>() == name) return twice(name);
    auto& both = pairs.emplace_back(Json::array_t(2)).get_ref<Json::array_t&>();
    both[0] = name;
    slot_ = &both[1];
    return true;
  }

  bool twice(const std::string& name) {
    return fail(RejectKind::integrity, "the key " + excerpt(name) + " is stated twice in one object");
  }

  bool close() {
    if (skipped_depth_ > 0) {
      --skipped_depth_;
    } else {
      --depth_;
    }
    return true;
  }

  bool fail(RejectKind kind, std::string message) {
    failure_ = {kind, std::move(message)};
    return false;
  }

  std::size_t size_;
  KeyFilter wanted_;
  std::size_t values_ = 0;
  Json root_;
  Json* slot_ = nullptr;              ///< where the value of the key just read belongs
  Json* last_ = nullptr;              ///< the value kept last
  std::array<Open, kMaxDepth> open_;  ///< containers begun and not ended, outermost first
  std::size_t depth_ = 0;             ///< how many these are
  bool skip_next_ = false;
  bool order_next_ = false;        ///< the value that comes is kept in order, if it is an object
  std::size_t skipped_depth_ = 0;  ///< containers begun inside a value that is left out, itself included
  Reject failure_;
  std::size_t position_ = 0;
};

}  // namespace

tl::expected<Json, JsonFailure> parse_json(std::string_view bytes, KeyFilter wanted) {
  const std::string_view text = trim(bytes);
  if (text.size() > kMaxBytes) {
    Reject reject{RejectKind::length, fmt::format("{} bytes are too long for a message: the limit is {}",
                                                  text.size(), kMaxBytes)};
    return tl::unexpected(JsonFailure{std::move(reject), kMaxBytes});
  }
  TreeBuilder builder(text.size(), wanted);
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return builder.take_document();
  JsonFailure failure = builder.take_failure();
  if (!text.empty()) failure.position += static_cast<std::size_t>(text.data() - bytes.data());
  return tl::unexpected(std::move(failure));
}

std::optional<Json> parse_json(std::string_view bytes, KeyFilter wanted, Decoded& out) {
  auto document = parse_json(bytes, wanted);
  if (document) return std::move(*document);
  out.rejects.push_back(std::move(document.error().reject));
  return std::nullopt;
}

const Json* member(const Json* value, std::string_view key) {
  if (value == nullptr) return nullptr;
  const auto* object = value->get_ptr<const Json::object_t*>();
  if (object == nullptr) return nullptr;
  const auto found = object->find(key);
  return found == object->end() || found->second.is_null() ? nullptr : &found->second;
}

std::optional<std::int64_t> whole_number(const Json& value) {
  if (const auto* natural = value.get_ptr<const Json::number_unsigned_t*>()) {
    if (*natural > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(*natural);
  }
  if (const auto* integer = value.get_ptr<const Json::number_integer_t*>()) return *integer;
  if (const auto* real = value.get_ptr<const Json::number_float_t*>()) {
    if (std::abs(*real) >= kExactDouble || *real != std::floor(*real)) return std::nullopt;
    return static_cast<std::int64_t>(*real);
  }
  if (const auto* text = value.get_ptr<const Json::string_t*>()) return whole_number(std::string_view(*text));
  return std::nullopt;
}

std::optional<std::int64_t> read_count(const Json& value, const Place& place, std::int64_t max,
                                       Decoded& out) {
  const auto number = whole_number(value);
  if (number && *number >= 0 && *number <= max) return number;
  const auto shown = value.is_structured()
                         ? std::string(value.is_array() ? "a list" : "an object")
                         : excerpt(value.dump(-1, ' ', true, Json::error_handler_t::replace));
  reject(out, RejectKind::sanity, place,
         fmt::format("expected a whole number from 0 to {}, found {}", max, shown));
  return std::nullopt;
}

std::optional<std::string> name_of(const Json* value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->get_ptr<const Json::string_t*>()) {
    return is_name(*text) ? std::optional(*text) : std::nullopt;
  }
  const auto number = whole_number(*value);
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

}  // namespace lintel::bridge::decoders
