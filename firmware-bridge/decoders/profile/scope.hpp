#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"

namespace lintel::bridge::decoders::profile {

/// Something found in a frame: a JSON value, a text, or nothing. JSON's null is nothing. Views live as long
/// as the frame and its document.
class Value {
 public:
  Value() = default;
  explicit Value(const Json* json) : json_(json != nullptr && json->is_null() ? nullptr : json) {}
  explicit Value(std::string_view view) : view_(view), is_text_(true) {}
  explicit Value(std::string own)
      : own_(std::make_unique<const std::string>(std::move(own))), view_(*own_), is_text_(true) {}

  [[nodiscard]] bool present() const { return is_text_ || json_ != nullptr; }
  [[nodiscard]] const Json* json() const { return json_; }
  /// Whether its text goes when it goes.
  [[nodiscard]] bool is_own() const { return own_ != nullptr; }

  /// The text of a text; absent for numbers and all else.
  [[nodiscard]] std::optional<std::string_view> text() const;
  /// The text of any scalar: 5 is "5", true is "true". It lives in the value or, where it had to be made, in
  /// `room`.
  [[nodiscard]] std::optional<std::string_view> scalar(std::string& room) const;
  /// Whether the scalar is that text, or one of those.
  [[nodiscard]] bool is(std::string_view text) const;
  [[nodiscard]] bool is_one_of(const std::vector<std::string>& texts) const;
  /// A whole number times `scale`, however it is written: 5, 5.0, "5", "5.000000".
  [[nodiscard]] std::optional<std::int64_t> whole(double scale = 1) const;
  [[nodiscard]] std::optional<double> number() const;
  /// For messages, in quotes and at most 40 characters.
  [[nodiscard]] std::string shown() const;

 private:
  const Json* json_ = nullptr;
  std::unique_ptr<const std::string> own_;  ///< what `view_` shows, where nothing else holds it
  std::string_view view_;
  bool is_text_ = false;
};

/// Texts that patterns have taken apart.
using Parts = std::vector<std::string_view>;

/// One element of a list, one member of an object, or the document itself.
struct Item {
  const Json* value = nullptr;
  std::string_view key{};  ///< of a member
  std::size_t index = 0;
  const Level* level = nullptr;   ///< that it is an item of; null: the document
  const Parts* groups = nullptr;  ///< of the key, where the level tells items apart by them
};

/// All that a source can refer to while a frame is decoded: the frame, the document, and the items one is
/// in, the innermost last. Lives on the stack of one call of decode.
class Scope {
 public:
  Scope(const Frame& frame, const Parts& topic, const Parts& text)
      : frame_(frame), topic_(topic), text_(text) {}

  /// Begins a document; `base` is the pointer to it inside the message.
  void enter_document(const Json* document, std::string base);
  void push(const Item& item) { items_[depth_++] = item; }
  void pop() { --depth_; }
  [[nodiscard]] const Item& item() const { return items_[depth_ - 1]; }

  /// Which channels of the device make up the line in hand; null: the installation does not say.
  void use_channels(const ChannelMap* channels) { channels_ = channels; }

  [[nodiscard]] Value find(const Ref& ref) const;
  [[nodiscard]] Value first_of(const std::vector<Ref>& spellings) const;
  [[nodiscard]] Value read(const Source& source);
  [[nodiscard]] std::optional<std::string> fill(const Template& text) const;
  [[nodiscard]] bool holds(const Where& where) const;
  [[nodiscard]] bool holds(const std::vector<Test>& tests, const Value& value) const;

  /// The place of a value as a JSON pointer into the message, or as the profile writes it.
  [[nodiscard]] std::string place(const Ref& ref) const;
  [[nodiscard]] std::string place(const Source& source) const;
  /// The place of the innermost item.
  [[nodiscard]] std::string place() const;

 private:
  [[nodiscard]] const Json* walk(const Ref& ref) const;
  [[nodiscard]] const Json* walk(const Json* value, const std::vector<Step>& steps) const;
  [[nodiscard]] const Json*& known_at(std::size_t place) const;
  [[nodiscard]] const Json* step(const Json* value, const Step& step) const;
  [[nodiscard]] Value select(const Source& source);
  [[nodiscard]] Value column(const Source& source) const;
  [[nodiscard]] bool named(const Source& source, const Value& name) const;
  [[nodiscard]] bool holds(const Test& test, const Value& value) const;
  [[nodiscard]] const Item* outer(std::size_t up) const;
  [[nodiscard]] std::string composed(const Step& step) const;
  [[nodiscard]] std::string place_of_item(std::size_t depth) const;
  [[nodiscard]] std::string place_from(const Ref& ref, std::size_t depth) const;

  const Frame& frame_;
  const Parts& topic_;
  const Parts& text_;
  std::string base_;
  std::array<Item, kMaxLevels + 2> items_;  ///< the document, items, and an element of a list beside them
  std::size_t depth_ = 0;                   ///< how many of them there are
  /// By Ref::place: what is there, a null where nothing is, and no pointer where nobody has looked.
  mutable std::array<const Json*, kMaxPlaces> places_;
  mutable std::size_t places_begun_ = 0;  ///< so many of the first are in use
  const ChannelMap* channels_ = nullptr;
};

}  // namespace lintel::bridge::decoders::profile
