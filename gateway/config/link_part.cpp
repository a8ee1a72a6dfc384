#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/parts.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

class LinkReader {
 public:
  LinkReader(const Part& part, const Vocabulary& vocabulary, Report& report)
      : part_(part), vocabulary_(vocabulary.decoders.begin(), vocabulary.decoders.end()), report_(report) {}

  std::optional<Link> read() {
    const auto before = report_.problems.size();
    Link link;
    link.file = part_.file;
    link.name = part_.file.stem().string();
    check_name(link.name);
    link.type = type();
    const bool mqtt = link.type == Link::Type::mqtt;
    Settings settings(mqtt ? mqtt_keys() : serial_keys(), report_);
    settings.add(own_entries(mqtt));
    if (mqtt) {
      read_mqtt(settings, link);
    } else {
      read_serial(settings, link);
    }
    return report_.problems.size() == before ? std::optional(std::move(link)) : std::nullopt;
  }

 private:
  void problem(const std::string& text) {
    report_.problems.push_back(fmt::format("{}: {}", part_.name, text));
  }
  void problem(const Entry& entry, const std::string& text) {
    report_.problems.push_back(fmt::format("{} = \"{}\": {}", entry.label, entry.value, text));
  }

  /// The stem becomes part of sensor identities ("link:NAME") and of the default client id.
  void check_name(const std::string& name) {
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_' || c == '.';
    };
    if (name.empty() || name.size() > 60 || !std::all_of(name.begin(), name.end(), fits)) {
      problem("the file's name is the link's name: rename it to at most 60 letters, digits, - and _");
    }
  }

  /// A link without a readable type is taken for the kind its other keys speak of, so that they are checked
  /// too.
  Link::Type type() {
    for (const auto& entry : part_.entries) {
      if (entry.key == "type" && entry.value == "mqtt") return Link::Type::mqtt;
      if (entry.key == "type" && entry.value == "serial") return Link::Type::serial;
    }
    const auto states = [&](std::string_view key) {
      return std::any_of(part_.entries.begin(), part_.entries.end(),
                         [&](const Entry& entry) { return entry.key == key; });
    };
    if (!states("type")) problem("type is missing, add type = mqtt or type = serial");
    return states("device") ? Link::Type::serial : Link::Type::mqtt;
  }

  /// Leaves out, with a problem, the keys of the other type: they deserve more than "no such key".
  std::vector<Entry> own_entries(bool mqtt) {
    std::vector<Entry> own;
    for (const auto& entry : part_.entries) {
      const bool known = find_key(mqtt ? mqtt_keys() : serial_keys(), "", entry.key) != nullptr;
      const bool foreign = find_key(mqtt ? serial_keys() : mqtt_keys(), "", entry.key) != nullptr;
      if (known || !foreign) {
        own.push_back(entry);
      } else {
        report_.problems.push_back(fmt::format("{}: belongs to links of type = {}, this one is type = {}",
                                               entry.label, mqtt ? "serial" : "mqtt",
                                               mqtt ? "mqtt" : "serial"));
      }
    }
    return own;
  }

  void demand(const Settings& settings, std::string_view key, std::string_view example) {
    if (settings.mentioned(key)) return;
    problem(fmt::format("{} is missing, for example: {} = {}", key, key, example));
  }

  void check_decoder(const Entry& entry, const std::string& name) {
    if (std::find(vocabulary_.begin(), vocabulary_.end(), name) != vocabulary_.end()) return;
    problem(entry, fmt::format("no decoder is called {}, {}", name, suggest(name, vocabulary_)));
  }

  void read_mqtt(const Settings& settings, Link& link) {
    demand(settings, "url", "mqtt://192.168.1.10:1883");
    for (const auto& entry : settings.entries("discover")) link.discover.push_back(entry.value);
    if (link.discover.empty()) demand(settings, "subscribe", "milesight-vs125 counters/+/telemetry");
    link.url = broker_url(settings.text("url")).value_or("");
    link.client_id = settings.text("client_id");
    link.user = settings.text("user");
    link.password = settings.text("password");
    link.ca_file = settings.path("ca_file");
    read_password_file(settings, link);
    if (const auto* entry = settings.entry("password"); entry != nullptr && link.user.empty()) {
      report_.problems.push_back(entry->label + ": a password needs a user, add user = NAME");
    }
    check_ca(settings, link);
    read_subscriptions(settings, link);
  }

  void read_password_file(const Settings& settings, Link& link) {
    const auto* entry = settings.entry("password_file");
    if (entry == nullptr || entry->value.empty()) return;
    if (settings.mentioned("password")) return problem(*entry, "password is stated too, keep one of the two");
    const auto path = settings.path("password_file");
    const auto file = read_text(path);
    if (!file) return problem(*entry, file.error());
    // Only the line end goes: a password may begin or end with a blank.
    link.password = file->text.substr(0, file->text.find_first_of("\r\n"));
    if (link.password.empty()) return problem(*entry, "its first line is empty, it has to hold the password");
    if (link.user.empty()) problem(*entry, "a password needs a user, add user = NAME");
    if (file->world_readable) {
      report_.warnings.push_back(
          fmt::format("{} = \"{}\": everybody on this machine can read it, chmod o-r {}", entry->label,
                      entry->value, path.string()));
    }
  }

  void check_ca(const Settings& settings, const Link& link) {
    const auto* entry = settings.entry("ca_file");
    if (entry == nullptr || entry->value.empty()) return;
    if (const auto file = read_text(link.ca_file); !file) problem(*entry, file.error());
    if (link.url.starts_with("mqtt://"))
      problem(*entry, "the connection is not encrypted, use an url with mqtts://");
  }

  void read_subscriptions(const Settings& settings, Link& link) {
    for (const auto& entry : part_.entries) {
      // Also where the topic is wrong: both are to be told at once.
      const auto gap = entry.value.find_first_of(" \t");
      if (entry.key == "subscribe" && gap != std::string::npos)
        check_decoder(entry, entry.value.substr(0, gap));
    }
    std::map<std::string, const Entry*, std::less<>> seen;
    for (const auto& entry : settings.entries("subscribe")) {
      auto wanted = subscription(entry.value);
      if (!wanted) continue;
      const auto [first, fresh] = seen.emplace(wanted->topic, &entry);
      if (!fresh)
        problem(entry, fmt::format("{} is subscribed already in {}", wanted->topic, first->second->where));
      link.subscriptions.push_back(std::move(*wanted));
    }
  }

  void read_serial(const Settings& settings, Link& link) {
    demand(settings, "device", "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0");
    demand(settings, "decoder", "st-vl53l1x-arduino-lines");
    link.device = settings.path("device");
    link.baud = static_cast<unsigned>(whole_number(settings.text("baud"), 0, UINT32_MAX, "", "").value_or(0));
    link.format = settings.text("format");
    link.decoder = settings.text("decoder");
    if (const auto* entry = settings.entry("decoder")) check_decoder(*entry, link.decoder);
    const auto tty = link.device.filename().string();
    if (link.device.parent_path() == "/dev" && (tty.starts_with("ttyUSB") || tty.starts_with("ttyACM"))) {
      report_.warnings.push_back(
          fmt::format("{} = \"{}\": this name may change when adapters are replugged, choose "
                      "one from /dev/serial/by-id or /dev/serial/by-path",
                      settings.entry("device")->label, link.device.string()));
    }
  }

  const Part& part_;
  std::vector<std::string_view> vocabulary_;
  Report& report_;
};

}  // namespace

std::optional<Link> read_link(const Part& part, const Vocabulary& vocabulary, Report& report) {
  return LinkReader(part, vocabulary, report).read();
}

}  // namespace lintel::config
