// The daemon's faces: verbs of the command line, and the page with what people may do there.
#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "gateway/app/boots.hpp"
#include "gateway/app/daemon.hpp"
#include "gateway/app/log.hpp"
#include "gateway/app/open_store.hpp"

namespace lintel::app {

namespace {

/// The command line is to end with the code that fits the kind of error.
nlohmann::json refusal_of(const Error& error) {
  return {{"refused", error.message}, {"usage", error.kind == ErrorKind::misconfigured}};
}

}  // namespace

status::ControlServer::Verbs Daemon::control_verbs() {
  status::ControlServer::Verbs verbs;
  verbs["status"] = [this](const nlohmann::json&, const status::ControlServer::Reply& reply) {
    reply(status::to_json(facts()));
  };
  verbs["sync-now"] = [this](const nlohmann::json&, const status::ControlServer::Reply& reply) {
    sync_.wake();
    reply(nlohmann::json::object());
  };
  verbs["evidence-flush"] = [this](const nlohmann::json&, const status::ControlServer::Reply& reply) {
    const auto done = [reply] { reply(nlohmann::json::object()); };
    if (!evidence_) return done();
    writer_.post([](store::Database&, UtcMs) {}, [this, done] { evidence_->flush(done); });
  };
  // What changes something runs on the writer thread, and is answered once it is durable.
  for (const auto verb : Administration::verbs()) {
    verbs[std::string(verb)] = [this, verb](const nlohmann::json& request,
                                            const status::ControlServer::Reply& reply) {
      auto answer = std::make_shared<Result<nlohmann::json>>(nlohmann::json(nullptr));
      writer_.post([this, verb, request, answer](
                       store::Database&, UtcMs at) { *answer = administration_.run(verb, request, at); },
                   [answer, reply] { reply(*answer ? **answer : refusal_of(answer->error())); });
    };
  }
  return verbs;
}

Result<void> Daemon::open_faces() {
  auto control =
      status::ControlServer::open(loop_, status::control_path(config_.state_dir), control_verbs(), {});
  if (!control) return tl::unexpected(control.error());
  control_ = std::move(*control);
  if (config_.listen.empty()) return {};

  auto reader = store::Database::open(store::database_path(config_.state_dir), store::OpenMode::reader);
  if (!reader) return tl::unexpected(reader.error());
  status::Runtime runtime;
  runtime.limits = {config_.keep_days, config_.database_bytes};
  runtime.state_dir = config_.state_dir;
  runtime.hq_configured = !config_.hq_url.empty();
  runtime.facts = [this] { return status::to_json(facts()); };
  runtime.now = [this] { return now().value_or(machine_now()); };
  page_ = std::make_unique<status::Page>(std::move(*reader), std::move(runtime));
  return open_page();
}

/// What the page may ask for: never more than the command line, and with keys that cannot choose who asked.
std::shared_ptr<status::Actions> Daemon::page_actions() {
  status::Actions::Parts parts;
  parts.verbs = control_verbs();
  parts.actions = {{"discover", {"discover", {}}},
                   {"adopt", {"adopt", {"serial", "name", "link", "topic", "decoder"}}},
                   {"set", {"sensors-set", {"serial", "changes"}}},
                   {"sync-now", {"sync-now", {}}},
                   {"acknowledge", {"alerts-ack", {"id"}}},
                   {"walk-start", {"walk-start", {"serial", "line", "times"}}},
                   {"walk-look", {"walk-look", {"id"}}},
                   {"walk-next", {"walk-next", {"id"}}},
                   {"walk-sign", {"walk-sign", {"id", "name", "note", "passed"}}},
                   {"walk-cancel", {"walk-cancel", {"id"}}},
                   {"walk-list", {"walk-list", {"limit"}}}};
  parts.post = [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); };
  parts.log = [](const std::string& text) { log(text); };
  return std::make_shared<status::Actions>(status::Access::Options{config_.page_pin}, std::move(parts));
}

Result<void> Daemon::open_page() {
  status::HttpServer::Options options;
  options.listen = config_.listen;
  options.allowed_hosts = config_.allowed_hosts;
  options.log = [](const std::string& text) { log(text); };
  auto routes = page_->routes();
  routes.uploads = links_.uploads_of_page();
  routes.actions = page_actions();
  auto http = status::HttpServer::open(loop_, std::move(options), std::move(routes));
  if (!http) return tl::unexpected(http.error());
  http_ = std::move(*http);
  return {};
}

}  // namespace lintel::app
