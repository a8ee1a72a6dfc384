#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/links/multipart.hpp"
#include "firmware-bridge/links/push_link.hpp"

namespace lintel::bridge::links {

/// One message on its way to a PushLink.
class PushUpload final : public Upload {
 public:
  /// `boundary` of a multipart message; empty: the body is one frame.
  PushUpload(std::shared_ptr<PushLink> link, std::string topic, std::string peer,
             const std::string& boundary);
  ~PushUpload() override;
  PushUpload(const PushUpload&) = delete;
  PushUpload& operator=(const PushUpload&) = delete;

  [[nodiscard]] std::optional<UploadAnswer> take(std::string_view bytes) override;
  void finish(Reply reply) override;

 private:
  [[nodiscard]] std::optional<UploadAnswer> incomplete();
  [[nodiscard]] std::string summary() const;

  const std::shared_ptr<PushLink> link_;
  const std::string topic_;
  const std::string peer_;
  std::optional<MultipartSplitter> splitter_;
  std::vector<std::string> payloads_;
  std::size_t kept_ = 0;
  std::size_t received_ = 0;
  std::vector<std::size_t> marks_;                              ///< of what was appended
  std::shared_ptr<bool> told_ = std::make_shared<bool>(false);  ///< the sender was told that all is kept
};

}  // namespace lintel::bridge::links
