#include "gateway/status/actions.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/members.hpp"

namespace lintel::status {

namespace {

using bridge::Upload;
using bridge::UploadAnswer;
using nlohmann::json;

constexpr std::string_view kSession = "/api/session";
constexpr std::string_view kActions = "/api/actions/";
constexpr std::string_view kCookie = "lintel_session";
constexpr std::size_t kLongestBody = 16'384;
constexpr int kDeepest = 8;

UploadAnswer answer_of(int status, const json& body) {
  return {status,
          body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
          {{"Content-Type", "application/json"}}};
}

UploadAnswer denial(int status, const std::string& message) {
  return answer_of(status, {{"error", message}});
}

/// The value of our cookie among "a=b; c=d".
std::string_view cookie_in(std::string_view header) {
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    auto pair = header.substr(0, end);
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (pair.starts_with(kCookie) && pair.substr(kCookie.size()).starts_with('='))
      return pair.substr(kCookie.size() + 1);
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return {};
}

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  return type.substr(0, type.find_last_not_of(' ') + 1) == "application/json";
}

/// Browsers say where a page comes from that asks for a change; a request of another program need not.
bool from_elsewhere(const bridge::UploadHead& head) {
  const auto site = head.field("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const auto origin = head.field("Origin");
  if (origin.empty()) return false;
  const auto host = head.field("Host");
  return origin != fmt::format("http://{}", host) && origin != fmt::format("https://{}", host);
}

UploadAnswer answer_to(const Result<json>& result) {
  if (!result) return denial(503, result.error().message);
  if (result->is_object() && result->contains("refused")) return denial(409, (*result)["refused"]);
  return answer_of(200, {{"result", *result}});
}

/// An object, not deeper than anything that we ask for.
std::optional<json> object_of(const std::string& text) {
  if (text.empty()) return json::object();
  bool deep = false;
  auto parsed = json::parse(
      text,
      [&deep](int depth, json::parse_event_t, json&) {
        deep |= depth > kDeepest;
        return !deep;
      },
      false);
  if (deep || !parsed.is_object()) return std::nullopt;
  return parsed;
}

}  // namespace

struct Actions::Asked {
  enum class What { sign_in, sign_out, act, look } what = What::look;
  std::string action;
  std::string peer;
  std::string cookie;
  std::string csrf;
};

class Actions::Body : public Upload {
 public:
  Body(Actions& actions, Asked asked) : actions_(actions), asked_(std::move(asked)) {}

  std::optional<UploadAnswer> take(std::string_view bytes) override {
    if (text_.size() + bytes.size() > kLongestBody)
      return denial(413, fmt::format("a request has at most {} bytes", kLongestBody));
    text_ += bytes;
    return std::nullopt;
  }

  void finish(Reply reply) override {
    if (asked_.what == Asked::What::look)
      return (void)reply(actions_.session_state(actions_.access_.find(asked_.cookie)));
    auto body = object_of(text_);
    if (!body) return (void)reply(denial(400, "the body is not a JSON object"));
    if (asked_.what == Asked::What::sign_in) return (void)reply(actions_.sign_in(asked_, *body));
    actions_.run(asked_, std::move(*body), reply);
  }

  [[nodiscard]] UploadAnswer late() const override {
    return denial(503, "the gateway is busy; what was asked may still be done: look again in a moment");
  }

