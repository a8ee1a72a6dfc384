#include "tests/support/http_client.hpp"

#include <algorithm>
#include <memory>

#include <curl/curl.h>

namespace lintel::test {

namespace {

std::size_t add(char* bytes, std::size_t, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(bytes, count);
  return count;
}

std::size_t add_head(char* bytes, std::size_t, std::size_t count, void* text) {
  auto& head = *static_cast<std::string*>(text);
  if (std::string_view(bytes, count).starts_with("HTTP/")) head.clear();
  head.append(bytes, count);
  return count;
}

struct Source {
  const std::string* bytes;
  std::size_t at = 0;
};

std::size_t give(char* into, std::size_t size, std::size_t count, void* from) {
  auto& source = *static_cast<Source*>(from);
  const auto part = source.bytes->substr(source.at, std::min<std::size_t>(size * count, 1000));
  std::copy(part.begin(), part.end(), into);
  source.at += part.size();
  return part.size();
}

int rewind(void* from, curl_off_t offset, int) {
  static_cast<Source*>(from)->at = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

}  // namespace

HttpAnswer ask(const std::string& url, const HttpRequest& request) {
  HttpAnswer answer;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  CURL* c = curl.get();
  curl_slist* list = nullptr;
  for (const auto& line : request.headers) list = curl_slist_append(list, line.c_str());
  if (request.chunked) list = curl_slist_append(list, "Transfer-Encoding: chunked");
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(list, curl_slist_free_all);
  Source source{&request.body};
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, request.timeout_ms);
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method != "GET") {
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    if (request.chunked) {
      curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
      curl_easy_setopt(c, CURLOPT_READDATA, &source);
      curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind);
      curl_easy_setopt(c, CURLOPT_SEEKDATA, &source);
    } else {
      curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.body.data());
    }
  }
  if (request.auth != 0) {
    curl_easy_setopt(c, CURLOPT_HTTPAUTH, request.auth);
    curl_easy_setopt(c, CURLOPT_USERPWD, request.user_and_password.c_str());
  }
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, add);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, add_head);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &answer.head);
  answer.error = curl_easy_perform(c);
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace lintel::test
