#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gateway/config/link_file.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

void check_ca(const LinkFile& file, const Settings& settings, const Link& link) {
  const auto* entry = settings.entry("ca_file");
  if (entry == nullptr || entry->value.empty()) return;
  if (const auto text = read_text(link.ca_file); !text) file.problem(*entry, text.error());
  if (link.url.starts_with("mqtt://"))
    file.problem(*entry, "the connection is not encrypted, use an url with mqtts://");
}

void read_subscriptions(const LinkFile& file, const Settings& settings, Link& link) {
  for (const auto& entry : file.part().entries) {
    // Also where the topic is wrong: both are to be told at once.
    const auto gap = entry.value.find_first_of(" \t");
    if (entry.key == "subscribe" && gap != std::string::npos)
      file.check_decoder(entry, entry.value.substr(0, gap));
  }
  std::map<std::string, const Entry*, std::less<>> seen;
  for (const auto& entry : settings.entries("subscribe")) {
    auto wanted = subscription(entry.value);
    if (!wanted) continue;
    const auto [first, fresh] = seen.emplace(wanted->topic, &entry);
    if (!fresh)
      file.problem(entry, fmt::format("{} is subscribed already in {}", wanted->topic, first->second->where));
    link.subscriptions.push_back(std::move(*wanted));
  }
}

void read_mqtt(const LinkFile& file, const Settings& settings, Link& link) {
  file.demand(settings, "url", "mqtt://192.168.1.10:1883");
  for (const auto& entry : settings.entries("discover")) link.discover.push_back(entry.value);
  if (link.discover.empty()) file.demand(settings, "subscribe", "milesight-vs125 counters/+/telemetry");
  link.url = broker_url(settings.text("url")).value_or("");
  link.client_id = settings.text("client_id");
  link.user = settings.text("user");
  link.password = file.secret(settings, "password");
  link.ca_file = settings.path("ca_file");
  link.journal = settings.path("journal");
  if (link.user.empty()) {
    if (const auto* entry = settings.entry("password"); entry != nullptr) {
      file.report().problems.push_back(entry->label + ": a password needs a user, add user = NAME");
    } else if (const auto* in_file = settings.entry("password_file");
               in_file != nullptr && !link.password.empty()) {
      file.problem(*in_file, "a password needs a user, add user = NAME");
    }
  }
  check_ca(file, settings, link);
  read_subscriptions(file, settings, link);
}

/// One type of link: its word in the file, its keys, and who reads them.
struct LinkType {
  std::string_view name;
  Link::Type type;
  std::span<const Key> (*keys)();
  void (*read)(const LinkFile&, const Settings&, Link&);
};

constexpr std::array kTypes = {
    LinkType{"mqtt", Link::Type::mqtt, mqtt_keys, read_mqtt},
    LinkType{"serial", Link::Type::serial, serial_keys, read_serial},
    LinkType{"modbus", Link::Type::modbus, modbus_keys, read_modbus},
    LinkType{"http", Link::Type::http, http_keys, read_http},
    LinkType{"poll", Link::Type::poll, poll_keys, read_poll},
};

bool states(const Part& part, std::string_view key) {
  return std::any_of(part.entries.begin(), part.entries.end(),
                     [&](const Entry& entry) { return entry.key == key; });
}

/// A link without a readable type is taken for the kind its other keys speak of, so that they are checked
/// too.
const LinkType& type_of(const LinkFile& file) {
  const auto& part = file.part();
  for (const auto& entry : part.entries) {
    if (entry.key != "type") continue;
    const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&](const LinkType& type) { return type.name == entry.value; });
    if (found != kTypes.end()) return *found;
  }
  if (!states(part, "type")) {
    file.problem(
        "type is missing, add type = mqtt, type = serial, type = modbus, type = http or type = poll");
  }
  if (states(part, "device")) return states(part, "units") ? kTypes[2] : kTypes[1];
  if (states(part, "auth")) return states(part, "url") ? kTypes[4] : kTypes[3];
  return kTypes[0];
}

/// Leaves out, with a problem, the keys of other types: they deserve more than "no such key".
std::vector<Entry> own_entries(const LinkFile& file, const LinkType& own) {
  std::vector<Entry> kept;
  for (const auto& entry : file.part().entries) {
    std::string owners;
    for (const auto& type : kTypes) {
      if (find_key(type.keys(), "", entry.key) == nullptr) continue;
      owners += fmt::format("{}type = {}", owners.empty() ? "" : " or ", type.name);
    }
    if (owners.empty() || find_key(own.keys(), "", entry.key) != nullptr) {
      kept.push_back(entry);
    } else {
      file.report().problems.push_back(
          fmt::format("{}: belongs to links of {}, this one is type = {}", entry.label, owners, own.name));
    }
  }
  return kept;
}

/// The stem becomes part of sensor identities ("link:NAME"), of the default client id and of addresses.
void check_name(const LinkFile& file, const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (name.empty() || name.size() > 60 || !std::all_of(name.begin(), name.end(), fits)) {
    file.problem("the file's name is the link's name: rename it to at most 60 letters, digits, - and _");
  }
}

}  // namespace

std::optional<Link> read_link(const Part& part, const Vocabulary& vocabulary, Report& report) {
  const auto before = report.problems.size();
  const LinkFile file(part, vocabulary, report);
  Link link;
  link.file = part.file;
  link.name = part.file.stem().string();
  check_name(file, link.name);
  const auto& type = type_of(file);
  link.type = type.type;
  warn_of_open_secrets(part, type.keys(), report);
  Settings settings(type.keys(), report);
  settings.add(own_entries(file, type));
  type.read(file, settings, link);
  return report.problems.size() == before ? std::optional(std::move(link)) : std::nullopt;
}

}  // namespace lintel::config
