#include "gateway/app/carry_out.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "gateway/app/administration.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/cli/profiles.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/status/control.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr auto kAnswerWithin = std::chrono::seconds{30};

Result<json> alone(const config::Config& config, const std::string& verb, const json& request) {
  try {
    auto store = open_store(config);
    if (!store) return tl::unexpected(store.error());
    auto zone = clock::Zone::find((*store)->timezone());
    if (!zone) return tl::unexpected(zone.error());
    const auto decoders = cli::load_decoders(config.profiles_dir);
    const auto& registry = *decoders.registry;
    counting::SeriesStates series((*store)->db());
    Pipeline pipeline(config, **store, series, *zone,
                      [&](std::string_view name) { return registry.find(name); });
    Administration administration({config, **store, pipeline, registry});
    (*store)->begin();
    auto answer = administration.run(verb, request, machine_now());
    if (!answer) {
      (*store)->rollback();
      return answer;
    }
    while ((*store)->corrections().advance()) continue;
    series.flush();
    (*store)->commit((*store)->position(), (*store)->recent_packets(), machine_now());
    return answer;
  } catch (const store::SqliteError& error) {
    return fail(ErrorKind::corrupt,
                fmt::format("cannot change the database {}: {}",
                            store::database_path(config.state_dir).string(), error.message));
  }
}

}  // namespace

Result<json> carry_out(const config::Config& config, const std::string& verb, json request) {
  request["verb"] = verb;
  request["actor"] = user_name();
  auto answer = status::ask(status::control_path(config.state_dir), request, kAnswerWithin);
  if (answer && answer->contains("refused")) {
    return fail(answer->value("usage", false) ? ErrorKind::misconfigured : ErrorKind::rejected,
                answer->value("refused", std::string()));
  }
  if (answer || answer.error().kind != ErrorKind::misconfigured) return answer;
  return alone(config, verb, request);
}

std::string user_name() {
  const auto* user = ::getpwuid(::getuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return user == nullptr ? std::to_string(::getuid()) : user->pw_name;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (text.size() <= width) return fmt::format("{:<{}}", text, width);
  return std::string(text.substr(0, width - 2)) + "..";
}

}  // namespace lintel::app
