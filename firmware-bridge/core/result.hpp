#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace lintel {

/// What went wrong, named by what the caller should do about it.
enum class ErrorKind {
  transient,      ///< try again later: network, lock, busy device
  rejected,       ///< the data is wrong and stays wrong: keep it, count it, show it
  corrupt,        ///< stored bytes do not say what was written: set aside, recover
  misconfigured,  ///< a person has to change something: say what and where
};

struct Error {
  ErrorKind kind;
  std::string message;  ///< what happened, to which thing, and what to try
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

/// Adds what was being done to an error of a lower layer: "context: message".
inline tl::unexpected<Error> fail(const Error& error, const std::string& context) {
  return tl::unexpected<Error>(Error{error.kind, context + ": " + error.message});
}

}  // namespace lintel
