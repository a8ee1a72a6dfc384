#include "gateway/sync/verify_time.hpp"

#include <ctime>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace lintel::sync {

namespace {

int verify(X509_STORE_CTX* chain, void* with) {
  return (*static_cast<const VerifyChain*>(with))(chain);
}

CURLcode on_context(CURL*, void* context, void* with) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), verify, with);
  return CURLE_OK;
}

std::time_t seconds(UtcMs time) {
  return static_cast<std::time_t>(count_ms(time) / 1000);
}

}  // namespace

bool verify_chains_with(CURL* curl, const VerifyChain& verify) {
  return curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, const_cast<VerifyChain*>(&verify)) == CURLE_OK;
}

int verify_chain_at(X509_STORE_CTX* chain, const std::optional<UtcMs>& at) {
  if (at) X509_STORE_CTX_set_time(chain, 0, seconds(*at));
  return X509_verify_cert(chain) == 1 ? 1 : 0;
}

int verify_chain_undated(X509_STORE_CTX* chain) {
  X509_STORE_CTX_set_flags(chain, X509_V_FLAG_NO_CHECK_TIME);
  return X509_verify_cert(chain) == 1 ? 1 : 0;
}

struct KeptChain::Parts {
  X509_STORE* store = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509) * others = nullptr;
  ~Parts() {
    sk_X509_pop_free(others, X509_free);
    X509_free(leaf);
    X509_STORE_free(store);
  }
};

KeptChain::KeptChain() = default;
KeptChain::~KeptChain() = default;

void KeptChain::keep(X509_STORE_CTX* chain) {
  auto parts = std::make_unique<Parts>();
  parts->store = X509_STORE_CTX_get0_store(chain);
  if (parts->store != nullptr) X509_STORE_up_ref(parts->store);
  parts->leaf = X509_STORE_CTX_get0_cert(chain);
  if (parts->leaf != nullptr) X509_up_ref(parts->leaf);
  parts->others = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(chain));
  parts_ = std::move(parts);
}

std::optional<std::string> KeptChain::refusal_at(UtcMs time) const {
  if (!parts_ || parts_->store == nullptr || parts_->leaf == nullptr)
    return "the server showed no certificate";
  const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> chain(X509_STORE_CTX_new(),
                                                                         X509_STORE_CTX_free);
  if (!chain || X509_STORE_CTX_init(chain.get(), parts_->store, parts_->leaf, parts_->others) != 1) {
    return "the certificate could not be checked again";
  }
  X509_STORE_CTX_set_default(chain.get(), "ssl_server");
  if (verify_chain_at(chain.get(), time) == 1) return std::nullopt;
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain.get()));
}

}  // namespace lintel::sync
