#pragma once

#include <cstdint>

namespace lintel::bridge::links {

/// Shuts down this process's TCP connections to that port of any peer, in both directions. Paho has no
/// call that ends a connection from inside its callback without acknowledging first; this does, because
/// an acknowledgement written afterwards finds a closed socket. Returns how many there were.
int shut_down_connections_to(std::uint16_t port) noexcept;

}  // namespace lintel::bridge::links
