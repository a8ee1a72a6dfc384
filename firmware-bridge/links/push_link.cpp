#include "firmware-bridge/links/push_link.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "firmware-bridge/links/http_fields.hpp"
#include "firmware-bridge/links/push_upload.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPrefix = "/ingest/";
/// A sender that was not told that its message is kept repeats it within this time, or not at all.
constexpr auto kRepeatsWithin = 10min;
constexpr std::size_t kMostExpected = 1024;
constexpr auto kTroubleLasts = 10min;
/// Between two lines of the log on refused senders, so that nobody can fill it.
constexpr auto kLogPause = 1min;
/// After the first, so many pictures are one line of the log.
constexpr std::uint64_t kPicturesALine = 1000;

std::size_t mark_of(std::string_view topic, std::string_view payload) {
  const std::hash<std::string_view> hash;
  return hash(payload) ^ (hash(topic) * 31 + payload.size());
}

UploadAnswer wrong_type(std::string text) {
  return {415, std::move(text), {}};
}

/// The length that a request states; nothing in chunks.
std::optional<std::uint64_t> stated_length(const UploadHead& head) {
  const auto field = head.field("Content-Length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), length);
  if (field.empty() || error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return length;
}

/// "a/b?x=1" of "/a/b?x=1": as topics are written elsewhere.
std::string topic_of(std::string_view below) {
  if (below.starts_with('/')) below.remove_prefix(1);
  return std::string(below);
}

}  // namespace

PushLink::PushLink(Options options, FrameSink& sink, Commits& commits)
    : options_(std::move(options)),
      sink_(sink),
      commits_(commits),
      auth_(options_.credentials, options_.clock) {
  state_.name = options_.name;
  state_.type = "http";
}

LinkState PushLink::state() const {
  const std::lock_guard lock(mutex_);
  auto state = state_;
  // A stranger who tried once is no reason to worry anybody for ever.
  if (refused_at_ && options_.clock() - *refused_at_ > kTroubleLasts) state.trouble.clear();
  if (!listen_trouble_.empty()) state.trouble = listen_trouble_;
  return state;
}

void PushLink::listening(bool yes, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  state_.up = yes;
  listen_trouble_ = trouble;
}

tl::expected<std::unique_ptr<Upload>, UploadAnswer> PushLink::begin(const UploadHead& head,
                                                                    std::string_view below,
                                                                    FailureLimit& limit) {
  const auto outcome = auth_.check(head, below);
  if (outcome != PushAuth::Outcome::pass) {
    if (outcome == PushAuth::Outcome::wrong) limit.failed(head.peer);
    note_refusal(head.peer, outcome);
    return tl::make_unexpected(auth_.refusal(outcome));
  }
  if (auto no = objection(head)) return tl::make_unexpected(std::move(*no));
  const auto type = media_type(head.field("Content-Type"));
  return std::make_unique<PushUpload>(shared_from_this(), topic_of(below), head.peer, type.boundary);
}

/// What speaks against a request of somebody who may send.
std::optional<UploadAnswer> PushLink::objection(const UploadHead& head) const {
  if (head.method != "POST" && head.method != "PUT") {
    return UploadAnswer{405, "Messages are sent here by POST or PUT.\n", {{"Allow", "POST, PUT"}}};
  }
  const auto coding = head.field("Content-Encoding");
  const auto transfer = head.field("Transfer-Encoding");
  const bool plain = (coding.empty() || same_word(coding, "identity")) &&
                     (transfer.empty() || same_word(transfer, "chunked"));
  if (!plain) return wrong_type("Compressed messages are not taken: switch compression off.\n");
  const auto type = media_type(head.field("Content-Type"));
  if (type.picture()) return wrong_type("A picture alone counts nobody: pictures are not kept.\n");
  if (type.multipart() && (type.boundary.empty() || type.boundary.size() > 200)) {
    return UploadAnswer{400, "The multipart message states no boundary that can be used.\n", {}};
  }
  const auto most = type.multipart() ? options_.multipart_limit : options_.body_limit;
  if (stated_length(head).value_or(0) > most) {
    return UploadAnswer{413, fmt::format("A message may have at most {} bytes.\n", most), {}};
  }
  return std::nullopt;
}

std::optional<std::size_t> PushLink::append(const std::string& topic, std::string_view payload) {
  const auto mark = mark_of(topic, payload);
  const auto now = options_.clock();
  while (!expected_.empty() && now - expected_.front().since > kRepeatsWithin) expected_.pop_front();
  const auto repeat = std::find_if(expected_.begin(), expected_.end(),
                                   [&](const Expected& entry) { return entry.mark == mark; });
  if (repeat != expected_.end()) {
    expected_.erase(repeat);
    return mark;
  }
  Frame frame;
  frame.link = options_.name;
  frame.topic = topic;
  frame.payload = payload;
  frame.boot = options_.boot;
  frame.arrived = options_.boot_clock();
  if (!sink_.append(frame)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  ++state_.frames;
  state_.bytes += payload.size();
  return mark;
}

void PushLink::expect_again(const std::vector<std::size_t>& marks) {
  for (const auto mark : marks) {
    if (expected_.size() == kMostExpected) expected_.pop_front();
    expected_.push_back({mark, options_.clock()});
  }
}

void PushLink::note_pictures(std::uint64_t count, const std::string& peer) {
  if (count == 0) return;
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = state_.pictures;
    state_.pictures += count;
  }
  if (before != 0 && before / kPicturesALine == (before + count) / kPicturesALine) return;
  options_.log(fmt::format(
      "link {}: {} sends pictures beside its counts: they are dropped, {} so far; switch them off there",
      options_.name, peer, before + count));
}

void PushLink::note_refusal(const std::string& peer, PushAuth::Outcome outcome) {
  if (outcome == PushAuth::Outcome::stale) return;
  // Many devices ask without credentials first, to learn which are wanted: that is not worth a line.
  const bool asks = outcome == PushAuth::Outcome::missing;
  const auto text = fmt::format("{} sends {}: check user and secret in that device", peer,
                                asks ? "without credentials" : "with wrong credentials");
  const auto now = options_.clock();
  {
    const std::lock_guard lock(mutex_);
    refused_peer_ = peer;
    refused_at_ = now;
    state_.trouble = text;
    if (asks || (logged_at_ && now - *logged_at_ < kLogPause)) return;
    logged_at_ = now;
  }
  options_.log(fmt::format("link {}: {}", options_.name, text));
}

void PushLink::note_success(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  if (refused_peer_ != peer) return;
  refused_peer_.clear();
  refused_at_.reset();
  state_.trouble.clear();
}

// --- all of them -------------------------------------------------------------------------------------

void PushLinks::listening(bool yes, const std::string& trouble) {
  for (auto& [name, link] : links_) link->listening(yes, trouble);
}

std::vector<LinkState> PushLinks::states() const {
  std::vector<LinkState> all;
  for (const auto& [name, link] : links_) all.push_back(link->state());
  return all;
}

tl::expected<std::unique_ptr<Upload>, UploadAnswer> PushLinks::begin(const UploadHead& head) {
  if (const auto wait = limit_.refused(head.peer)) {
    return tl::make_unexpected(UploadAnswer{429,
                                            "Too many wrong credentials came from this address.\n",
                                            {{"Retry-After", std::to_string(wait->count())}}});
  }
  const auto rest = head.target.substr(std::min(kPrefix.size(), head.target.size()));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  const auto link = links_.find(rest.substr(0, end));
  if (!head.target.starts_with(kPrefix) || link == links_.end()) {
    return tl::make_unexpected(UploadAnswer{404, "Nothing takes messages at this address.\n", {}});
  }
  return link->second->begin(head, rest.substr(end), limit_);
}

}  // namespace lintel::bridge::links
