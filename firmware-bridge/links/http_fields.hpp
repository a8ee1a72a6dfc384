#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge::links {

std::string lower_case(std::string_view text);
bool same_word(std::string_view a, std::string_view b);  ///< ASCII letters of both cases are equal
std::string_view trimmed(std::string_view text);         ///< without blanks and tabs at both ends

/// `key=value` and `key="quoted \" value"`, parted by `separator`; keys in lower case. Nothing for what is
/// not of that form, states a key twice, or has more than 32 of them.
std::optional<std::map<std::string, std::string, std::less<>>> parameters(std::string_view text,
                                                                          char separator);

/// A Content-Type: `multipart/mixed; boundary="x"`.
struct MediaType {
  std::string name;      ///< in lower case, without parameters; empty: none stated
  std::string boundary;  ///< of multipart types

  [[nodiscard]] bool multipart() const { return name.starts_with("multipart/"); }
  /// Pictures, films and sound: nothing a count is made of, and often people's faces.
  [[nodiscard]] bool picture() const {
    return name.starts_with("image/") || name.starts_with("video/") || name.starts_with("audio/");
  }
};
MediaType media_type(std::string_view field);

/// Whether bytes begin as files of pictures and films do, whatever they are called.
bool looks_like_picture(std::string_view bytes);

}  // namespace lintel::bridge::links
