// A fleet against one HQ: steady minutes, then an outage of an hour, then the return of all stores at once.
//   bench_fleet [STORES [COMPRESSION]]     1,000 stores, ten times as fast as in life
// The real sync code runs over real local databases, all in this process; HQ is the real schema behind the
// stand-in for PostgREST. Everything that has to do with time (interval, back-off, liveness) is compressed
// alike, so a second here asks of HQ what COMPRESSION seconds do in life. Draws requests a second into
// fleet.svg beside it.
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/sync/sync.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/fill_store.hpp"
#include "tests/support/real_hq.hpp"

namespace {

using namespace lintel;
using namespace lintel::bench;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSensors = 20;
constexpr std::int64_t kMinute = 60'000;
constexpr int kSteadyMinutes = 10;
constexpr int kOutageMinutes = 60;

std::int64_t now_ms() {
  return std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds{1};
}

/// A store: its local database, the sync over it, and a writer that applies answers at once.
class Gateway {
 public:
  Gateway(const std::string& url, const std::string& token, double compression, std::int64_t first_minute)
      : next_minute_(first_minute) {
    for (int i = 1; i <= kSensors; ++i) rows_.sensor(fmt::format("S{:02}", i), fmt::format("Door {}", i));
    // Each store has sensors of its own, and by its epoch an upload slot.
    rows_.db().prepare("update writer_state set epoch = ?").bind(store::random_uuid()).run();
    auto named = rows_.db().prepare("update sensor_metadata set public_id = ? where id = ?");
    for (int i = 1; i <= kSensors; ++i) named.bind(store::random_uuid(), std::int64_t{i}).run();
    std::ofstream(rows_.dir() / "credential") << token << '\n';
    sync::Options options;
    options.url = url;
    options.credential_file = rows_.dir() / "credential";
    options.database = rows_.path();
    auto& timing = options.timing;
    for (auto* wait : {&timing.interval, &timing.backoff_base, &timing.backoff_cap, &timing.slow_retry,
                       &timing.liveness_every}) {
      *wait = Millis{static_cast<Millis::rep>(static_cast<double>(wait->count()) / compression)};
    }
    sync::Surroundings surroundings;
    surroundings.post = [this](const sync::Confirmation& confirmation) { apply(confirmation); };
    sync_.emplace(std::move(options), std::move(surroundings));
  }

  void start() { sync_->start(); }
  /// Ends without waiting for what is owed.
  void stop() { sync_->stop(); }

  /// All sensors report `minutes` more.
  void count(std::int64_t minutes) {
    {
      const std::lock_guard lock(mutex_);
      rows_.minutes(static_cast<std::size_t>(minutes * kSensors), kSensors, next_minute_ * kMinute,
                    static_cast<unsigned>(next_minute_));
      next_minute_ += minutes;
      last_ += minutes * kSensors;
    }
    sync_->notify();
  }

  [[nodiscard]] std::int64_t last() const { return last_; }
  [[nodiscard]] sync::Status status() const { return sync_->status(); }

 private:
  void apply(const sync::Confirmation& confirmation) {
    const std::lock_guard lock(mutex_);
    auto& db = rows_.db();
    db.execute("begin immediate");
    (void)sync::apply(db, confirmation, utc_ms(now_ms()));
    db.execute("commit");
  }

