#include "gateway/support/secrets.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/config/keys.hpp"
#include "gateway/config/values.hpp"
#include "gateway/enrol/identity_file.hpp"

namespace lintel::support {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kShortest = 4;
constexpr std::size_t kLongestFile = 65'536;
constexpr std::size_t kLooksLikeOne = 24;
constexpr std::array<std::string_view, 6> kFileKeys = {"password_file",   "secret_file", "pin_file",
                                                       "credential_file", "client_key",  "token_file"};

std::string head_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kLongestFile, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return text;
}

bool is_secret(std::string_view key) {
  const auto among = [&](std::span<const config::Key> keys) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const config::Key& one) { return one.secret && one.name == key; });
  };
  return among(config::gateway_keys()) || among(config::mqtt_keys()) || among(config::http_keys()) ||
         among(config::poll_keys());
}

template <class Line>
void each_line(std::string_view text, const Line& line) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    line(config::trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool part_of_number(const std::string& text, std::size_t at, std::size_t size) {
  return (at > 0 && is_digit(text[at - 1])) || (at + size < text.size() && is_digit(text[at + size]));
}

}  // namespace

void Secrets::add(std::string_view secret) {
  secret = config::trim(secret);
  if (secret.size() >= kShortest) secrets_.emplace(secret);
}

/// "mqtt://user:password@host/path?token=..."
void Secrets::read_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return;
  const auto rest = url.substr(scheme + 3);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto user = rest.substr(0, at);
    add(user.substr(std::min(user.find(':') + 1, user.size())));
  }
  auto query = rest.substr(std::min(rest.find('?'), rest.size()));
  while (!query.empty()) {
    query.remove_prefix(1);
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) add(pair.substr(equals + 1));
    query.remove_prefix(end);
  }
}

void Secrets::read_file(const fs::path& file) {
  each_line(head_of(file), [this](std::string_view line) {
    if (!line.starts_with("-----")) add(line);
  });
}

void Secrets::read_line(const fs::path& folder, std::string_view line) {
  const auto equals = line.find('=');
  if (line.starts_with('#') || equals == std::string_view::npos) return;
  const auto key = config::trim(line.substr(0, equals)), value = config::trim(line.substr(equals + 1));
  if (is_secret(key)) add(value);
  if (std::find(kFileKeys.begin(), kFileKeys.end(), key) != kFileKeys.end()) read_file(folder / value);
  read_url(value);
}

void Secrets::read_configuration(const fs::path& file) {
  each_line(head_of(file), [&](std::string_view line) { read_line(file.parent_path(), line); });
}

void Secrets::read_identity(const fs::path& state_dir) {
  const enrol::IdentityFile file(state_dir);
  const auto identity = file.read();
  if (!identity) {
    // Damaged: whatever in it is as long as a secret is taken for one.
    std::string run;
    for (const char c : head_of(file.path()) + " ") {
      const bool goes_on =
          std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
      if (goes_on) {
        run += c;
        continue;
      }
      if (run.size() >= kLooksLikeOne) add(run);
      run.clear();
    }
    return;
  }
  if (identity->card) {
    for (const auto* secret : {&identity->card->enrolled, &identity->card->secret, &identity->card->next,
                               &identity->card->token_digest})
      add(*secret);
  }
  if (identity->pending) {
    add(identity->pending->token);
    add(identity->pending->secret);
  }
  if (identity->token) add(identity->token->jwt);
  if (identity->refusal) add(identity->refusal->token_digest);
}

Secrets Secrets::of(const fs::path& file, const config::Config* config) {
  Secrets all;
  if (!file.empty()) {
    all.read_configuration(file);
    all.read_file(file.parent_path() / "page_pin");
    all.read_file(file.parent_path() / "enrolment_token");
    std::error_code error;
    for (fs::directory_iterator entry(file.parent_path() / "links.d", error), end; !error && entry != end;
         entry.increment(error))
      all.read_configuration(entry->path());
  }
  if (config == nullptr) return all;
  all.add(config->hq_api_key);
  all.add(config->page_pin);
  all.read_url(config->hq_url);
  for (const auto* key_file : {&config->hq_credential_file, &config->hq_client_key})
    if (!key_file->empty()) all.read_file(*key_file);
  for (const auto& link : config->links) {
    all.add(link.password);
    all.add(link.secret);
    all.read_url(link.url);
    for (const auto& url : link.urls) all.read_url(url);
  }
  all.read_identity(config->state_dir);
  return all;
}

std::string Secrets::blotted(std::string text) const {
  for (const auto& secret : secrets_) {
    const bool number = std::all_of(secret.begin(), secret.end(), is_digit);
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      if (number && part_of_number(text, at, secret.size())) {
        at += secret.size();
        continue;
      }
      text.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  return text;
}

json Secrets::blotted(const json& document) const {
  if (document.is_string()) return blotted(document.get<std::string>());
  if (document.is_array()) {
    auto list = json::array();
    for (const auto& one : document) list.push_back(blotted(one));
    return list;
  }
  if (!document.is_object()) return document;
  auto object = json::object();
  for (const auto& [key, value] : document.items()) object[blotted(key)] = blotted(value);
  return object;
}

}  // namespace lintel::support
