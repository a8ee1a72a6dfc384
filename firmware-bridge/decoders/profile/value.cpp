#include <algorithm>
#include <cmath>

#include "firmware-bridge/decoders/profile/scope.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: above, whole numbers can no longer be told apart

/// "5.000000" is 5: devices that print every number with the same format.
std::string_view without_zero_fraction(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point + 1 == text.size()) return text;
  return text.find_first_not_of('0', point + 1) == std::string_view::npos ? text.substr(0, point) : text;
}

/// A decimal number without exponent; nothing of what strtod would take beyond that.
std::optional<double> decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    const auto whole = whole_number(text);
    return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
  }
  const auto whole = whole_number(text.substr(0, point));
  const std::string_view digits = text.substr(point + 1, 15);
  const auto part = whole_number(digits);
  if (!whole || !part || digits.front() == '-' || text.size() > point + 16) return std::nullopt;
  const double fraction = static_cast<double>(*part) / std::pow(10, digits.size());
  return text.front() == '-' ? static_cast<double>(*whole) - fraction
                             : static_cast<double>(*whole) + fraction;
}

}  // namespace

std::optional<std::string_view> Value::text() const {
  if (is_text_) return view_;
  if (json_ == nullptr) return std::nullopt;
  const auto* text = json_->get_ptr<const Json::string_t*>();
  return text != nullptr ? std::optional<std::string_view>(*text) : std::nullopt;
}

std::optional<std::string_view> Value::scalar(std::string& room) const {
  if (const auto own = text()) return own;
  if (json_ == nullptr || json_->is_structured()) return std::nullopt;
  if (json_->is_boolean()) return json_->get<bool>() ? "true" : "false";
  const auto number = whole_number(*json_);
  room = number ? std::to_string(*number) : json_->dump();
  return room;
}

bool Value::is(std::string_view wanted) const {
  std::string room;
  const auto own = scalar(room);
  return own && *own == wanted;
}

bool Value::is_one_of(const std::vector<std::string>& texts) const {
  std::string room;
  const auto own = scalar(room);
  return own && std::any_of(texts.begin(), texts.end(), [&](const std::string& one) { return *own == one; });
}

std::optional<std::int64_t> Value::whole(double scale) const {
  if (scale != 1) {
    const auto value = number();
    if (!value || !(std::abs(*value * scale) < kExact)) return std::nullopt;
    return std::llround(*value * scale);
  }
  if (const auto own = text()) return whole_number(without_zero_fraction(trim(*own)));
  return json_ != nullptr ? whole_number(*json_) : std::nullopt;
}

std::optional<double> Value::number() const {
  if (const auto own = text()) return decimal(trim(*own));
  if (json_ == nullptr || !json_->is_number()) return std::nullopt;
  return json_->get<double>();
}

std::string Value::shown() const {
  if (!present()) return "nothing";
  if (const auto own = text()) return excerpt(*own);
  if (json_->is_structured()) return json_->is_array() ? "a list" : "an object";
  return json_->dump();
}

}  // namespace lintel::bridge::decoders::profile
