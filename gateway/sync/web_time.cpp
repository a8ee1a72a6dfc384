#include "gateway/sync/web_time.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

#include <curl/curl.h>
#include <fmt/format.h>

#include "gateway/sync/verify_time.hpp"

namespace lintel::sync {

namespace {

using namespace std::chrono_literals;

constexpr Millis kDateTells{1000};
constexpr std::chrono::milliseconds kFirstPause{2'000}, kLongestPause{300'000};
constexpr std::chrono::milliseconds kLook{1'000};
constexpr BootTime kRefreshEvery = 6h;

struct Date {
  const std::function<BootTime()>& boot_now;
  std::optional<UtcMs> time;
  BootTime at{};
};

std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* into) {
  constexpr std::string_view kName = "date:";
  auto& date = *static_cast<Date*>(into);
  const std::string line(bytes, count);
  const bool named =
      std::equal(kName.begin(), kName.end(), line.begin(),
                 line.begin() + static_cast<std::ptrdiff_t>(std::min(count, kName.size())),
                 [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
  if (!named) return count;
  const auto seconds = curl_getdate(line.c_str() + kName.size(), nullptr);
  if (seconds > 0) date.time = utc_ms(static_cast<std::int64_t>(seconds) * 1000);
  date.at = date.boot_now();
  return count;
}

int on_progress(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stop)->load(std::memory_order_relaxed) ? 1 : 0;
}

std::size_t ignore(char*, std::size_t, std::size_t count, void*) {
  return count;
}

Millis round_trip(CURL* curl) {
  curl_off_t asked = 0, answered = 0;
  curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &asked);
  curl_easy_getinfo(curl, CURLINFO_STARTTRANSFER_TIME_T, &answered);
  return std::chrono::ceil<Millis>(std::chrono::microseconds{std::max<curl_off_t>(answered - asked, 0)});
}

void prepare(CURL* curl, const std::string& url, const HttpOptions& options, const std::atomic<bool>& stop) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  // What a proxy says of the time is not what the server says.
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  // A resumed session would show no certificate.
  curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.client_cert.empty() && !why_not_private(options.client_key)) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.client_cert.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.client_key.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "lintel/" LINTEL_VERSION);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stop));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

bool is_https(std::string_view url) {
  return url.starts_with("https://");
}

}  // namespace

Result<WebTime> ask_time(const std::string& base, const HttpOptions& options, UtcMs build_date,
                         const std::function<BootTime()>& boot_now, const std::atomic<bool>& stop) {
  const auto url = shown_url(base);  // no user, no password, no query
  if (!is_https(url)) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} cannot tell the time: without https:// anybody could answer in its place", url));
  }
  start_curl();
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return fail(ErrorKind::transient, "libcurl could not be started");
  prepare(curl.get(), url, options, stop);
  KeptChain chain;
  const VerifyChain undated = [&](x509_store_ctx_st* shown) {
    const int trusted = verify_chain_undated(shown);
    if (trusted == 1) chain.keep(shown);
    return trusted;
  };
  if (!verify_chains_with(curl.get(), undated)) {
    return fail(ErrorKind::misconfigured,
                "this libcurl is not built on OpenSSL: HQ cannot be asked for the time");
  }
  Date date{boot_now, {}, {}};
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &date);

  if (const auto code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return fail(ErrorKind::transient,
                fmt::format("{} did not tell the time: {}", url, curl_easy_strerror(code)));
  }
  if (!date.time) return fail(ErrorKind::rejected, fmt::format("{} answers without a Date", url));
  if (*date.time < build_date) {
    return fail(ErrorKind::rejected,
                fmt::format("{} says that it is {}, which is before this software was made", url,
                            format_utc(*date.time)));
  }
  if (const auto why = chain.refusal_at(*date.time)) {
    return fail(ErrorKind::rejected,
                fmt::format("{} says that it is {}, and its own certificate is not good at that time: {}",
                            url, format_utc(*date.time), *why));
  }
  // The Date was cut to the second, and written somewhere on the way of the question.
  const Millis asking = round_trip(curl.get());
  return WebTime{*date.time + kDateTells / 2, date.at - asking / 2, kDateTells / 2 + asking};
}

WebClock::WebClock(std::string url, HttpOptions options, UtcMs build_date, Surroundings surroundings)
    : url_(std::move(url)),
      options_(std::move(options)),
      build_date_(build_date),
      surroundings_(std::move(surroundings)) {}

WebClock::~WebClock() {
  stop();
}

void WebClock::start() {
  if (is_https(url_)) thread_ = std::thread([this] { run(); });
}

void WebClock::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WebClock::run() {
  while (!stop_) {
    const auto wanted = surroundings_.wanted();
    const bool stale = surroundings_.boot_now() - answered_ >= kRefreshEvery;
    if (wanted == Wanted::yes || (wanted == Wanted::refresh && stale)) ask();
    if (wanted == Wanted::no) pause_ = {};
    if (!wait(std::max(pause_, kLook))) return;
  }
}

void WebClock::ask() {
  const auto answer = ask_time(url_, options_, build_date_, surroundings_.boot_now, stop_);
  if (stop_) return;
  if (answer) {
    answered_ = answer->at;
    pause_ = kFirstPause;  // the writer needs a moment to take it in
    trouble_.clear();
    surroundings_.told(*answer);
    return;
  }
  pause_ = std::min(std::max(2 * pause_, kFirstPause), kLongestPause);
  if (answer.error().message == trouble_) return;
  trouble_ = answer.error().message;
  surroundings_.log(trouble_);
}

bool WebClock::wait(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  return !wakeup_.wait_for(lock, pause, [this] { return stop_.load(); });
}

}  // namespace lintel::sync
