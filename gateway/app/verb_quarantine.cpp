#include <algorithm>
#include <charconv>
#include <ostream>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr std::string_view kOptions[] = {"--config",  "--set",  "--json",    "--link",
                                         "--decoder", "--with", "--dry-run", "--limit"};
constexpr std::string_view kForms[] = {"list", "show", "replay"};
constexpr std::size_t kReasonsShown = 20;

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

/// Bytes as they are where they are text, else in hex.
json payload_of(const std::string& payload) {
  const bool text = std::none_of(payload.begin(), payload.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F;
  });
  if (text) return {{"text", payload}};
  std::string hex;
  for (const char c : payload) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return {{"hex", hex}};
}

json to_json(const store::Quarantined& frame, bool whole) {
  json result{{"id", frame.id},
              {"received", frame.received ? json(format_utc(*frame.received)) : json(nullptr)},
              {"link", frame.link},
              {"topic", frame.topic},
              {"decoder", frame.decoder},
              {"kind", frame.kind},
              {"reason", frame.reason},
              {"bytes", frame.payload.size()},
              {"parts_removed", frame.removed},
              {"partly_counted", frame.counted != "[]"}};
  if (whole) result["payload"] = payload_of(frame.payload);
  return result;
}

Result<std::vector<store::Quarantined>> look(const config::Config& config,
                                             const store::QuarantineFilter& filter, std::size_t limit) {
  const auto file = store::database_path(config.state_dir);
  auto db = cli::open_database(config);
  if (!db) return tl::unexpected(db.error());
  try {
    return store::find_quarantined(*db, filter, 0, limit, true);
  } catch (const store::SqliteError& error) {
    return fail(ErrorKind::corrupt,
                fmt::format("cannot read the database {}: {}", file.string(), error.message));
  }
}

struct Words {
  store::QuarantineFilter filter;
  std::optional<std::string> with;
  std::size_t limit = 50;
  bool as_json = false;
  bool dry_run = false;
};

Result<std::int64_t> number(const std::string& word, const char* what) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error == std::errc() && end == word.data() + word.size() && value > 0) return value;
  return fail(ErrorKind::misconfigured,
              fmt::format("{} is no {}: expected a number, see `lintel quarantine list`", word, what));
}

Result<Words> read_words(std::vector<std::string> rest) {
  Words words;
  words.as_json = std::erase(rest, "--json") > 0;
  words.dry_run = std::erase(rest, "--dry-run") > 0;
  auto link = take_option(rest, "--link"), decoder = take_option(rest, "--decoder"),
       with = take_option(rest, "--with"), limit = take_option(rest, "--limit");
  for (const auto* option : {&link, &decoder, &with, &limit}) {
    if (!*option) return tl::unexpected(option->error());
  }
  words.filter.link = *link;
  words.filter.decoder = *decoder;
  words.with = *with;
  if (*limit) {
    const auto wanted = number(**limit, "limit");
    if (!wanted) return tl::unexpected(wanted.error());
    words.limit = static_cast<std::size_t>(*wanted);
  }
  for (const auto& word : rest) {
    if (word.starts_with("--")) return tl::unexpected(cli::unexpected_argument(word, kOptions));
    const auto id = number(word, "id");
    if (!id) return tl::unexpected(id.error());
    words.filter.ids.push_back(*id);
  }
  return words;
}

int list(const config::Config& config, const Words& words, std::ostream& out, std::ostream& err) {
  const auto frames = look(config, words.filter, words.limit);
  if (!frames) return cli::refuse(frames.error(), err);
  if (words.as_json) {
    auto all = json::array();
    for (const auto& frame : *frames) all.push_back(to_json(frame, false));
    out << dump(all) << '\n';
    return cli::kOk;
  }
  if (frames->empty()) {
    out << "Quarantine holds nothing" << (words.filter.link || words.filter.decoder ? " of that.\n" : ".\n");
    return cli::kOk;
  }
  out << fmt::format("{:>7} {:<20} {:<12} {:<11} {}\n", "ID", "RECEIVED", "LINK", "KIND", "TOPIC");
  for (const auto& frame : *frames) {
    out << fmt::format("{:>7} {:<20} {} {:<11} {}\n        {}\n", frame.id,
                       frame.received ? format_utc(*frame.received).substr(0, 19) + "Z" : "?",
                       fitted(frame.link, 12), frame.kind, fitted(frame.topic, 25), fitted(frame.reason, 72));
  }
  return cli::kOk;
}

