#include "gateway/app/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <limits>

#include <fmt/format.h>

#include "gateway/app/log.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/app/running_version.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/setup/take.hpp"
#include "gateway/store/redact.hpp"
#include "gateway/store/salvage.hpp"
#include "gateway/sync/confirmation.hpp"

namespace lintel::app {

namespace {

constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();

/// This boot's clock, from what the database knows of it and of the boots before.
clock::WallClock wall_clock(store::Database& db, const std::string& trust_system) {
  const auto boot = clock::boot_id();
  auto known = known_boots(db, boot);
  clock::WallClock::Rules rules{clock::build_date(), trust_system == "yes", known.confirmed};
  if (trust_system == "auto") {
    const auto trust = clock::system_clock_trust("/", rules.build_date);
    rules.trust_system = trust.trusted;
    if (!trust.trusted) {
      log(fmt::format("{}: readings wait until a time server or HQ has told the time ([clock] trust_system)",
                      trust.reason));
    }
  }
  return {boot, std::move(known.offsets), rules};
}

/// Link and topic of the sensors that have one of their own.
std::vector<std::pair<std::string, std::string>> adopted_topics(const store::Sensors& sensors) {
  std::vector<std::pair<std::string, std::string>> topics;
  for (const auto& [serial, sensor] : sensors.all()) {
    const auto said = store::parse_settings(sensor.settings);
    if (said && !said->topic.empty()) topics.emplace_back(sensor.link, said->topic);
  }
  return topics;
}

sync::Options options_of(const config::Config& config, sync::Options options) {
  options.url = config.hq_url;
  options.api_key = config.hq_api_key;
  options.credential_file = config.hq_credential_file;
  options.database = store::database_path(config.state_dir);
  options.version = running_version();
  options.http.ca_file = config.hq_ca_file;
  options.http.client_cert = config.hq_client_cert;
  options.http.client_key = config.hq_client_key;
  options.timing.interval = config.hq_interval;
  return options;
}

/// Public ids of sensors that HQ has just said it takes readings of from this gateway.
std::vector<std::string> taken_from_us(const sync::Confirmation& confirmation) {
  std::vector<std::string> sensors;
  for (const auto& sensor : confirmation.sensors) sensors.push_back(sensor.public_id);
  if (!confirmation.configuration) return sensors;
  for (const auto& sensor : confirmation.configuration->sensors) sensors.push_back(sensor.public_id);
  return sensors;
}

std::unique_ptr<evidence::Log> keep_evidence(const config::Config& config, store::Database& db) {
  if (config.evidence_bytes == 0) return nullptr;
  evidence::Log::Options options;
  options.files.dir = evidence::directory(config.state_dir);
  options.files.limit_bytes = config.evidence_bytes;
  options.salt = store::redaction_salt(db);
  options.log = [](const std::string& text) { log(text); };
  return std::make_unique<evidence::Log>(std::move(options));
}

/// While NTP has not set the machine's clock, HQ is asked for the time.
sync::WebClock::Wanted wanted(clock::Source source) {
  switch (source) {
    case clock::Source::ntp: return sync::WebClock::Wanted::no;
    case clock::Source::https: return sync::WebClock::Wanted::refresh;
    default: return sync::WebClock::Wanted::yes;
  }
}

}  // namespace

Result<Daemon::Opened> Daemon::open(const config::Config& config) {
  Opened opened;
  auto store = open_store(config);
  if (!store) return tl::unexpected(store.error());
  opened.store = std::move(*store);
  if (!opened.store->notice().empty()) log(opened.store->notice());

  bridge::links::Spool::Options spool_options;
  spool_options.dir = config.spool_dir;
  spool_options.boot = clock::boot_id();
  spool_options.limit_bytes = config.spool_limit_bytes;
  spool_options.on_damage = [](const std::string& text) { log(text); };
  const auto position = opened.store->position();
  auto spool = bridge::links::Spool::open(spool_options, {position.segment, position.offset});
  if (!spool) return tl::unexpected(spool.error());
  opened.spool = std::move(*spool);

  auto attempts = bridge::links::AttemptMark::open(config.spool_dir);
  if (!attempts) return tl::unexpected(attempts.error());
  opened.attempts = std::move(*attempts);
  return opened;
}

Result<std::unique_ptr<Daemon>> Daemon::create(const config::Config& config, const sync::Options& usual) {
  try {
    auto opened = open(config);
    if (!opened) return tl::unexpected(opened.error());
    std::unique_ptr<Daemon> daemon(new Daemon(config, usual, std::move(*opened)));
    if (auto faces = daemon->open_faces(); !faces) return tl::unexpected(faces.error());
    return daemon;
  } catch (const store::SqliteError& error) {
    const auto file = store::database_path(config.state_dir);
    if (error.damage() && store::mark_damaged(file, error.message)) return create(config, usual);
    return fail(ErrorKind::corrupt,
                fmt::format("cannot use the database {}: {}", file.string(), error.message));
  }
}

Daemon::Daemon(const config::Config& config, sync::Options usual, Opened opened)
    : config_(config),
      usual_(std::move(usual)),
      started_(clock::boot_now()),
      store_(std::move(opened.store)),
      spool_(std::move(opened.spool)),
      attempts_(std::move(opened.attempts)),
      series_(store_->db()),
      decoders_(cli::load_decoders(config_.profiles_dir)),
      outbox_(clock::boot_now,
              [this](std::string_view link, const bridge::Outbound& message) { links_.send(link, message); }),
      evidence_(keep_evidence(config_, store_->db())),
      pipeline_(
          config_, *store_, series_,
          clock::Zone::find(store_->timezone()).value(),  // the store's calendar has been made from it
          [this](std::string_view name) { return decoders_.registry->find(name); }, &outbox_),
      journals_(store_->db()),
      wall_(wall_clock(store_->db(), config_.trust_system)),
      offset_(kUnknown),
      source_(clock::Source::none),
      watch_({config_.offline_after, started_}, pipeline_.intervals()),
      own_({"/",
            config_.state_dir,
            {config_.keep_days, config_.database_bytes},
            setup::problems_file(config_.state_dir),
            config_.card_endurance_bytes}),
      card_(keep_card()),
      sync_(sync_options(), sync_surroundings()),
      web_clock_(config_.hq_url, sync_options().http, clock::build_date(), web_clock_surroundings()),
      retention_(store_->db(), store::database_path(config_.state_dir), store_->rollups(),
                 {config_.keep_days, config_.database_bytes},
                 [this](const store::CoverageSeries& series, UtcMs from, UtcMs to) {
                   pipeline_.coverage().take_back(series, from, to);
                 }),
      writer_({*spool_, *attempts_, *store_, series_, pipeline_, journals_, wall_, retention_},
              writer_options()),
      commits_(loop_, *spool_, writer_),
      fair_(*spool_, {.log = [](const std::string& text) { log(text); }}),
      links_(
          config_, *decoders_.registry, loop_, {*spool_, fair_, heard_, commits_},
          adopted_topics(store_->sensors()), [this] { return now(); }, journal_keeping()),
      administration_(
          {config_, *store_, pipeline_, *decoders_.registry, &heard_,
           [this](const std::string& link, const std::string& topic) { links_.listen(link, topic); }}) {
  if (evidence_) {
    pipeline_.set_witness([this](evidence::Record record) { evidence_->append(std::move(record)); });
  }
}

Daemon::~Daemon() = default;

Writer::Options Daemon::writer_options() {
  Writer::Options options;
  options.commit_interval = config_.commit_interval;
  options.committed = [this](std::int64_t) { sync_.notify(); };
  options.each_second = [this](store::Database& db, UtcMs now) { watch_health(db, now); };
  options.rolled_back = [this] {
    watch_.rolled_back();
    own_.rolled_back();
  };
  options.damaged = [this](const std::string& what) { return leave_damaged(what); };
  options.log = [](const std::string& text) { log(text); };
  return options;
}

/// From any thread.
bool Daemon::leave_damaged(const std::string& what) {
  if (!store::mark_damaged(store::database_path(config_.state_dir), what)) return false;
  damaged_ = true;
  loop_.stop();
  return true;
}

Links::JournalKeeping Daemon::journal_keeping() {
  const bool any = std::ranges::any_of(config_.links, [](const auto& link) { return !link.journal.empty(); });
  if (!any) return {};
  const auto position = store_->position();
  return {
      journals_.with_waiting(*spool_, {position.segment, position.offset}),
      [this](const std::string& link) { return journals_.stored(link); },
      [this](const std::string& link, const bridge::links::JournalProgress& progress) {
        writer_.post([this, link, progress](store::Database&, UtcMs) { journals_.begin(link, progress); });
      }};
}

sync::Options Daemon::sync_options() {
  auto options = options_of(config_, usual_);
  options.http.verify_at = [this] { return now(); };  // the machine's clock may be any
  return options;
}

sync::WebClock::Surroundings Daemon::web_clock_surroundings() {
  sync::WebClock::Surroundings surroundings;
  surroundings.wanted = [this] { return wanted(source_); };
  surroundings.told = [this](const sync::WebTime& told) {
    writer_.time_told(told.time, told.at, told.uncertainty);
  };
  surroundings.boot_now = clock::boot_now;
  surroundings.log = [](const std::string& text) { log(text); };
  return surroundings;
}

sync::Surroundings Daemon::sync_surroundings() {
  sync::Surroundings surroundings;
  surroundings.post = [this](sync::Confirmation confirmation) {
    writer_.post([this, confirmation = std::move(confirmation)](store::Database& db, UtcMs at) {
      const auto follow_up = sync::apply(db, confirmation, at);
      for (const auto& again : follow_up.resend) {
        const UtcMs day{std::chrono::days{again.day}};
        store_->readings().owe_again(again.sensor, again.region, again.label, day,
                                     day + std::chrono::days{1});
        log(fmt::format("HQ holds other readings of {} than we do: they are sent again", format_utc(day)));
      }
      if (follow_up.retry_refused) {
        log(fmt::format(
            "HQ judges readings by other rules now ({}): {} that it had refused are sent once more",
            *confirmation.schema, store_->readings().owe_set_aside(at)));
      }
      if (confirmation.configuration) {
        follow_calendar(at);
        store_->sensors().reread();
        pipeline_.reload();
        pipeline_.settle_all(at);
      }
      // By the directions that hold now.
      if (confirmation.carried) pipeline_.carry(at);
      if (const auto again = store_->readings().owe_returned(taken_from_us(confirmation)); again > 0) {
        log(fmt::format("HQ takes the readings of these sensors from us again: {} are sent once more",
                        again));
      }
    });
  };
  surroundings.utc = [this] { return now().value_or(machine_now()); };
  surroundings.damaged = [this](const std::string& what) { (void)leave_damaged(what); };
  surroundings.credentials = card_.get();
  surroundings.log = [](const std::string& text) { log(text); };
  return surroundings;
}

/// On the writer thread. Zones were looked up before HQ's configuration was taken.
void Daemon::follow_calendar(UtcMs now) {
  const auto found = store_->follow_calendar(now);
  if (!found) {
    log(fmt::format("HQ's calendar cannot be used and the one before stays in force: {}",
                    found.error().message));
    return;
  }
  if (const auto zone = clock::Zone::find(store_->timezone())) pipeline_.set_zone(*zone);
  if (found->waiting + found->marked == 0) return;
  log(
      fmt::format("the store's calendar has changed: {} days are counted anew, {} keep their numbers and are "
                  "marked, because their readings are gone",
                  found->waiting, found->marked));
}

/// On the writer thread.
void Daemon::watch_health(store::Database& db, UtcMs now) {
  const auto current = wall_.current();
  const bool first = source_.exchange(current.source) == clock::Source::none;
  offset_ = current.source == clock::Source::none ? kUnknown : current.offset.count();
  if (first && current.source != clock::Source::none) sync_.wake();  // certificates can be judged now
  health::Surroundings surroundings{wall_.boot(), clock::boot_now(), now, {}};
  surroundings.time_known = current.source != clock::Source::none;
  surroundings.devices = &pipeline_.devices();
  for (const auto& link : links_.facts()) {
    surroundings.links[link.name] = {link.up, link.trouble, link.silent, link.type == "poll",
                                     link.failed_cycles};
  }
  if (configured_ != pipeline_.reloads()) {
    configured_ = pipeline_.reloads();
    watch_.expect(pipeline_.intervals());
  }
  watch_.refresh(db, store_->sensors(), surroundings);
  own_.refresh(
      db, {surroundings.now, surroundings.time_known ? std::optional(now) : std::nullopt, storage_error()});
  if (current.source != clock::Source::none) pipeline_.watch_ways(surroundings.links, now);
  if (!occupancy_posted_ && current.source != clock::Source::none && pipeline_.occupancy().due(now)) {
    occupancy_posted_ = true;
    writer_.post([this](store::Database&, UtcMs at) { pipeline_.occupancy().at(at); },
                 [this] { occupancy_posted_ = false; });
  }
  if (!coverage_posted_ && pipeline_.coverage().overdue()) {  // for its commit
    coverage_posted_ = true;
    writer_.post([](store::Database&, UtcMs) {}, [this] { coverage_posted_ = false; });
  }
}

std::optional<UtcMs> Daemon::now() const {
  const auto offset = offset_.load();
  if (offset == kUnknown) return std::nullopt;
  return UtcMs{Millis{offset} + std::chrono::floor<Millis>(clock::boot_now())};
}

/// Why nothing can be stored now; empty: all is well.
std::string Daemon::storage_error() const {
  auto error = writer_.facts().error;
  return error.empty() ? spool_->facts().full_reason : error;
}

status::Facts Daemon::facts() const {
  const auto writer = writer_.facts();
  const auto spool = spool_->facts();
  status::Facts facts;
  facts.uptime = std::chrono::floor<std::chrono::seconds>(clock::boot_now() - started_);
  facts.time = now();
  facts.clock_source = clock::to_string(writer.clock_source);
  facts.clock_uncertainty = writer.clock_uncertainty;
  facts.frames_wait = writer.frames_wait;
  facts.clock_disagreement = writer.clock_disagreement;
  facts.storage_error = storage_error();
  facts.own = own_.found();
  facts.notice = store_->notice();
  facts.spool_bytes = spool.bytes_waiting;
  facts.frames = writer.frames;
  facts.refused = writer.refused;
  facts.repeats = writer.repeats;
  facts.links = links_.facts();
  facts.hq = hq_facts();
  facts.sensors = watch_.verdicts();
  return facts;
}

/// The loop is alive if this runs; for the writer the supervisor is told how long it has stood still.
void Daemon::keep_telling_supervisor() {
  const auto rhythm = supervisor_.rhythm();
  if (!rhythm) return;
  const auto still = writer_.still();
  if (!supervisor_.pulse(still)) {
    log(
        fmt::format("nothing has been stored for {} s and the writer does not answer: if it goes on, the "
                    "service manager starts the gateway anew; the card may be failing, see `dmesg`",
                    std::chrono::floor<std::chrono::seconds>(still).count()));
  }
  pulse_.expires_after(*rhythm);
  pulse_.async_wait([this](const boost::system::error_code& error) {
    if (!error) keep_telling_supervisor();
  });
}

void Daemon::run() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) loop_.stop();
  });
  log(fmt::format("lintel {} is running for store \"{}\": {} links, {} sensors listed, database {}",
                  LINTEL_VERSION, config_.store_name, config_.links.size(), config_.sensors.size(),
                  store::database_path(config_.state_dir).string()));
  if (http_) log(fmt::format("status page on port {} ({})", http_->port(), config_.listen));
  if (config_.hq_url.empty()) log("no [hq] url is set: readings are kept here and sent nowhere");
  if (config_.links.empty()) log("no links are configured: put a file into links.d beside gateway.conf");
  writer_.start();
  links_.start();
  sync_.start();
  web_clock_.start();
  supervisor_.ready(fmt::format("{} links, {} sensors listed", config_.links.size(), config_.sensors.size()));
  keep_telling_supervisor();
  loop_.run();
  if (!damaged_) supervisor_.stopping();
  log(damaged_ ? "the database is damaged: what can be read of it is brought into a new one" : "stopping");
  links_.stop();
  web_clock_.stop();
  card_stop_ = true;
  sync_.stop();
  writer_.stop();
}

}  // namespace lintel::app