  std::mutex mutex_;
  test::FilledStore rows_;
  std::int64_t next_minute_;
  std::int64_t last_ = 0;
  std::optional<sync::Sync> sync_;
};

struct Sample {
  double at = 0;  ///< seconds since the measurement began
  std::uint64_t requests = 0;
  std::int64_t confirmed = 0;
};

/// Processor seconds of a process and its children, living ones.
double processor_of_children(const std::string& postmaster) {
  double ticks = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    const auto rest = line.substr(std::min(line.size(), line.rfind(')') + 2));
    std::vector<std::string> words;
    for (std::size_t at = 0; at < rest.size();) {
      const auto end = std::min(rest.find(' ', at), rest.size());
      words.push_back(rest.substr(at, end - at));
      at = end + 1;
    }
    // state ppid ... utime is the 14th of all fields, stime the 15th
    if (words.size() > 13 && words[1] == postmaster) ticks += std::stod(words[11]) + std::stod(words[12]);
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Fleet {
 public:
  Fleet(test::RealHq& hq, int stores, double compression) : hq_(hq), compression_(compression) {
    auto sql = hq.sql();
    const auto made = sql.rows(fmt::format(
        "select private.mint_gateway_token(s.gateway_public_id, '1 day') from generate_series(1, {}) as n, "
        "private.add_store('Chain', 'Store ' || n, 'Europe/Berlin') as s",
        stores));
    const auto first_minute = now_ms() / kMinute - kSteadyMinutes - kOutageMinutes - 300;
    for (const auto& row : made) {
      gateways_.push_back(std::make_unique<Gateway>(hq.url(), row[0], compression, first_minute));
    }
    postmaster_ = sql.value("select pg_backend_pid()");
    std::ifstream stat("/proc/" + postmaster_ + "/stat");
    std::string line;
    std::getline(stat, line);
    const auto rest = line.substr(line.rfind(')') + 4);
    postmaster_ = rest.substr(0, rest.find(' '));
  }

  /// Stores power up over a minute, as they do.
  void start() {
    const auto pause =
        std::chrono::duration<double>(60 / compression_ / static_cast<double>(gateways_.size()));
    for (auto& gateway : gateways_) {
      gateway->start();
      gateway->count(1);
      std::this_thread::sleep_for(pause);
    }
    begin_ = Clock::now();
  }

  /// Counts minute after minute, sampling, until `over` says so.
  template <typename Over>
  void run(Over over) {
    auto next_minute = Clock::now();
    while (!over()) {
      if (Clock::now() >= next_minute) {
        next_minute += std::chrono::milliseconds(static_cast<std::int64_t>(kMinute / compression_));
        for (auto& gateway : gateways_) gateway->count(1);
      }
      sample();
      std::this_thread::sleep_for(250ms);
    }
  }

  void outage(double seconds) {
    for (auto& gateway : gateways_) gateway->count(kOutageMinutes);
    const auto until = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < until) {
      sample();
      std::this_thread::sleep_for(250ms);
    }
  }

  void stop() {
    for (auto& gateway : gateways_) gateway->stop();
  }

  void sample() {
    Sample now{.at = std::chrono::duration<double>(Clock::now() - begin_).count()};
    for (auto& gateway : gateways_) {
      const auto status = gateway->status();
      now.requests += status.requests;
      now.confirmed += status.watermark;
    }
    samples_.push_back(now);
  }

  [[nodiscard]] std::int64_t owed() const {
    return std::accumulate(
        gateways_.begin(), gateways_.end(), std::int64_t{0},
        [](std::int64_t sum, const auto& each) { return sum + each->last() - each->status().watermark; });
  }
  [[nodiscard]] std::int64_t counted() const {
    return std::accumulate(gateways_.begin(), gateways_.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each->last(); });
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Gateway>>& gateways() const { return gateways_; }
  [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }
  [[nodiscard]] double processor() const { return processor_of_children(postmaster_); }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

 private:
  test::RealHq& hq_;
  double compression_;
  std::vector<std::unique_ptr<Gateway>> gateways_;
  std::vector<Sample> samples_;
  std::string postmaster_;
  Clock::time_point begin_{};
};

/// Requests a second over time, the outage shaded.
void draw(const std::vector<Sample>& samples, double from, double to, const std::string& file) {
  constexpr double kWidth = 900, kHeight = 260, kMargin = 40;
  std::vector<std::pair<double, double>> rates;
  for (std::size_t i = 8; i < samples.size(); ++i) {
    const auto& a = samples[i - 8];
    const auto& b = samples[i];
    rates.emplace_back(b.at, static_cast<double>(b.requests - a.requests) / (b.at - a.at));
  }
  const auto end = samples.back().at;
  const auto most = std::max(1.0, std::max_element(rates.begin(), rates.end(), [](auto& a, auto& b) {
                                    return a.second < b.second;
                                  })->second);
  const auto x = [&](double at) { return kMargin + at / end * (kWidth - 2 * kMargin); };
  const auto y = [&](double rate) { return kHeight - kMargin - rate / most * (kHeight - 2 * kMargin); };
  std::ofstream svg(file);
  svg << fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" font-family="sans-serif" font-size="12">
<rect width="{0}" height="{1}" fill="white"/><rect x="{2}" y="{3}" width="{4}" height="{5}" fill="#eee"/>
<text x="{2}" y="{6}">HQ is gone</text><text x="{3}" y="20">requests a second, at most {7:.0f}</text>
<text x="{8}" y="{9}" text-anchor="end">{10:.0f} s</text>
<polyline fill="none" stroke="#06c" stroke-width="1.5" points=")",
      kWidth, kHeight, x(from), kMargin, x(to) - x(from), kHeight - 2 * kMargin, kMargin + 14, most,
      kWidth - kMargin, kHeight - 15, end);
  for (const auto& [at, rate] : rates) svg << fmt::format("{:.1f},{:.1f} ", x(at), y(rate));
  svg << "\"/></svg>\n";
}

