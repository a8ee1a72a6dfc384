#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lintel::store {

class Database;

/// A payload as quarantine may keep it.
struct Redacted {
  std::string payload;
  std::size_t removed = 0;  ///< parts replaced by a marker
  bool emptied = false;     ///< nothing but a marker is left: the counts went as well
};

/// Replaces what is nobody's business and no count: images, long base64 texts, hardware addresses of phones,
/// Wi-Fi and Bluetooth scans, and whatever stands under a name like face, ssid or plate. Each becomes
/// "[removed N bytes, #HASH]", a string where a string or a list was, so that a frame in which these parts
/// do not matter decodes as before. Equal parts get equal hashes in one store and no other: `salt`, a UUID,
/// is that store's own.
///
/// The text need not be sound JSON or XML: what brought it here is often that it is not. The device's own
/// address stays, because it is what the device is called: one at the outermost levels, under a name that
/// speaks of the device, or in `topic`. Base64 of up to 512 bytes stays: network servers wrap counts in it.
/// Binary payloads over 4 KB are not kept at all, those below are some counter's packet. Takes time in
/// proportion to the payload.
Redacted redact(std::string_view payload, std::string_view topic, std::string_view salt);

/// The salt of the store whose database this is.
std::string redaction_salt(Database& db);

}  // namespace lintel::store
