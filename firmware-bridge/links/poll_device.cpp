#include "firmware-bridge/links/poll_device.hpp"

#include <algorithm>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "firmware-bridge/links/http_fields.hpp"
#include "firmware-bridge/links/poll_words.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

static_assert(CURL_ERROR_SIZE <= 256);
constexpr std::size_t kKeptForUnchanged = 64U << 10;
constexpr auto kLongestFirstWait = 10'000ms;
/// A stream that lived so long was in order; its end is no failure of a kind with others.
constexpr auto kStreamWasFine = 60s;

PollAttempt attempt_of(const PollOptions& options, const std::string& url, const char* said, int code) {
  const auto target = target_of(url);
  const auto* words = said[0] != '\0' ? said : curl_easy_strerror(static_cast<CURLcode>(code));
  return {device_of(url), target.substr(0, target.find('?')), options.name, options.user, options.timeout,
          words};
}

}  // namespace

PollDevice::PollDevice(PollOptions options, FrameSink& sink, Clock::time_point now, std::mt19937& random)
    : options_(std::move(options)), sink_(sink), random_(random), curl_(curl_easy_init()) {
  state_.name = options_.name;
  state_.type = "poll";
  pages_.resize(options_.urls.size());
  // Devices that were switched on together are not asked together.
  const auto most = std::min<std::chrono::milliseconds>(options_.interval, kLongestFirstWait).count();
  due_ = now + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, most)(random_));
  prepare();
}

PollDevice::~PollDevice() {
  curl_easy_cleanup(curl_);
  curl_slist_free_all(headers_);
}

LinkState PollDevice::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void PollDevice::say(bool up, const std::string& trouble) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = state_.up != up || state_.trouble != trouble;
    state_.up = up;
    state_.trouble = trouble;
    state_.failed_cycles = up ? 0 : failures_ + 1;
  }
  if (!news) return;
  const bool well = trouble.empty();
  options_.log(fmt::format("link {}: {}", options_.name, well ? "hears " + device_of(url()) : trouble));
}

/// Whether anybody vouches for the device, so that it may be told a password.
bool PollDevice::may_talk() const {
  return !options_.urls.front().starts_with("https://") || !options_.pin.empty() || !options_.ca_file.empty();
}

/// What does not change from one request to the next; the handle remembers connection and digest nonce.
void PollDevice::prepare() {
  curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, error_.data());
  if (!may_talk()) return prepare_look(curl_, options_.urls.front(), options_.timeout);
  curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");  // devices are in the store's own network
  curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_USERAGENT, "lintel/" LINTEL_VERSION);
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  if (options_.stream) {
    const auto silence = std::chrono::ceil<std::chrono::seconds>(options_.interval).count();
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence));
    curl_easy_setopt(curl_, CURLOPT_TCP_KEEPALIVE, 1L);
  } else {
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  }
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
  if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.pin.empty()) curl_easy_setopt(curl_, CURLOPT_PINNEDPUBLICKEY, options_.pin.c_str());
  // A pinned key says more than a name that the device gave itself.
  const long vouched = options_.ca_file.empty() ? 0 : 1;
  curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYPEER, vouched);
  curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYHOST, 2 * vouched);
  prepare_credentials();
}

