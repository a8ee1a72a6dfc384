#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lintel::sync {

/// Appends `text` as a JSON string. PostgreSQL's jsonb refuses a whole document for one NUL or one bad
/// UTF-8 byte, and names may come from a sensor's payload: such bytes become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends `,"key":"value"`, a further member of an object. `key` is ours and needs no care.
void append_member(std::string& out, std::string_view key, std::string_view value);

void append_number(std::string& out, std::int64_t value);

/// At least as many bytes as append_number() writes.
std::size_t number_width(std::int64_t value);

}  // namespace lintel::sync
