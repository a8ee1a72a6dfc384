#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace lintel::bridge {

/// A request that brings a body, before the body was read. Views live as long as the call.
struct UploadHead {
  std::string_view method;
  std::string_view target;  ///< path and query as they came, percent-encoding included
  std::string peer;         ///< the client's address without its port
  std::function<std::string_view(std::string_view name)> field;  ///< a header field's value; empty: none
};

struct UploadAnswer {
  int status = 200;
  std::string text;                                         ///< one line for the person who set the device up
  std::vector<std::pair<std::string, std::string>> fields;  ///< header fields beside the usual ones
};

/// One body on its way in. Used by the loop's thread only. Destroyed before it answered: the client is gone
/// or was told to come again.
class Upload {
 public:
  /// False: nobody waits for the answer any more.
  using Reply = std::function<bool(UploadAnswer)>;

  virtual ~Upload() = default;
  /// The next bytes of the body. An answer ends the upload: nothing more is wanted.
  [[nodiscard]] virtual std::optional<UploadAnswer> take(std::string_view bytes) = 0;
  /// The body is complete. `reply` is called once, now or later, or never.
  virtual void finish(Reply reply) = 0;
  /// What the client is told when the reply takes too long.
  [[nodiscard]] virtual UploadAnswer late() const {
    return {503, "The message is not yet kept. Send it again.\n", {{"Retry-After", "10"}}};
  }
};

/// Takes what devices send by HTTP: the server knows requests and connections, this knows who may send what.
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  /// The answer stands for a refusal.
  [[nodiscard]] virtual tl::expected<std::unique_ptr<Upload>, UploadAnswer> begin(const UploadHead& head) = 0;
};

}  // namespace lintel::bridge
