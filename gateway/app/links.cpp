#include "gateway/app/links.hpp"

#include "gateway/app/log.hpp"
#include "gateway/clock/clock.hpp"

namespace lintel::app {

namespace {

bridge::links::MqttLink::Options mqtt_options(const config::Link& link) {
  bridge::links::MqttLink::Options options;
  options.name = link.name;
  options.url = link.url;
  options.client_id = link.client_id;
  options.user = link.user;
  options.password = link.password;
  options.ca_file = link.ca_file;
  for (const auto& subscription : link.subscriptions) options.topics.push_back(subscription.topic);
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  options.log = [](const std::string& text) { log(text); };
  return options;
}

bridge::links::JournalFollower::Options journal_options(const config::Link& link,
                                                        const Links::JournalKeeping& keeping) {
  bridge::links::JournalFollower::Options options;
  options.directory = link.journal;
  if (const auto known = keeping.start.find(link.name); known != keeping.start.end())
    options.start = known->second;
  options.stored = [stored = keeping.stored, name = link.name] { return stored(name); };
  options.begun = [begun = keeping.begun, name = link.name](const bridge::links::JournalProgress& progress) {
    begun(name, progress);
  };
  return options;
}

/// A session of its own, which the broker forgets: what is only looked at must neither queue there nor come
/// twice where filters overlap.
bridge::links::MqttLink::Options discover_options(const config::Link& link) {
  auto options = mqtt_options(link);
  options.client_id += "-discover";
  options.topics = link.discover;
  options.passing = true;
  return options;
}

/// The configuration has refused formats that cannot be read.
bridge::links::SerialFormat format_of(const config::Link& link) {
  return bridge::links::parse_format(link.format, link.baud).value_or(bridge::links::SerialFormat{link.baud});
}

/// The configuration has refused decoders that nobody knows.
bridge::StreamFramer framer_of(const config::Link& link, const bridge::decoders::Registry& decoders) {
  const auto* decoder = decoders.find(link.decoder);
  if (decoder != nullptr) return bridge::StreamFramer(*decoder);
  return bridge::StreamFramer([](std::string_view) { return false; });
}

bridge::links::SerialLink::Options serial_options(const config::Link& link,
                                                  const bridge::decoders::Registry& decoders) {
  return {link.name,
          link.device,
          format_of(link),
          clock::boot_id(),
          clock::boot_now,
          framer_of(link, decoders),
          [](const std::string& text) { log(text); }};
}

bridge::links::LineDirection direction_of(const std::string& rs485) {
  using bridge::links::LineDirection;
  if (rs485 == "kernel") return LineDirection::kernel;
  return rs485 == "rts" ? LineDirection::rts : LineDirection::automatic;
}

bridge::links::ModbusLink::Options modbus_options(const config::Link& link,
                                                  const bridge::decoders::Registry& decoders) {
  bridge::links::ModbusLink::Options options;
  options.name = link.name;
  options.bus = {link.device, format_of(link),     direction_of(link.rs485),
                 link.echo,   link.answer_timeout, link.gap};
  options.units = link.units;
  const auto* decoder = decoders.find(link.decoder);
  if (decoder != nullptr) options.reads = decoder->reads();
  options.interval = link.poll_interval;
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  options.log = [](const std::string& text) { log(text); };
  return options;
}

bridge::links::WireLink::Options wire_options(const config::Link& link, Links::Utc utc) {
  bridge::links::WireLink::Options options;
  options.name = link.name;
  options.device = link.device;
  options.format =
      bridge::links::parse_format(link.format, link.baud).value_or(bridge::links::SerialFormat{link.baud});
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  options.utc = std::move(utc);
  options.log = [](const std::string& text) { log(text); };
  return options;
}

bridge::links::PushAuthKind push_kind(config::Link::Auth auth) {
  switch (auth) {
    case config::Link::Auth::bearer: return bridge::links::PushAuthKind::bearer;
    case config::Link::Auth::basic: return bridge::links::PushAuthKind::basic;
    case config::Link::Auth::digest: return bridge::links::PushAuthKind::digest;
    case config::Link::Auth::path:
    case config::Link::Auth::none: break;
  }
  return bridge::links::PushAuthKind::path;
}

bridge::links::PushLink::Options push_options(const config::Link& link) {
  bridge::links::PushLink::Options options;
  options.name = link.name;
  options.credentials = {push_kind(link.auth), link.user, link.secret};
  options.boot = clock::boot_id();
  options.boot_clock = clock::boot_now;
  options.clock = [] { return std::chrono::steady_clock::now(); };
  options.log = [](const std::string& text) { log(text); };
  return options;
}

bridge::links::PollAuth poll_kind(config::Link::Auth auth) {
  switch (auth) {
    case config::Link::Auth::bearer: return bridge::links::PollAuth::bearer;
    case config::Link::Auth::basic: return bridge::links::PollAuth::basic;
    case config::Link::Auth::digest: return bridge::links::PollAuth::digest;
    case config::Link::Auth::path:
    case config::Link::Auth::none: break;
  }
  return bridge::links::PollAuth::none;
}

std::vector<bridge::links::PollOptions> polled(const config::Config& config) {
  std::vector<bridge::links::PollOptions> devices;
  for (const auto& link : config.links) {
    if (link.type != config::Link::Type::poll) continue;
    bridge::links::PollOptions options;
    options.name = link.name;
    options.urls = link.urls;
    options.interval = link.interval;
    options.timeout = link.timeout;
    options.auth = poll_kind(link.auth);
    options.user = link.user;
    options.secret = link.secret;
    options.pin = link.pin;
    options.ca_file = link.ca_file;
    options.stream = link.stream;
    options.boot = clock::boot_id();
    options.boot_clock = clock::boot_now;
    options.log = [](const std::string& text) { log(text); };
    devices.push_back(std::move(options));
  }
  return devices;
}

}  // namespace

Links::Links(const config::Config& config, const bridge::decoders::Registry& decoders,
             boost::asio::io_context& loop, Sinks sinks,
             const std::vector<std::pair<std::string, std::string>>& more, const Utc& utc,
             const JournalKeeping& journals)
    : poller_(polled(config), sinks.all),
      push_(std::make_shared<bridge::links::PushLinks>([] { return std::chrono::steady_clock::now(); })) {
  for (const auto& link : config.links) {
    switch (link.type) {
      case config::Link::Type::mqtt: {
        auto options = mqtt_options(link);
        for (const auto& [name, topic] : more) {
          if (name == link.name) options.topics.push_back(topic);
        }
        if (!link.journal.empty()) options.journal = journal_options(link, journals);
        mqtt_.push_back(std::make_unique<bridge::links::MqttLink>(std::move(options), sinks.fair));
        if (!link.discover.empty()) {
          discovering_.push_back(
              std::make_unique<bridge::links::MqttLink>(discover_options(link), sinks.heard));
        }
        break;
      }
      case config::Link::Type::serial:
        if (link.decoder == bridge::wire::kDecoder) {  // the protocol that wants answers
          wire_.push_back(std::make_unique<bridge::links::WireLink>(loop, wire_options(link, utc), sinks.all,
                                                                    sinks.commits));
        } else {
          serial_.push_back(
              std::make_unique<bridge::links::SerialLink>(loop, serial_options(link, decoders), sinks.all));
        }
        break;
      case config::Link::Type::http:
        push_->add(link.name,
                   std::make_shared<bridge::links::PushLink>(push_options(link), sinks.all, sinks.commits));
        break;
      case config::Link::Type::poll: break;  // the poller has them
      case config::Link::Type::modbus:
        modbus_.push_back(
            std::make_unique<bridge::links::ModbusLink>(modbus_options(link, decoders), sinks.all));
        break;
    }
  }
  if (!push_->empty() && config.ingest_listen != config.listen)
    ingest_.emplace(loop, config.ingest_listen, push_);
}

void Links::start() {
  for (auto& link : mqtt_) link->start();
  for (auto& link : discovering_) link->start();
  for (auto& link : serial_) link->start();
  for (auto& link : wire_) link->start();
  poller_.start();
  if (ingest_) {
    ingest_->open();
  } else {
    push_->listening(true, {});
  }
  for (auto& link : modbus_) link->start();
}

void Links::stop() {
  if (ingest_) ingest_->close();
  for (auto& link : serial_) link->stop();
  for (auto& link : wire_) link->stop();
  poller_.stop();
  for (auto& link : discovering_) link->stop();
  for (auto& link : modbus_) link->stop();
  for (auto& link : mqtt_) link->stop();
}

void Links::send(std::string_view link, const bridge::Outbound& message) {
  for (auto& one : mqtt_)
    if (one->name() == link) one->publish(message.topic, message.payload);
}

void Links::listen(const std::string& link, const std::string& topic) {
  for (auto& known : mqtt_) {
    if (known->name() == link) known->listen_to(topic);
  }
}

std::shared_ptr<bridge::UploadSink> Links::uploads_of_page() const {
  if (push_->empty() || ingest_) return nullptr;
  return push_;
}

std::vector<status::Facts::Link> Links::facts() const {
  std::vector<status::Facts::Link> all;
  const auto add = [&all](const bridge::links::LinkState& state) {
    all.push_back({state.name, state.type, state.up, state.trouble, state.frames, state.pictures});
    all.back().silent = state.silent;
    all.back().failed_cycles = state.failed_cycles;
  };
  for (const auto& link : mqtt_) add(link->state());
  for (const auto& link : serial_) add(link->state());
  for (const auto& link : wire_) add(link->state());
  for (const auto& link : modbus_) add(link->state());
  for (const auto& state : poller_.states()) add(state);
  for (const auto& state : push_->states()) add(state);
  return all;
}

}  // namespace lintel::app