 private:
  Actions& actions_;
  const Asked asked_;
  std::string text_;
};

Actions::Actions(Access::Options access, Parts parts)
    : access_(std::move(access)), parts_(std::move(parts)) {}

bool Actions::takes(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return path == kSession || path.starts_with(kActions);
}

tl::expected<std::unique_ptr<Upload>, UploadAnswer> Actions::begin(const bridge::UploadHead& head) {
  const auto path = head.target.substr(0, head.target.find('?'));
  const auto method = head.method;
  Asked asked;
  asked.peer = head.peer;
  asked.cookie = cookie_in(head.field("Cookie"));
  asked.csrf = head.field("X-Lintel-Token");
  const auto only = [](const char* methods) {
    auto answer = denial(405, fmt::format("this takes {}", methods));
    answer.fields.emplace_back("Allow", methods);
    return tl::unexpected(std::move(answer));
  };
  if (path == kSession) {
    if (method == "GET") return std::make_unique<Body>(*this, std::move(asked));
    if (method != "POST" && method != "DELETE") return only("GET, POST, DELETE");
    asked.what = method == "POST" ? Asked::What::sign_in : Asked::What::sign_out;
  } else {
    if (method != "POST") return only("POST");
    asked.what = Asked::What::act;
    asked.action = path.substr(kActions.size());
    if (!parts_.actions.contains(asked.action))
      return tl::unexpected(denial(404, "there is no such action: see /api/openapi.json"));
  }
  if (from_elsewhere(head))
    return tl::unexpected(denial(403, "only the page of this gateway may ask for that"));
  if (method == "POST" && !is_json(head.field("Content-Type")))
    return tl::unexpected(denial(415, "send a JSON object, as Content-Type application/json"));
  return std::make_unique<Body>(*this, std::move(asked));
}

UploadAnswer Actions::session_state(const Access::Session* session) const {
  auto actions = json::array();
  for (const auto& [name, action] : parts_.actions) {
    if (parts_.verbs.contains(action.verb)) actions.push_back(name);
  }
  return answer_of(200, {{"pin_set", access_.pin_set()},
                         {"actions", std::move(actions)},
                         {"signed_in", session != nullptr},
                         {"name", session == nullptr ? json(nullptr) : json(session->name)},
                         {"csrf", session == nullptr ? json(nullptr) : json(session->csrf)}});
}

UploadAnswer Actions::sign_in(const Asked& asked, const json& body) {
  const auto entered = access_.enter(text_of(body, "pin"), text_of(body, "name"), asked.peer);
  if (entered) {
    if (parts_.log) parts_.log(fmt::format("page: somebody at {} signed in", asked.peer));
    auto answer = session_state(*entered);
    answer.fields.emplace_back("Set-Cookie", fmt::format("{}={}; Path=/api; HttpOnly; SameSite=Strict",
                                                         kCookie, (*entered)->cookie));
    return answer;
  }
  using Why = Access::Denied::Why;
  const auto& denied = entered.error();
  if (denied.why == Why::no_pin_set)
    return denial(403,
                  "no PIN is set, so nothing can be changed here: put one into the file that [status] "
                  "pin_file names and restart the gateway");
  if (denied.why == Why::bad_name)
    return denial(400,
                  fmt::format("a name has at most {} bytes and no control characters", Access::kLongestName));
  if (parts_.log && denied.why == Why::wrong)
    parts_.log(fmt::format("page: a wrong PIN from {}", asked.peer));
  auto answer =
      denied.why == Why::slow_down
          ? denial(429, fmt::format("too many wrong PINs: wait {} s and try again", denied.wait.count()))
          : denial(403, "this is not the PIN of this gateway");
  if (denied.wait.count() > 0) answer.fields.emplace_back("Retry-After", std::to_string(denied.wait.count()));
  return answer;
}

void Actions::run(const Asked& asked, json body, const Upload::Reply& reply) {
  const auto* session = access_.find(asked.cookie);
  if (session == nullptr) return (void)reply(denial(401, "sign in with the PIN of this gateway first"));
  if (!equal_in_constant_time(asked.csrf, session->csrf))
    return (void)reply(denial(403, "the token of this session is missing: reload the page"));
  if (asked.what == Asked::What::sign_out) {
    access_.leave(asked.cookie);
    auto answer = session_state(nullptr);
    answer.fields.emplace_back("Set-Cookie",
                               fmt::format("{}=; Path=/api; HttpOnly; SameSite=Strict; Max-Age=0", kCookie));
    return (void)reply(std::move(answer));
  }
  const auto& action = parts_.actions.find(asked.action)->second;
  for (const auto& [key, value] : body.items()) {
    if (std::find(action.keys.begin(), action.keys.end(), key) == action.keys.end())
      return (void)reply(denial(400, fmt::format("unknown key \"{}\": {} takes {}", key, asked.action,
                                                 fmt::join(action.keys, ", "))));
  }
  body["actor"] = session->name.empty() ? fmt::format("page at {}", asked.peer)
                                        : fmt::format("{} (page at {})", session->name, asked.peer);
  const auto verb = parts_.verbs.find(action.verb);
  if (verb == parts_.verbs.end()) return (void)reply(denial(404, "this gateway cannot do that"));
  body["verb"] = action.verb;
  verb->second(body, [reply, post = parts_.post](const Result<json>& result) {
    post([reply, answer = answer_to(result)] { (void)reply(answer); });
  });
}

}  // namespace lintel::status
