#include "gateway/sync/http.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>

#include <curl/curl.h>
#include <fmt/format.h>

#include "gateway/sync/verify_time.hpp"

namespace lintel::sync {

namespace {

using Failure = Exchange::Failure;

struct Receiver {
  std::string* body;
  std::size_t limit;
  bool full = false;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& receiver = *static_cast<Receiver*>(into);
  if (receiver.body->size() + count > receiver.limit) {
    receiver.full = true;
    return CURL_WRITEFUNC_ERROR;
  }
  receiver.body->append(bytes, count);
  return count;
}

int on_progress(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stop)->load(std::memory_order_relaxed) ? 1 : 0;
}

Failure failure_of(CURLcode code, const Receiver& receiver) {
  switch (code) {
    case CURLE_OK: return Failure::none;
    case CURLE_ABORTED_BY_CALLBACK: return Failure::stopped;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Failure::bad_address;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Failure::no_name;
    case CURLE_COULDNT_CONNECT: return Failure::no_connection;
    case CURLE_OPERATION_TIMEDOUT: return Failure::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE: return Failure::tls;
    case CURLE_FILESIZE_EXCEEDED: return Failure::too_large;
    case CURLE_WRITE_ERROR: return receiver.full ? Failure::too_large : Failure::cut;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:  // our own certificate or key
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return Failure::local;
    default: return Failure::cut;
  }
}

/// With TLS 1.3 a server that wants a certificate of ours says so only after the handshake.
bool is_tls_alert(CURLcode code, std::string_view words) {
  return (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) &&
         words.find("alert") != std::string_view::npos;
}

/// The line ended in the middle of the handshake: nobody has looked at a certificate yet.
bool is_cut_handshake(CURLcode code, std::string_view words) {
  return code == CURLE_SSL_CONNECT_ERROR && words.find("SSL_ERROR_SYSCALL") != std::string_view::npos;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

HeaderList header_list(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  // Without this curl waits for "100 Continue" before a large body.
  list = curl_slist_append(list, "Expect:");
  for (const auto& line : lines) list = curl_slist_append(list, line.c_str());
  return HeaderList(list);
}

template <typename T>
T info(CURL* curl, CURLINFO what) {
  T value{};
  curl_easy_getinfo(curl, what, &value);
  return value;
}

std::string text_info(CURL* curl, CURLINFO what) {
  const auto* text = info<char*>(curl, what);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::optional<std::string> why_not_private(const std::filesystem::path& key) {
  struct stat there {};
  if (::stat(key.c_str(), &there) != 0) {
    return fmt::format("the key {} cannot be read: {}", key.string(), std::generic_category().message(errno));
  }
  if ((there.st_mode & 077) == 0) return std::nullopt;
  return fmt::format("the key {0} may be read by others: chmod 600 {0}", key.string());
}

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct Http::Handle {
  CURL* curl = curl_easy_init();
  std::array<char, CURL_ERROR_SIZE> error{};
  VerifyChain verify;
  ~Handle() { curl_easy_cleanup(curl); }
};

Http::Http(HttpOptions options, const std::atomic<bool>& stop) : options_(std::move(options)), stop_(stop) {
  start_curl();
  handle_ = std::make_unique<Handle>();
  CURL* curl = handle_->curl;
  if (curl == nullptr) return;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error.data());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.client_cert.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options_.client_cert.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options_.client_key.c_str());
  }
  if (options_.verify_at) {
    handle_->verify = [this](x509_store_ctx_st* chain) {
      return verify_chain_at(chain, options_.verify_at());
    };
    if (!verify_chains_with(curl, handle_->verify)) handle_->verify = {};  // then the machine's clock decides
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // A new connection asks for the name anew: the address of a minute ago may be the one that is dead.
  curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options_.response_limit));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "lintel/" LINTEL_VERSION);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stop_));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

Http::~Http() = default;

Exchange Http::post(const std::string& url, const std::vector<std::string>& headers, std::string_view body) {
  Exchange out;
  CURL* curl = handle_->curl;
  if (curl == nullptr) {
    out.failure = Failure::local;
    out.detail = "libcurl could not be started";
    return out;
  }
  if (const auto open = options_.client_cert.empty() ? std::nullopt : why_not_private(options_.client_key)) {
    out.failure = Failure::local;
    out.detail = *open;
    return out;
  }
  const auto list = header_list(headers);
  Receiver receiver{&out.body, options_.response_limit};
  handle_->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);

  const CURLcode code = curl_easy_perform(curl);
  out.failure = failure_of(code, receiver);
  const bool connected = info<curl_off_t>(curl, CURLINFO_PRETRANSFER_TIME_T) > 0;
  if (out.failure == Failure::timeout && !connected) out.failure = Failure::no_connection;
  if (code == CURLE_WEIRD_SERVER_REPLY || (code == CURLE_UNSUPPORTED_PROTOCOL && connected)) {
    out.failure = Failure::not_http;
  }
  if (is_tls_alert(code, handle_->error.data())) out.failure = Failure::tls;
  if (is_cut_handshake(code, handle_->error.data())) out.failure = Failure::cut;
  if (code != CURLE_OK) {
    out.detail = handle_->error[0] != '\0' ? handle_->error.data() : curl_easy_strerror(code);
  }
  out.status = info<long>(curl, CURLINFO_RESPONSE_CODE);
  out.content_type = text_info(curl, CURLINFO_CONTENT_TYPE);
  out.location = text_info(curl, CURLINFO_REDIRECT_URL);
  if (const auto seconds = info<curl_off_t>(curl, CURLINFO_RETRY_AFTER); seconds > 0) {
    out.retry_after = std::chrono::seconds{seconds};
  }
  out.sent = static_cast<std::uint64_t>(info<long>(curl, CURLINFO_REQUEST_SIZE)) +
             static_cast<std::uint64_t>(info<curl_off_t>(curl, CURLINFO_SIZE_UPLOAD_T));
  out.received = static_cast<std::uint64_t>(info<long>(curl, CURLINFO_HEADER_SIZE)) +
                 static_cast<std::uint64_t>(info<curl_off_t>(curl, CURLINFO_SIZE_DOWNLOAD_T));
  // The list and the body belong to this call.
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, nullptr);
  return out;
}

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  // The last @, not the first slash: a password that should have been escaped must not show either.
  const auto at = url.rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)).append(url.substr(at + 1));
}

}  // namespace lintel::sync
