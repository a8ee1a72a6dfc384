#include "gateway/cli/manual.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/cli/outcome.hpp"
#include "gateway/cli/usage.hpp"
#include "gateway/config/keys.hpp"

namespace lintel::cli {

namespace {

/// Text that roff prints as it is.
std::string plain(std::string_view text) {
  std::string out;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    begins_line = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '`': out += "\\(ga"; break;
      case '\'': out += "\\(aq"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default: out += c;
    }
  }
  return out;
}

/// Lines that are not to be filled.
std::string verbatim(std::string_view lines) {
  return fmt::format(".nf\n{}\n.fi\n", plain(lines));
}

std::string head(std::string_view page, int section) {
  return fmt::format(".TH {} {} \"\" \"lintel {}\" \"Lintel\"\n", plain(page), section, LINTEL_VERSION);
}

std::string entry_of(const config::Key& key) {
  auto text = fmt::format(".TP\n.B {}\n{}\n", plain(key.name), plain(key.help));
  if (!key.fallback.empty()) text += fmt::format("Default: {}.\n", plain(key.fallback));
  if (key.repeatable && key.help.find("repeated") == std::string_view::npos)
    text += "It may stand several times.\n";
  return text;
}

std::string section_of(std::string_view title, std::string_view intro, std::span<const config::Key> keys) {
  auto text = fmt::format(".SH {}\n{}\n", plain(title), plain(intro));
  std::string_view section;
  for (const auto& key : keys) {
    if (key.section != section) text += fmt::format(".SS [{}]\n", plain(key.section));
    section = key.section;
    text += entry_of(key);
  }
  return text;
}

}  // namespace

std::string manual_of_verbs(std::span<const Verb> verbs) {
  auto text =
      head("LINTEL", 1) +
      ".SH NAME\nlintel \\- gateway of a store's people\\-counting sensors\n"
      ".SH SYNOPSIS\n.B lintel\n.I VERB\n[options]\n"
      ".SH DESCRIPTION\n"
      "Lintel reads the people\\-counting sensors of a store, loses nothing, and keeps HQ\\(aqs\n"
      "database up to date. One executable is the gateway itself\n.RB ( \"lintel run\" )\nand all that\n"
      "people ask and tell it.\n.SH VERBS\n";
  for (const auto& verb : verbs) {
    text += fmt::format(".SS {}\n{}.\n.PP\n", plain(verb.name), plain(verb.summary)) + verbatim(verb.usage);
    text +=
        fmt::format(".PP\n{}\n.PP\nExample:\n.PP\n.RS\n{}.RE\n", plain(verb.help), verbatim(verb.example));
  }
  text +=
      ".SH OPTIONS OF ALL VERBS THAT READ THE CONFIGURATION\n"
      ".TP\n.BI \\-\\-config \" FILE\"\nThe configuration, else the file that the variable LINTEL_CONFIG "
      "names, "
      "else\n/etc/lintel/gateway.conf, else built\\-in defaults.\n"
      ".TP\n.BI \\-\\-set \" section.key=value\"\nOverrides one key. It may be repeated.\n"
      ".SH EXIT STATUS\n";
  for (const auto& code : exit_codes())
    text += fmt::format(".TP\n.B {}\n{}.\n", code.code, plain(code.means));
  return text +
         ".SH ENVIRONMENT\n"
         ".TP\n.B LINTEL_CONFIG\nThe configuration, where \\-\\-config does not say another.\n"
         ".TP\n.B LINTEL_SECTION_KEY\nOverrides one key: LINTEL_HQ_URL is url in [hq].\n"
         ".TP\n.B NO_COLOR\nIf it is set and not empty, nothing is coloured. Colour is used on a terminal "
         "only.\n"
         ".SH FILES\n"
         ".TP\n.I /etc/lintel/gateway.conf\nThe configuration; links.d, sensors.d and profiles.d lie beside "
         "it.\n"
         ".TP\n.I /var/lib/lintel/lintel.db\nThe database.\n"
         ".SH SEE ALSO\n.BR lintel.conf (5)\n";
}

std::string manual_of_keys() {
  return head("LINTEL.CONF", 5) +
         ".SH NAME\nlintel.conf \\- configuration of the gateway\n"
         ".SH DESCRIPTION\n"
         "Three kinds of files, each with a key and its value on a line, key = value. A line that begins "
         "with # is\na comment. An unknown key is refused with file, line and the nearest valid key.\n"
         ".PP\nWhat a file leaves out is at its default; the variable LINTEL_SECTION_KEY and the option "
         "\\-\\-set\nsection.key=value override what gateway.conf says.\n.B lintel config check\nsays what "
         "is "
         "wrong.\n" +
         section_of("gateway.conf", "Sections in brackets.", config::gateway_keys()) +
         section_of("links.d, type = mqtt", "A file for each broker; its name is the link's.",
                    config::mqtt_keys()) +
         section_of("links.d, type = serial", "A file for each serial line.", config::serial_keys()) +
         section_of("links.d, type = modbus", "A file for each RS-485 bus.", config::modbus_keys()) +
         section_of("links.d, type = http", "For devices that push.", config::http_keys()) +
         section_of("links.d, type = poll", "For devices that are asked.", config::poll_keys()) +
         section_of("sensors.d", "A file for each sensor about which there is something to say.",
                    config::sensor_keys()) +
         ".SH SEE ALSO\n.BR lintel (1)\n";
}

}  // namespace lintel::cli