int show(const config::Config& config, const Words& words, std::ostream& out, std::ostream& err) {
  if (words.filter.ids.empty()) {
    return cli::refuse({ErrorKind::misconfigured, "say which: lintel quarantine show ID"}, err);
  }
  const auto frames = look(config, words.filter, words.filter.ids.size());
  if (!frames) return cli::refuse(frames.error(), err);
  if (frames->empty()) {
    return cli::refuse({ErrorKind::rejected,
                        "quarantine holds no such frame: it was replayed, or newer ones took its place"},
                       err);
  }
  for (const auto& frame : *frames) {
    const auto all = to_json(frame, true);
    if (words.as_json) {
      out << dump(all) << '\n';
      continue;
    }
    for (const char* key : {"id", "received", "link", "topic", "decoder", "kind", "reason", "bytes"}) {
      out << fmt::format("{:<10} {}\n", key,
                         all[key].is_string() ? all[key].get<std::string>() : all[key].dump());
    }
    if (frame.removed > 0)
      out << fmt::format("{} parts of it were not kept: pictures or personal data\n", frame.removed);
    if (all["partly_counted"] == true) out << "parts of it were counted\n";
    for (const auto& [kind, text] : all["payload"].items()) {
      out << fmt::format("\n{}\n", text.get<std::string>());
    }
  }
  return cli::kOk;
}

std::string plural(std::int64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

void tell(const json& sum, bool dry_run, std::ostream& out) {
  const auto n = [&](const char* key) { return sum[key].get<std::int64_t>(); };
  if (n("frames") == 0) {
    out << "Quarantine holds no such frame.\n";
    return;
  }
  if (dry_run) out << "Nothing was changed. A replay now would come to this:\n";
  out << fmt::format("{} of {} understood\n", n("understood"), plural(n("frames"), "frame"));
  out << fmt::format("  {} added\n  {} already there\n", plural(n("added"), "reading"),
                     plural(n("already"), "reading"));
  if (n("covered") > 0) {
    out << fmt::format(
        "  {} inside what newer totals or windows have counted, or the\n"
        "  first total of a series, which is only its baseline\n",
        plural(n("covered"), "statement"));
  }
  const auto& left = sum["left"];
  if (!left.empty())
    out << fmt::format("{} still not understood, and kept:\n",
                       plural(static_cast<std::int64_t>(left.size()), "frame"));
  for (std::size_t i = 0; i < std::min(left.size(), kReasonsShown); ++i) {
    out << fmt::format("{:>7} {}\n", left[i].value("id", 0),
                       fitted(left[i].value("reason", std::string()), 72));
  }
  if (left.size() > kReasonsShown)
    out << fmt::format("        and {} more, see --json\n", left.size() - kReasonsShown);
}

/// In batches, so that the writer goes on counting in between.
int replay(const config::Config& config, const Words& words, std::ostream& out, std::ostream& err) {
  json request{{"ids", words.filter.ids}, {"dry_run", words.dry_run}, {"after", 0}};
  if (words.filter.link) request["link"] = *words.filter.link;
  if (words.filter.decoder) request["decoder"] = *words.filter.decoder;
  if (words.with) request["with"] = *words.with;
  json sum{{"frames", 0},  {"understood", 0}, {"added", 0},
           {"already", 0}, {"covered", 0},    {"left", json::array()}};
  for (;;) {
    const auto answer = carry_out(config, "quarantine-replay", request);
    if (!answer) return cli::refuse(answer.error(), err);
    for (const char* key : {"frames", "understood", "added", "already", "covered"}) {
      sum[key] = sum[key].get<std::int64_t>() + (*answer)[key].get<std::int64_t>();
    }
    for (const auto& left : (*answer)["left"]) sum["left"].push_back(left);
    if ((*answer)["next"].is_null()) break;
    request["after"] = (*answer)["next"];
  }
  if (words.as_json) {
    out << dump(sum) << '\n';
  } else {
    tell(sum, words.dry_run, out);
  }
  return sum["left"].empty() ? cli::kOk : cli::kProblem;
}

}  // namespace

int quarantine(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const auto form = rest.empty() || rest.front().starts_with("--") ? std::string("list") : rest.front();
  if (!rest.empty() && rest.front() == form) rest.erase(rest.begin());
  const auto words = read_words(std::move(rest));
  if (std::find(std::begin(kForms), std::end(kForms), form) == std::end(kForms)) {
    return cli::refuse({ErrorKind::misconfigured, fmt::format("lintel quarantine does not know {}, {}", form,
                                                              config::suggest(form, kForms))},
                       err);
  }
  if (!words) return cli::refuse(words.error(), err);
  if (form == "list") return list(*config, *words, out, err);
  return form == "show" ? show(*config, *words, out, err) : replay(*config, *words, out, err);
}

}  // namespace lintel::app
