#pragma once

#include <filesystem>

namespace lintel::store {

/// Opens a file of the state directory for reading and writing, and makes it (mode 0640) where there is none.
/// What root makes there, by a verb of the command line, becomes the directory's owner's, or the gateway,
/// which runs as somebody else, could not use it. -1 and errno where it cannot be opened.
int open_for_owner(const std::filesystem::path& file);

}  // namespace lintel::store