/// The busiest second between two instants, as a multiple of the mean: 1 is even, the interval in seconds is
/// all at once.
double peak_to_mean(const std::vector<Sample>& samples, double from, double to) {
  double peak = 0;
  const Sample* first = nullptr;
  const Sample* last = nullptr;
  for (std::size_t i = 0, j = 0; j < samples.size(); ++j) {
    if (samples[j].at < from || samples[j].at > to) continue;
    if (first == nullptr) first = &samples[i = j];
    last = &samples[j];
    while (samples[j].at - samples[i + 1].at >= 1 && i + 1 < j) ++i;
    if (const auto span = samples[j].at - samples[i].at; span >= 1) {
      peak = std::max(peak, static_cast<double>(samples[j].requests - samples[i].requests) / span);
    }
  }
  if (first == last) return 0;
  return peak / (static_cast<double>(last->requests - first->requests) / (last->at - first->at));
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void allow_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) try {
  if (!test::RealHq::available()) {
    std::cerr << "PostgreSQL 15 and sqitch are needed\n";
    return 77;
  }
  allow_many_files();
  const int stores = argc > 1 ? std::stoi(argv[1]) : 1000;
  const double compression = argc > 2 ? std::stod(argv[2]) : 10;
  test::RealHq hq;
  Fleet fleet(hq, stores, compression);
  fleet.start();

  const auto steady_from = fleet.seconds();
  const auto steady_processor = fleet.processor();
  fleet.sample();
  const auto before = fleet.samples().back();
  fleet.run([&] { return fleet.seconds() - steady_from > kSteadyMinutes * 60 / compression; });
  const auto after = fleet.samples().back();
  const auto requests = static_cast<double>(after.requests - before.requests);
  const auto processor = fleet.processor() - steady_processor;

  const auto gone_at = fleet.seconds();
  hq.stop_api();
  fleet.outage(kOutageMinutes);
  const auto back_at = fleet.seconds();
  std::vector<std::int64_t> present;
  for (const auto& gateway : fleet.gateways()) present.push_back(gateway->last());
  hq.start_api();

  // When each store's present was there, and when its backlog was.
  std::vector<double> present_after(present.size(), 0), drained_after(present.size(), 0);
  fleet.run([&] {
    bool all = true;
    for (std::size_t i = 0; i < present.size(); ++i) {
      const auto status = fleet.gateways()[i]->status();
      const auto since = fleet.seconds() - back_at;
      if (present_after[i] == 0 && std::max(status.live, status.watermark) >= present[i])
        present_after[i] = since;
      if (drained_after[i] == 0 && status.watermark >= present[i]) drained_after[i] = since;
      all = all && drained_after[i] > 0;
    }
    if (fleet.seconds() - back_at > 1200)
      throw std::runtime_error("not all stores came back in twenty minutes");
    return all;
  });
  const auto end_of_last = percentile(drained_after, 1);
  while (fleet.owed() > 0) {
    fleet.sample();
    std::this_thread::sleep_for(200ms);
    if (fleet.seconds() - back_at > 1500) throw std::runtime_error("the fleet does not come to rest");
  }
  fleet.stop();
  draw(fleet.samples(), gone_at, back_at, "fleet.svg");
  const auto at_hq = std::stoll(hq.sql().value("select count(*) from data.people_counting_raw"));

  // The slowest ten seconds of the way back beside its mean, the last tenth of the readings left out.
  const auto& samples = fleet.samples();
  std::vector<double> windows;
  const auto backlog = static_cast<double>(fleet.counted());
  for (std::size_t i = 40; i < samples.size(); ++i) {
    const auto &a = samples[i - 40], &b = samples[i];
    if (a.at > back_at && static_cast<double>(b.confirmed) < 0.9 * backlog) {
      windows.push_back(static_cast<double>(b.confirmed - a.confirmed) / (b.at - a.at));
    }
  }
  const auto mean = windows.empty() ? 0
                                    : std::accumulate(windows.begin(), windows.end(), 0.0) /
                                          static_cast<double>(windows.size());
  const auto slowest = windows.empty() ? 0 : *std::min_element(windows.begin(), windows.end());
  const auto per_request = processor / requests * 1000;
  const auto figure = [](std::string what, double value, std::string unit) {
    return Figure{.what = std::move(what), .value = value, .unit = std::move(unit), .accept = {}, .aim = {}};
  };
  const std::vector<Figure> figures{
      figure("steady: requests", requests / (after.at - before.at), "1/s"),
      // The first two minutes are those in which the stores power up.
      figure("steady: busiest second, a multiple of the mean",
             peak_to_mean(samples, steady_from + 120 / compression, gone_at), ""),
      figure("steady: HQ's processor time a request", per_request, "ms"),
      figure("return: the present of half the stores is there after", percentile(present_after, 0.5), "s"),
      figure("return: of 99 %", percentile(present_after, 0.99), "s"),
      figure("return: of the last", percentile(present_after, 1), "s"),
      figure("return: all backlogs drained after", end_of_last, "s"),
      figure("return: readings, mean", mean, "1/s"),
      {.what = "return: slowest ten seconds, share of the mean",
       .value = mean > 0 ? slowest / mean * 100 : 0,
       .unit = "%",
       .accept = 30,
       .aim = 70,
       .more_is_better = true,
       .decides = !windows.empty()},
      {.what = "readings lost or doubled",
       .value = std::abs(static_cast<double>(at_hq - fleet.counted())),
       .unit = "",
       .accept = 0,
       .aim = 0,
       .decides = true},
      // Requests grow with the stores, and so does their cost: everything a request touches is its store's
      // own.
      figure("processors that 100,000 stores ask of HQ", 100'000.0 / 60 * per_request / 1000, ""),
  };
  std::cout << fmt::format(
      "{} stores of {} sensors, {} times as fast as in life; {} readings; fleet.svg shows requests\n", stores,
      kSensors, compression, fleet.counted());
  print(figures);
  return acceptable(figures) ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
