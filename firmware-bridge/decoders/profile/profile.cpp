#include "firmware-bridge/decoders/profile/profile.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/profile/message.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

/// Keeps what the profile asks for.
struct Asked {
  const Keys& keys;

  [[nodiscard]] KeyFilter::Keep keep(std::string_view key) const {
    if (keys.in_order.contains(key)) return KeyFilter::Keep::in_order;
    return keys.all || keys.names.contains(key) ? KeyFilter::Keep::yes : KeyFilter::Keep::no;
  }
};

/// The groups of the first pattern that matches; false where there are patterns and none does.
bool take_apart(const TextParts& how, std::string_view text, Parts& parts) {
  parts.assign(how.names.size(), {});
  Groups groups;
  for (std::size_t i = 0; i < how.patterns.size(); ++i) {
    if (!how.patterns[i].match(text, groups)) continue;
    for (std::size_t group = 0; group < groups.size(); ++group)
      if (how.slots[i][group] != TextParts::kNoSlot) parts[how.slots[i][group]] = groups[group];
    return true;
  }
  return how.patterns.empty();
}

bool is_json(const Form& form, std::string_view payload) {
  if (form.payload != Form::Payload::either) return form.payload == Form::Payload::json;
  const std::string_view text = trim(payload);
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

/// One frame on its way through a profile.
class Reading {
 public:
  Reading(const Form& form, const Frame& frame, const DecodeSettings& settings, Decoded& out)
      : form_(form), frame_(frame), settings_(settings), out_(out), scope_(frame, topic_, text_) {}

  void run() {
    take_apart(form_.topic, frame_.topic, topic_);
    scope_.enter_document(nullptr, {});
    if (is_json(form_, frame_.payload)) {
      json();
    } else {
      text();
    }
  }

 private:
  void json() {
    auto root = parse_json(frame_.payload, KeyFilter(Asked{form_.keys}));
    if (!root) return unreadable(std::move(root.error().reject));
    if (!form_.unwrap.empty()) scope_.enter_document(&*root, {});
    const Json* top = &*root;
    std::string base;
    for (const Ref& inner : form_.unwrap) {
      const Value found = scope_.find(inner);
      if (found.json() == nullptr) continue;
      base = scope_.place(inner);
      if (base == "/") base.clear();
      top = found.json();
      break;
    }
    const auto* several = form_.batch ? top->get_ptr<const Json::array_t*>() : nullptr;
    if (several == nullptr) return document(*top, base);
    for (std::size_t i = 0; i < several->size() && !message_.full(); ++i)
      document((*several)[i], base + "/" + std::to_string(i));
  }

  void text() {
    const std::string_view payload = trim(frame_.payload);
    if (payload.size() > kMaxMatchedText)
      return unreadable({RejectKind::length, fmt::format("{} bytes are too long for a text: the limit is {}",
                                                         payload.size(), kMaxMatchedText)});
    if (!take_apart(form_.text, payload, text_))
      return unreadable(
          {RejectKind::unsupported, "the text " + excerpt(payload) + " is none that the profile knows"});
    const Json nothing = Json::object();
    document(nothing, {});
  }

  /// Where the topic alone says that nobody is counted, it does not matter what cannot be read.
  void unreadable(Reject reject) {
    const auto& rules = form_.groups.front().ignored;
    const bool ignored = std::any_of(form_.ignored_unseen.begin(), form_.ignored_unseen.end(),
                                     [&](std::size_t i) { return scope_.holds(rules[i]); });
    if (!ignored) out_.rejects.push_back(std::move(reject));
  }

  void document(const Json& document, std::string base) {
    scope_.enter_document(&document, std::move(base));
    message_.document(scope_);
  }

  const Form& form_;
  const Frame& frame_;
  const DecodeSettings& settings_;
  Decoded& out_;
  Parts topic_;
  Parts text_;
  Scope scope_;
  Message message_{form_, frame_, settings_, out_};
};

/// A message that is wrong all over is still one message: whoever reads the rejects needs the first few.
void shorten(std::vector<Reject>& rejects, std::size_t before) {
  constexpr std::size_t kMost = 20;
  if (rejects.size() - before <= kMost) return;
  const std::size_t more = rejects.size() - before - kMost;
  rejects.resize(before + kMost);
  rejects.push_back({RejectKind::sanity, fmt::format("{} more places like these", more)});
}

}  // namespace

Profile::Profile(Form form) : form_(std::make_unique<const Form>(std::move(form))) {}
Profile::~Profile() = default;

std::string_view Profile::name() const {
  return form_->name;
}

std::string_view Profile::summary() const {
  return form_->summary;
}

std::string_view Profile::source() const {
  return form_->source;
}

Framing Profile::framing() const {
  return form_->lines ? Framing::lines : Framing::message;
}

void Profile::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession&, Decoded& out) const {
  const std::size_t before = out.rejects.size();
  Reading(*form_, frame, settings, out).run();
  shorten(out.rejects, before);
}

bool Profile::recognises(const Frame& frame) const {
  if (!form_->recognisable || !Decoder::recognises(frame)) return false;
  if (form_->recognised.empty()) return true;
  Parts topic;
  take_apart(form_->topic, frame.topic, topic);
  Decoded scratch;
  const auto root = is_json(*form_, frame.payload)
                        ? parse_json(frame.payload, KeyFilter(Asked{form_->keys}), scratch)
                        : std::optional(Json::object());
  const Parts text;
  Scope scope(frame, topic, text);
  scope.enter_document(root ? &*root : nullptr, {});
  return scope.holds(form_->recognised);
}

}  // namespace lintel::bridge::decoders::profile
