#include "gateway/store/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

namespace {

using std::string_view;

constexpr std::size_t kLongestBinary = 4096;
constexpr std::size_t kLongestBase64 = 512;
constexpr std::size_t kAddressSize = 17;  // aa:bb:cc:dd:ee:ff
constexpr std::size_t kOwnDepth = 2;      // an object in the document: where devices introduce themselves
constexpr std::size_t kDeepest = 4096;    // levels that are told apart

/// What a name consists of, in lower case, when its value is about people or their devices.
constexpr string_view kPersonal[] = {
    "image",   "images",    "photo",  "picture",   "pictures", "snapshot",     "thumbnail",
    "face",    "faces",     "faceid", "faceimage", "plate",    "licenseplate", "ssid",
    "bssid",   "essid",     "probes", "wifi",      "wifiscan", "bluetooth",    "blescan",
    "beacons", "clientmac", "stamac", "phone",     "msisdn",   "imsi"};
constexpr string_view kOwnWords[] = {"serial", "device", "sensor", "wlan", "eui", "gateway", "node"};
constexpr string_view kImageBytes[] = {"\xFF\xD8\xFF", "\x89PNG\r\n", "GIF87a", "GIF89a"};
constexpr string_view kImageText[] = {"/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "data:image/"};

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

/// Six pairs of hex digits at the beginning of `text`, between one kind of separator.
bool is_address(string_view text) {
  if (text.size() < kAddressSize || (text[2] != ':' && text[2] != '-')) return false;
  for (std::size_t i = 0; i < kAddressSize; ++i) {
    if (i % 3 == 2 ? text[i] != text[2] : !is_hex(text[i])) return false;
  }
  return text.size() == kAddressSize || (!is_hex(text[kAddressSize]) && text[kAddressSize] != text[2]);
}

/// "Face-Image" and "face_image" are one name.
std::string plain(string_view name) {
  std::string result;
  for (const char c : name.substr(0, 64)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

bool is_personal(const std::string& name) {
  return std::find(std::begin(kPersonal), std::end(kPersonal), name) != std::end(kPersonal);
}

bool speaks_of_device(const std::string& name) {
  return std::any_of(std::begin(kOwnWords), std::end(kOwnWords),
                     [&](string_view word) { return name.find(word) != std::string::npos; });
}

bool is_base64(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=' || c == '_' ||
         c == '-' || c == '\\';  // JSON may write \/ for /
}

bool starts_image(string_view text) {
  return std::any_of(std::begin(kImageText), std::end(kImageText),
                     [&](string_view magic) { return text.starts_with(magic); });
}

/// Rewrites one payload from left to right.
class Redactor {
 public:
  Redactor(string_view text, string_view topic, string_view salt) : text_(text), topic_(topic), salt_(salt) {}

  Redacted run() {
    result_.payload.reserve(text_.size());
    while (at_ < text_.size()) step();
    return std::move(result_);
  }

  void marker(string_view part) {
    // 32 bits tell equal from different, but lead back to nobody's address.
    result_.payload +=
        fmt::format("[removed {} bytes, #{}]", part.size(), named_uuid(salt_, part).substr(0, 8));
    ++result_.removed;
  }

  Redacted take() { return std::move(result_); }

 private:
  void copy(std::size_t size) {
    result_.payload += text_.substr(at_, size);
    at_ += size;
  }

  void remove(std::size_t size) {
    marker(text_.substr(at_, size));
    at_ += size;
  }

  void step() {
    const char c = text_[at_];
    if (c == '"') return quoted();
    if (c == '{' || c == '[') {
      if (levels_.size() < kDeepest) levels_.push_back(c);
    } else if ((c == '}' || c == ']') && !levels_.empty()) {
      levels_.pop_back();
    }
    if (const auto size = image_size(); size > 0) return remove(size);
    bare();
  }

  /// Outside quotes: console lines, XML, what is left of broken JSON.
  void bare() {
    const auto rest = text_.substr(at_);
    const bool begins = at_ == 0 || !is_base64(text_[at_ - 1]);
    if (begins && is_address(rest)) {
      const auto before = text_.substr(0, at_);
      return before.ends_with("<macAddress>") || in_topic(rest) ? copy(kAddressSize) : remove(kAddressSize);
    }
    if (!begins || !is_base64(rest.front())) return copy(1);
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_base64);
    const auto size = static_cast<std::size_t>(end - rest.begin());
    if (size > kLongestBase64 || (size > 32 && starts_image(rest))) return remove(size);
    copy(1);
  }

  /// The bytes of an image: up to the next boundary of a multipart body, or the end.
  [[nodiscard]] std::size_t image_size() const {
    const auto rest = text_.substr(at_);
    const bool image = std::any_of(std::begin(kImageBytes), std::end(kImageBytes),
                                   [&](string_view magic) { return rest.starts_with(magic); });
    return image ? std::min(rest.find("\r\n--"), rest.size()) : 0;
  }

  [[nodiscard]] std::size_t end_of_string(std::size_t from) const {
    for (auto i = from + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        return i;
      }
    }
    return text_.size();
  }

  [[nodiscard]] std::size_t skip_blanks(std::size_t from) const {
    return std::min(text_.find_first_not_of(" \t\r\n", from), text_.size());
  }

  /// A name or a value.
  void quoted() {
    const auto end = end_of_string(at_);
    const auto content = text_.substr(at_ + 1, end - at_ - 1);
    const auto next = skip_blanks(std::min(end + 1, text_.size()));
    if (next < text_.size() && text_[next] == ':') {
      name_ = plain(content);
      copy(skip_blanks(next + 1) - at_);
      if (is_personal(name_)) personal_value();
      return;
    }
    copy(1);
    value(content);
    if (end < text_.size()) copy(1);
  }

  void value(string_view content) {
    if (content.empty()) return;
    const bool long_base64 =
        content.size() > kLongestBase64 && std::all_of(content.begin(), content.end(), is_base64);
    if (long_base64 || starts_image(content)) return remove(content.size());
    for (const auto end = at_ + content.size(); at_ < end;) {
      const auto rest = text_.substr(at_, end - at_);
      if (is_address(rest) && !is_own() && !in_topic(rest)) {
        remove(kAddressSize);
      } else {
        copy(is_address(rest) ? kAddressSize : 1);
      }
    }
  }

  /// Whether an address here is what the device itself is called.
  [[nodiscard]] bool is_own() const {
    if (speaks_of_device(name_)) return true;
    return levels_.size() <= kOwnDepth && std::find(levels_.begin(), levels_.end(), '[') == levels_.end();
  }

  [[nodiscard]] bool in_topic(string_view address) const {
    return topic_.find(address.substr(0, kAddressSize)) != string_view::npos;
  }

  /// Everything below a personal name goes: a string's content, a whole list or object. Numbers and words
  /// stay, they are how many faces there were, not whose.
  void personal_value() {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '"') {
      const auto end = end_of_string(at_);
      copy(1);
      if (end > at_) remove(end - at_);
      if (at_ < text_.size()) copy(1);
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      result_.payload += '"';
      remove(end_of_group() - at_);
      result_.payload += '"';
    }
  }

  [[nodiscard]] std::size_t end_of_group() const {
    std::size_t depth = 0;
    for (auto i = at_; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '"') i = end_of_string(i);
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return i + 1;
    }
    return text_.size();
  }

  string_view text_, topic_, salt_;
  std::size_t at_ = 0;
  std::vector<char> levels_;
  std::string name_;  ///< the last one met
  Redacted result_;
};

/// Control bytes that no text has.
bool is_binary(string_view payload) {
  return std::any_of(payload.begin(), payload.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n' && byte != 0x1B;
  });
}

}  // namespace

Redacted redact(string_view payload, string_view topic, string_view salt) {
  Redactor redactor(payload, topic, salt);
  // A multipart body is text around its pictures; what begins like text is judged part by part.
  const bool text = payload.starts_with("--") || payload.starts_with("{") || payload.starts_with("[") ||
                    payload.starts_with("<") || !is_binary(payload);
  if (text) return redactor.run();
  if (payload.size() > kLongestBinary || payload.starts_with(kImageBytes[0])) {
    redactor.marker(payload);
    auto result = redactor.take();
    result.emptied = true;
    return result;
  }
  return {std::string(payload), 0, false};
}

std::string redaction_salt(Database& db) {
  auto epoch = db.prepare("select epoch from writer_state");
  return epoch.step() ? std::string(epoch.text(0)) : "00000000-0000-0000-0000-000000000000";
}

}  // namespace lintel::store
