#include "firmware-bridge/links/push_upload.hpp"

#include <fmt/format.h>

#include "firmware-bridge/links/http_fields.hpp"

namespace lintel::bridge::links {

namespace {

constexpr std::size_t kMostParts = 64;

UploadAnswer cannot_keep() {
  return {503, "The message cannot be kept at the moment. Send it again.\n", {{"Retry-After", "10"}}};
}

}  // namespace

PushUpload::PushUpload(std::shared_ptr<PushLink> link, std::string topic, std::string peer,
                       const std::string& boundary)
    : link_(std::move(link)), topic_(std::move(topic)), peer_(std::move(peer)) {
  if (boundary.empty()) return;
  splitter_.emplace(MultipartSplitter::Options{boundary, link_->options_.body_limit},
                    [this](std::string_view part) {
                      kept_ += part.size();
                      if (payloads_.size() <= kMostParts && kept_ <= link_->options_.body_limit) {
                        payloads_.emplace_back(part);
                      }
                    });
}

PushUpload::~PushUpload() {
  if (!*told_) link_->expect_again(marks_);
}

std::optional<UploadAnswer> PushUpload::take(std::string_view bytes) {
  received_ += bytes.size();
  const auto& limits = link_->options_;
  if (!splitter_) {
    if (received_ > limits.body_limit) {
      return UploadAnswer{413, fmt::format("A message may have at most {} bytes.\n", limits.body_limit), {}};
    }
    if (payloads_.empty()) payloads_.emplace_back();
    payloads_.front().append(bytes);
    return std::nullopt;
  }
  if (!splitter_->feed(bytes)) return UploadAnswer{400, "The multipart message cannot be read.\n", {}};
  if (received_ > limits.multipart_limit || kept_ > limits.body_limit ||
      splitter_->parts() + splitter_->pictures() > kMostParts || splitter_->overlong() > 0) {
    return UploadAnswer{413,
                        fmt::format("A message may have at most {} bytes beside its pictures, {} with them, "
                                    "in at most {} parts.\n",
                                    limits.body_limit, limits.multipart_limit, kMostParts),
                        {}};
  }
  return std::nullopt;
}

/// What speaks against a message whose last byte is there.
std::optional<UploadAnswer> PushUpload::incomplete() {
  if (!splitter_) {
    if (payloads_.empty() || !looks_like_picture(payloads_.front())) return std::nullopt;
    return UploadAnswer{415, "A picture alone counts nobody: pictures are not kept.\n", {}};
  }
  splitter_->finish();
  if (auto refused = take({})) return refused;
  if (splitter_->begun()) return std::nullopt;
  return UploadAnswer{400, "The multipart message has no part.\n", {}};
}

std::string PushUpload::summary() const {
  const auto pictures = splitter_ ? splitter_->pictures() : 0;
  if (payloads_.empty() && pictures == 0) return "Nothing to keep: the message was empty.\n";
  if (pictures == 0) return fmt::format("Kept {}.\n", payloads_.size());
  return fmt::format("Kept {}, dropped {} that are pictures.\n", payloads_.size(), pictures);
}

void PushUpload::finish(Reply reply) {
  if (auto refused = incomplete()) {
    reply(std::move(*refused));
    return;
  }
  if (splitter_) link_->note_pictures(splitter_->pictures(), peer_);
  link_->note_success(peer_);
  for (const auto& payload : payloads_) {
    const auto mark = link_->append(topic_, payload);
    if (!mark) {
      reply(cannot_keep());
      return;
    }
    marks_.push_back(*mark);
  }
  if (payloads_.empty()) {
    reply({200, summary(), {}});
    return;
  }
  link_->commits_.when_committed([told = told_, text = summary(), reply = std::move(reply)] {
    *told = reply({200, text, {}});
  });
}

}  // namespace lintel::bridge::links
