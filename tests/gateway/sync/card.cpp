#include "tests/gateway/sync/card.hpp"

#include <fstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "gateway/app/open_store.hpp"
#include "tests/gateway/counting/truth/text_decoder.hpp"

namespace lintel::test {

Card::Card(Options options) : options_(std::move(options)) {
  config::Link link;
  link.name = "road";
  link.type = config::Link::Type::serial;
  link.decoder = "truth";
  config_.links = {link};
  config_.store_id = "0a0a0a0a-0000-4000-8000-000000000001";  // both cards are of one store
  config_.state_dir = dir_.path() / "state";
  if (options_.inverted) {
    config::Sensor sensor;
    sensor.serial = "D1";
    sensor.invert = true;
    config_.sensors = {sensor};
  }
  std::ofstream(dir_.path() / "credential") << options_.token << '\n';
  sync_.url = options_.hq_url;
  sync_.credential_file = dir_.path() / "credential";
  sync_.database = store::database_path(config_.state_dir);
  sync_.timing.backoff_base = Millis{1};
  sync_.timing.interval = Millis{0};  // between two questions for totals
  sync_.timing.liveness_every = Millis{0};
  sync_.timing.counters_every = options_.counters_every;
  sync_.http.total_timeout = std::chrono::milliseconds{10'000};
  surroundings_.post = [this](sync::Confirmation confirmation) { said_.push_back(std::move(confirmation)); };
  surroundings_.utc = app::machine_now;
  surroundings_.random = [] { return 0.5; };
  open();
}

Card::~Card() {
  close();
}

void Card::open() {
  auto store = app::open_store(config_);
  if (!store) throw std::runtime_error(store.error().message);
  store_ = std::move(*store);
  series_ = std::make_unique<counting::SeriesStates>(store_->db());
  pipeline_ = std::make_unique<app::Pipeline>(config_, *store_, *series_, *clock::Zone::find("UTC"),
                                              [](std::string_view) { return &truth::text_decoder(); });
  session_ = std::make_unique<sync::Session>(sync_, surroundings_, stop_);
}

void Card::close() {
  session_.reset();
  pipeline_.reset();
  series_.reset();
  store_.reset();
}

void Card::restart() {
  said_.clear();
  close();
  open();
}

void Card::hear(UtcMs at, const std::string& words) {
  bridge::Frame frame;
  frame.link = "road";
  frame.payload = words;
  frame.arrived = at.time_since_epoch();
  store_->begin();
  pipeline_->process(frame, at);
  series_->flush();
  pipeline_->flush();
  store_->commit(store_->position(), "", at);
}

void Card::total(UtcMs at, std::int64_t in, std::int64_t out, const std::string& more) {
  hear(at, fmt::format("total serial=D1 in={} out={} at={}{}{}", in, out, count_ms(at),
                       more.empty() ? "" : " ", more));
}

void Card::window(UtcMs from, UtcMs to, std::int64_t in, std::int64_t out) {
  hear(to,
       fmt::format("interval serial=D1 in={} out={} from={} at={}", in, out, count_ms(from), count_ms(to)));
}

/// As app::Daemon hands it to its writer.
void Card::apply(const sync::Confirmation& confirmation) {
  const auto now = app::machine_now();
  store_->begin();
  if (sync::apply(store_->db(), confirmation, now).retry_refused) store_->readings().owe_set_aside(now);
  if (confirmation.configuration) {
    (void)store_->follow_calendar(now);
    store_->sensors().reread();
    pipeline_->reload();
    pipeline_->settle_all(now);
  }
  if (confirmation.carried) pipeline_->carry(now);
  series_->flush();
  pipeline_->flush();
  store_->commit(store_->position(), "", now);
}

sync::Turn Card::request() {
  auto turn = session_->turn(true);
  for (const auto& confirmation : std::exchange(said_, {})) apply(confirmation);
  return turn;
}

bool Card::sync() {
  int quiet = 0;
  for (int tries = 0; tries < 60 && quiet < 3; ++tries) {
    const auto turn = request();
    const bool done = turn.kind == sync::Turn::Kind::confirmed && !turn.more &&
                      db().scalar(
                          "select s.watermark = w.next_change_no - 1 and s.counters_owed = 0 "
                          "from sync_state s, writer_state w") == 1;
    quiet = done ? quiet + 1 : 0;
  }
  return quiet == 3;
}

std::int64_t Card::recovered() {
  return db().scalar("select count(*) from people_counting_raw where flags & 2 <> 0");
}

}  // namespace lintel::test
