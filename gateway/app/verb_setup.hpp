#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::app {

/// `lintel provision image`: the setup file for a card, and the label for its box.
int provision_image(std::span<const std::string> args, std::ostream& out, std::ostream& err);

/// `lintel provision take FOLDER`: what a gateway does with such a file when it starts.
int provision_take(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::app
