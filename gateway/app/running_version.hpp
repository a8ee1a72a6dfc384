#pragma once

#include <filesystem>
#include <string>

namespace lintel {

/// What HQ is told runs here: "0.1.0", on an image (cross/image) with it: "0.1.0 (lintel-generic-arm64 2.1)".
/// `os_release` as in os-release(5); its IMAGE_ID and IMAGE_VERSION say which image it is.
std::string running_version(const std::filesystem::path& os_release = "/etc/os-release");

}  // namespace lintel