void PollDevice::prepare_credentials() {
  switch (options_.auth) {
    case PollAuth::none: return;
    case PollAuth::bearer:
      curl_easy_setopt(curl_, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
      curl_easy_setopt(curl_, CURLOPT_XOAUTH2_BEARER, options_.secret.c_str());
      return;
    case PollAuth::basic: curl_easy_setopt(curl_, CURLOPT_HTTPAUTH, CURLAUTH_BASIC); break;
    case PollAuth::digest: curl_easy_setopt(curl_, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST); break;
  }
  curl_easy_setopt(curl_, CURLOPT_USERNAME, options_.user.c_str());
  curl_easy_setopt(curl_, CURLOPT_PASSWORD, options_.secret.c_str());
}

void PollDevice::prepare_headers() {
  curl_slist_free_all(std::exchange(headers_, nullptr));
  const auto& page = pages_[page_];
  std::string condition;
  if (!page.modified.empty()) condition = "If-Modified-Since: " + page.modified;
  if (!page.etag.empty()) condition = "If-None-Match: " + page.etag;
  if (!page.body.empty() && !condition.empty()) headers_ = curl_slist_append(nullptr, condition.c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
}

CURL* PollDevice::begin(Clock::time_point now) {
  running_ = true;
  begun_ = now;
  if (page_ == 0) cycle_ = now;
  error_[0] = '\0';
  body_.clear();
  etag_.clear();
  modified_.clear();
  content_type_.clear();
  splitter_.reset();
  too_large_ = not_kept_ = false;
  if (may_talk()) {
    curl_easy_setopt(curl_, CURLOPT_URL, url().c_str());
    prepare_headers();
  }
  return curl_;
}

std::size_t PollDevice::on_header(char* bytes, std::size_t, std::size_t count, void* device) {
  static_cast<PollDevice*>(device)->take_header({bytes, count});
  return count;
}

void PollDevice::take_header(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // also after a challenge: what came before does not count
    etag_.clear();
    modified_.clear();
    content_type_.clear();
    return;
  }
  const auto colon = std::min(line.find(':'), line.size());
  const auto name = line.substr(0, colon);
  const auto value = std::string(trimmed(line.substr(std::min(colon + 1, line.size()))));
  if (value.size() > 512) return;
  if (same_word(name, "ETag")) etag_ = value;
  if (same_word(name, "Last-Modified")) modified_ = value;
  if (same_word(name, "Content-Type")) content_type_ = value;
}

std::size_t PollDevice::on_body(char* bytes, std::size_t, std::size_t count, void* device) {
  return static_cast<PollDevice*>(device)->take({bytes, count}) ? count : 0;
}

bool PollDevice::take(std::string_view bytes) {
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return true;  // curl drops it; the status says enough
  if (options_.stream) {
    if (!splitter_) {
      if (!begin_parts()) return false;
      say(true, {});
    }
    const auto overlong = splitter_->overlong();
    const bool readable = splitter_->feed(bytes);
    if (splitter_->overlong() > overlong) {
      say(true, fmt::format("a message of {} is longer than {} bytes and was passed over", device_of(url()),
                            options_.body_limit));
    }
    return readable && !not_kept_;
  }
  too_large_ = body_.size() + bytes.size() > options_.body_limit;
  if (too_large_) return false;
  body_ += bytes;
  return true;
}

/// Each part of a multipart answer becomes a frame; false when the answer is none.
bool PollDevice::begin_parts() {
  const auto type = media_type(content_type_);
  if (!type.multipart() || type.boundary.empty()) return false;
  splitter_ = std::make_unique<MultipartSplitter>(
      MultipartSplitter::Options{type.boundary, options_.body_limit}, [this](std::string_view part) {
        if (!not_kept_) (void)append(part);
      });
  return true;
}

bool PollDevice::append(std::string_view payload) {
  const auto topic = target_of(url());
  Frame frame;
  frame.link = options_.name;
  frame.topic = topic;
  frame.payload = payload;
  frame.boot = options_.boot;
  frame.arrived = options_.boot_clock();
  if (!sink_.append(frame)) {
    not_kept_ = true;
    return false;
  }
  const std::lock_guard lock(mutex_);
  ++state_.frames;
  state_.bytes += payload.size();
  return true;
}

void PollDevice::done(int curl_code, Clock::time_point now) {
  running_ = false;
  auto failure = judge(curl_code);
  if (splitter_) {
    const std::lock_guard lock(mutex_);
    state_.pictures += splitter_->pictures();
  }
  if (failure) return fail_with(*failure, now);
  say(true, {});
  failures_ = 0;
  next(now);
}

std::optional<PollDevice::Failure> PollDevice::judge(int curl_code) {
  if (!may_talk()) return unknown_key(curl_code);
  const auto device = device_of(url());
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  if (not_kept_) return Failure{fmt::format("what {} says cannot be kept at the moment", device)};
  if (too_large_) {
    return Failure{fmt::format("the answer of {} is longer than {} bytes: ask it for less", device,
                               options_.body_limit)};
  }
  if (status != 0 && (curl_code == CURLE_OK || status != 200)) {
    if (auto refused = judge_status()) return refused;
  }
  if (options_.stream && status == 200 && !splitter_) {
    return Failure{
        fmt::format("{} answers, but not with a stream of messages (it is \"{}\"): is the url that "
                    "of its alert stream?",
                    device, content_type_)};
  }
  if (options_.stream && splitter_ && curl_code != CURLE_OPERATION_TIMEDOUT) {
    return Failure{fmt::format("the stream of {} ended{}; connecting again", device,
                               splitter_->inside_part() ? " in the middle of a message" : "")};
  }
  if (options_.stream && splitter_) {
    return Failure{fmt::format("the stream of {} fell silent; connecting again", device)};
  }
  if (curl_code != CURLE_OK) {
    return Failure{explain_curl(attempt_of(options_, url(), error_.data(), curl_code), curl_code)};
  }
  return keep_answer();
}

std::optional<PollDevice::Failure> PollDevice::judge_status() {
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200 || (status == 304 && !pages_[page_].body.empty())) return std::nullopt;
  const char* location = nullptr;
  curl_easy_getinfo(curl_, CURLINFO_REDIRECT_URL, &location);
  return Failure{explain_status(attempt_of(options_, url(), error_.data(), 0), status,
                                location == nullptr ? "" : location),
                 status == 401 || status == 403};
}

