#pragma once

#include <span>
#include <string_view>

namespace lintel::embedded {

/// A file of the source tree that is compiled into the executable.
struct File {
  std::string_view path;  ///< as listed in CMake
  std::string_view bytes;
};

std::span<const File> sqlite_migrations();  ///< schema/sqlite, in order
std::span<const File> hq_queries();         ///< schema/tools/sql
std::span<const File> web();                ///< gateway/web
std::span<const File> api();                ///< gateway/status/openapi.json
std::span<const File> setup();              ///< gateway/setup/lintel-setup.txt
std::span<const File> profiles();           ///< firmware-bridge/profiles

}  // namespace lintel::embedded
