#pragma once

#include <string>
#include <utility>

#include "gateway/enrol/steps.hpp"

namespace lintel::test {

inline constexpr const char* kGateway = "6f9d3a52-4b3e-4d3c-9d0e-1c2b3a4d5e6f";
inline constexpr const char* kStore = "0a1b2c3d-4b3e-4d3c-9d0e-1c2b3a4d5e6f";
inline constexpr const char* kToken = "3f2a90b13f2a90b13f2a90b13f2a90b1";

/// A secret of 64 digits that is one's own letter all over.
inline std::string secret(char letter) {
  return std::string(64, letter);
}

inline enrol::Moment at(BootTime since_boot, std::uint8_t boot = 1) {
  enrol::Moment moment;
  moment.boot.fill(boot);
  moment.at = since_boot;
  return moment;
}

inline enrol::Granted granted(const std::string& jwt, const std::string& store = kStore) {
  return {jwt,
          std::chrono::hours{1},
          utc_ms(1785539521000),
          kGateway,
          {store, "Main street 1", "Europe/Berlin", 0}};
}

/// A card as it is after its enrolment at `when`.
inline enrol::Identity enrolled(const enrol::Moment& when) {
  enrol::Identity identity;
  enrol::begin_enrolment(identity, kToken, secret('a'), false);
  (void)enrol::take(identity, enrol::Need::enrol, granted("first.jwt"), when);
  return identity;
}

}  // namespace lintel::test
