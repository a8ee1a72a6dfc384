#include "gateway/status/hosts.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lintel::status {

namespace {

constexpr auto kLookAgainAfter = std::chrono::seconds{5};

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return host_of(name.data());
}

std::string in_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  } else if (address->sa_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  }
  if (bytes == nullptr || ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

/// The same address in one spelling; other text as it is.
std::string canonical(const std::string& host) {
  in6_addr bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto plain = host.substr(0, host.find('%'));
  if (::inet_pton(AF_INET6, plain.c_str(), &bytes) != 1) return host;
  ::inet_ntop(AF_INET6, &bytes, text.data(), text.size());
  const std::string result(text.data());
  constexpr std::string_view kMapped = "::ffff:";
  return result.starts_with(kMapped) && result.find('.') != std::string::npos ? result.substr(kMapped.size())
                                                                              : result;
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

}  // namespace

std::string host_of(std::string_view header) {
  std::string host;
  if (header.starts_with('[')) {
    host = header.substr(1, std::min(header.find(']'), header.size()) - 1);
  } else {
    host = header.substr(0, header.find(':'));
  }
  if (host.ends_with('.')) host.pop_back();
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return host;
}

HostList::HostList(const std::vector<std::string>& configured) : names_{"localhost", "127.0.0.1", "::1"} {
  if (const auto name = machine_name(); !name.empty()) {
    const auto first = name.substr(0, name.find('.'));
    names_.insert(names_.end(), {name, first, first + ".local"});
  }
  for (const auto& host : configured) names_.push_back(canonical(host_of(host)));
}

void HostList::look_at_interfaces() {
  looked_ = Clock::now();
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return;
  addresses_.clear();
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr != nullptr) addresses_.push_back(in_text(entry->ifa_addr));
  }
  ::freeifaddrs(list);
}

bool HostList::allows(std::string_view header, std::string_view reached) {
  const auto host = canonical(host_of(header));
  if (host.empty()) return false;
  if (contains(names_, host) || host == canonical(std::string(reached))) return true;
  if (looked_ == Clock::time_point{} || Clock::now() - looked_ > kLookAgainAfter) look_at_interfaces();
  return contains(addresses_, host);
}

}  // namespace lintel::status
