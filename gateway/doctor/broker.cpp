#include <fmt/format.h>

#include "firmware-bridge/links/mqtt_broker.hpp"
#include "gateway/doctor/examination.hpp"

namespace lintel::doctor {

namespace {

using Step = sync::Look::Step;
using nlohmann::json;

/// What the daemon says of its own connection; empty: it is up, or nobody runs.
std::string trouble_of_daemon(Examination& it, const std::string& link) {
  if (!it.running()) return {};
  for (const auto& one : it.facts()->value("links", json::array())) {
    if (one.value("name", "") == link && !one.value("up", false)) return one.value("trouble", "it is down");
  }
  return {};
}

Check of_failed_look(const std::string& name, const bridge::links::BrokerAddress& address,
                     const sync::Look& look) {
  const auto problem = [&](std::string what, std::string advice) {
    return Check{name, Outcome::problem, std::move(what), std::move(advice)};
  };
  switch (look.failed) {
    case Step::name:
      return problem(
          fmt::format("the name of the broker {} is not known here ({})", address.shown, look.detail),
          "Check url in its file in links.d, and that this network has DNS; an address in place of the "
          "name needs none.");
    case Step::connection:
      return problem(
          fmt::format("the broker {} cannot be reached ({})", address.shown, look.detail),
          "Is it running, is the port in links.d right, does a firewall stand between? On this machine: "
          "systemctl status mosquitto.");
    case Step::trust:
      if (look.subject.empty()) {
        return problem(fmt::format("no TLS with the broker {} ({})", address.shown, look.detail),
                       "Is this its port for TLS? Without TLS url begins with mqtt://. Does ca_file exist?");
      }
      return problem(
          fmt::format(
              "the certificate of the broker {} (\"{}\" by \"{}\", valid {} to {}) is not trusted: {}",
              address.shown, look.subject, look.issuer,
              look.valid_from ? format_utc(*look.valid_from).substr(0, 10) : "?",
              look.valid_until ? format_utc(*look.valid_until).substr(0, 10) : "?", look.detail),
          "Give the broker a certificate for the name that url in links.d has and that is valid now; name "
          "its "
          "authority with ca_file.");
    case Step::address:
    case Step::none: break;
  }
  return problem(fmt::format("\"{}\" is no address ({})", address.shown, look.detail),
                 "Correct url in its file in links.d.");
}

Check check_broker(Examination& it, const config::Link& link) {
  const auto name = "broker:" + link.name;
  const auto address = bridge::links::broker_address(link.url);
  sync::HttpOptions options;
  options.ca_file = link.ca_file;
  options.connect_timeout = options.total_timeout = it.patience().network;
  const auto look =
      sync::look_at_server((address.tls ? "https://" : "http://") + address.shown, options, true);
  if (look.failed != Step::none) return of_failed_look(name, address, look);
  const auto tried =
      bridge::links::try_broker({link.url, link.user, link.password, link.ca_file}, it.patience().network);
  if (!tried) {
    return {name, Outcome::problem, tried.error().message,
            tried.error().kind == ErrorKind::misconfigured
                ? "The connection itself is in order: the broker's log says more."
                : "The port is open: look at the broker's log."};
  }
  auto text = fmt::format("{} accepts {}{}", address.shown,
                          link.user.empty() ? "connections without user" : "user \"" + link.user + "\"",
                          address.tls ? ", over trusted TLS" : ", without TLS");
  if (const auto trouble = trouble_of_daemon(it, link.name); !trouble.empty()) {
    return {name, Outcome::attention, text + ", but the gateway's own connection is down: " + trouble,
            "It connects again by itself. If it stays so: does another gateway use the same client_id?"};
  }
  return {name, Outcome::ok, text, ""};
}

}  // namespace

void check_brokers(Examination& it, const Tell& tell) {
  bool any = false;
  for (const auto& link : it.config().links) {
    if (link.type != config::Link::Type::mqtt) continue;
    any = true;
    tell(check_broker(it, link));
  }
  if (!any) tell({"broker", Outcome::skipped, "no link in links.d is of type = mqtt", ""});
}

}  // namespace lintel::doctor