/// An unchanged answer is news of the device all the same: it says again what it said before.
std::optional<PollDevice::Failure> PollDevice::keep_answer() {
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  auto& page = pages_[page_];
  const auto device = device_of(url());
  if (status == 304) {
    body_ = page.body;
  } else {
    page = {etag_, modified_, body_.size() <= kKeptForUnchanged ? body_ : std::string()};
  }
  const auto type = media_type(content_type_);
  if (status == 200 && (type.picture() || looks_like_picture(body_))) {
    return Failure{fmt::format("{} answers with a picture, which counts nobody: is the url right?", device)};
  }
  if (begin_parts()) {
    splitter_->feed(body_);
    splitter_->finish();
    page = {};
  } else if (!body_.empty()) {
    (void)append(body_);
  }
  if (not_kept_) return Failure{fmt::format("what {} says cannot be kept at the moment", device)};
  return std::nullopt;
}

PollDevice::Failure PollDevice::unknown_key(int curl_code) {
  const auto attempt = attempt_of(options_, options_.urls.front(), error_.data(), curl_code);
  if (curl_code != CURLE_OK) return {explain_curl(attempt, curl_code)};
  if (const auto key = key_seen(curl_)) return {explain_first_contact(attempt, *key)};
  return {attempt.device + " shows no certificate that can be read"};
}

/// The device's other URLs at once, then a pause until the interval is over.
void PollDevice::next(Clock::time_point now) {
  page_ = (page_ + 1) % options_.urls.size();
  due_ = page_ != 0 ? now : std::max(now, cycle_ + options_.interval);
}

void PollDevice::fail_with(const Failure& failure, Clock::time_point now) {
  if (splitter_ && splitter_->begun() && now - begun_ > kStreamWasFine) failures_ = 0;
  say(false, failure.what);
  auto pause = options_.first_pause * (1 << std::min(failures_, 10));
  if (!options_.stream) pause = std::max<std::chrono::milliseconds>(pause, options_.interval);
  pause = std::min(pause, std::max(options_.longest_pause, options_.interval));
  if (failure.refused) pause = std::max(pause, options_.refused_pause);
  curl_off_t asked = 0;
  curl_easy_getinfo(curl_, CURLINFO_RETRY_AFTER, &asked);
  pause = std::max(pause,
                   std::min<std::chrono::milliseconds>(std::chrono::seconds{asked}, options_.longest_pause));
  ++failures_;
  page_ = 0;
  due_ = now + spread(pause);
}

std::chrono::milliseconds PollDevice::spread(std::chrono::milliseconds time) {
  const auto tenth = time.count() / 10;
  return time +
         std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(-tenth, tenth)(random_));
}

}  // namespace lintel::bridge::links
