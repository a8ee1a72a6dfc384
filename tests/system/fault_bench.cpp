#include "tests/system/fault_bench.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "gateway/store/store.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"

namespace lintel::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int kDoors = 20;
constexpr int kGatewayMegabytes = 24;
constexpr int kHqMegabytes = 64;
constexpr std::size_t kHostsSize = 200;

UtcMs year(int number) {
  return std::chrono::sys_days{std::chrono::year{number} / 1 / 1};
}

std::string serial(int door) {
  return fmt::format("VS125-{:04}", door);
}

/// Of a day ago, so that nothing is of the future however long it all takes.
UtcMs begin_of_counting() {
  static const auto kBegin = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()) - 72h;
  return UtcMs{kBegin.time_since_epoch()};
}

}  // namespace

void FaultBench::FreeContext::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

FaultBench::Context FaultBench::context(const Authority& authority, const std::string& name, int first_year,
                                        int last_year) {
  Context made(SSL_CTX_new(TLS_server_method()));
  authority.equip(made.get(), name, year(first_year), year(last_year));
  return made;
}

FaultBench::FaultBench(Disks disks) : host_(mounts_ ? "hq.test" : "localhost") {
  good_ = context(ours_, host_, 2001, 2048);
  expired_ = context(ours_, host_, 2001, 2002);
  of_another_ = context(ours_, "elsewhere.test", 2001, 2048);
  of_a_strangers_ = context(strangers_, host_, 2001, 2048);
  if (mounts_) {
    std::ofstream(dir_.path() / "hosts") << "";
    hosts_.emplace(dir_.path() / "hosts", "/etc/hosts");
    name_leads_to("127.0.0.1");
  }
  if (mounts_ && disks == Disks::small) {
    gateway_disk.emplace(dir_.path() / "disk", kGatewayMegabytes);
    move_tables();
  }
  proxy = std::make_unique<FaultyProxy>(hq.port(), good_.get());
  configure();
}

/// Those who use it end before it goes.
FaultBench::~FaultBench() {
  proxy.reset();
  if (gateway_.running()) kill_gateway();
  hq.stop_api();
  hq.cluster.stop();
}

void FaultBench::configure() {
  ours_.write(dir_.path() / "ca.pem");
  std::ofstream(dir_.path() / "credential") << hq.token() << '\n';
  fs::permissions(dir_.path() / "credential", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_directories(dir_.path() / "links.d");
  std::ofstream(dir_.path() / "gateway.conf") << fmt::format(
      "[store]\nid = {}\ntimezone = Europe/Berlin\n[gateway]\nstate_dir = disk/state\nspool_dir = "
      "disk/spool\n"
      "[storage]\ncommit_interval_ms = 5\n[clock]\ntrust_system = yes\n[status]\nlisten =\n[ingest]\nlisten "
      "= "
      "127.0.0.1:{}\n[hq]\nurl = https://{}:{}\nca_file = ca.pem\ncredential_file = credential\n"
      "interval_seconds = 0.1\n",
      hq.sql().value("select public_id from data.stores"), ingest_port_, host_, proxy->port());
  std::ofstream(dir_.path() / "links.d/door.conf")
      << "type = http\ndecoder = milesight-vs125\nauth = path\nsecret = 5b1f0c9a77e3421d\n";
}

/// HQ's tables get a small disk of their own; its log stays where it is.
void FaultBench::move_tables() {
  const auto dir = hq.cluster.dir() / "small";
  hq_disk.emplace(dir, kHqMegabytes);
  const auto* owner = ::getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe): before any thread
  if (owner == nullptr || ::chown(dir.c_str(), owner->pw_uid, owner->pw_gid) != 0)
    throw std::runtime_error("cannot give the small disk to the user postgres");
  hq.stop_api();
  {
    Sql sql(hq.cluster.conninfo("postgres"));
    sql.rows(fmt::format("create tablespace small location '{}'", dir.string()));
    sql.rows("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'hq'");
    sql.rows("alter database hq set tablespace small");
  }
  hq.start_api();
}

void FaultBench::pass(int windows) {
  for (int i = 0; i < windows; ++i) {
    const auto number = static_cast<int>(passed_.size());
    Window window;
    window.start = begin_of_counting() + 60s * (number / kDoors);
    window.end = window.start + 60s;
    window.counted = {number % 1000 + 1, number % 7};
    owed_.push_back(vs125_payload(serial(number % kDoors), window, false));
    passed_.push_back({serial(number % kDoors), "1", count_ms(window.start), 0, 60'000, window.counted.in,
                       window.counted.out});
  }
}

bool FaultBench::push() {
  const auto url = fmt::format("http://127.0.0.1:{}/ingest/door/5b1f0c9a77e3421d", ingest_port_);
  while (!owed_.empty()) {
    HttpRequest request;
    request.body = owed_.front();
    request.timeout_ms = 1000;
    if (ask(url, request).status != 200) return false;
    owed_.pop_front();
  }
  return true;
}

bool FaultBench::at_hq() {
  try {
    auto sql = hq.sql();
    if (sql.value("select count(*) from data.people_counting_raw") != std::to_string(passed_.size()))
      return false;
    return difference().empty();
  } catch (const std::runtime_error&) {
    return false;  // HQ is not there
  }
}

std::string FaultBench::difference() {
  auto sql = hq.sql();
  const auto have = rows_at(sql);
  auto want = passed_;
  std::sort(want.begin(), want.end());
  std::vector<Row> lost, extra;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(lost));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(), std::back_inserter(extra));
  if (lost.empty() && extra.empty()) return {};
  return fmt::format("{} passed, {} are at HQ, {} are missing there, {} nobody passed", want.size(),
                     have.size(), lost.size(), extra.size());
}

std::int64_t FaultBench::set_aside() const {
  auto db = store::Database::open(store::database_path(dir_.path() / "disk/state"), store::OpenMode::reader);
  if (!db) throw std::runtime_error(db.error().message);
  return db->scalar("select count(*) from set_aside");
}

void FaultBench::start_gateway() {
  gateway_ = Process::spawn({LINTEL_HURRIED, "--config", (dir_.path() / "gateway.conf").string()}, {},
                            dir_.path() / "log");
}

void FaultBench::kill_gateway() {
  gateway_.kill(SIGKILL);
  gateway_.wait();
}

void FaultBench::wait_for_exchange() {
  const auto before = proxy->connections() + proxy->requests();
  (void)eventually([&] { return proxy->connections() + proxy->requests() > before; }, 300ms);
}

Answer FaultBench::lintel(std::vector<std::string> words) const {
  words.insert(words.end(), {"--config", (dir_.path() / "gateway.conf").string()});
  return ask(words);
}

nlohmann::json FaultBench::status() const {
  const auto said = lintel({"status", "--json"});
  return nlohmann::json::parse(said.out, nullptr, false);
}

std::vector<std::string> FaultBench::troubles() const {
  const auto said = status();
  std::vector<std::string> words;
  if (!said.is_object()) return words;
  const auto sync = said.value("hq", nlohmann::json::object());
  const auto gateway = said.value("gateway", nlohmann::json::object());
  const auto trouble = sync.value("trouble", std::string());
  const bool explained =
      !sync.value("error", std::string()).empty() && !sync.value("advice", std::string()).empty();
  if (!trouble.empty() && trouble != "none" && explained) words.push_back(trouble);
  if (!gateway.value("storage_error", std::string()).empty()) words.emplace_back("storage");
  return words;
}

std::string FaultBench::log() const {
  return text_of(dir_.path() / "log");
}

void FaultBench::present(Certificate certificate) {
  switch (certificate) {
    case Certificate::good: return proxy->serve_as(good_.get());
    case Certificate::expired: return proxy->serve_as(expired_.get());
    case Certificate::of_another: return proxy->serve_as(of_another_.get());
    case Certificate::of_a_stranger: return proxy->serve_as(of_a_strangers_.get());
  }
}

/// In place: what is mounted is the file, not its name.
void FaultBench::name_leads_to(const std::string& addresses) {
  std::string text = "127.0.0.1 localhost\n", address;
  for (std::istringstream all(addresses); all >> address;) text += address + ' ' + host_ + '\n';
  text.resize(kHostsSize, '\n');  // one write, and at no moment a shorter file
  std::fstream(dir_.path() / "hosts", std::ios::in | std::ios::out) << text;
  if (proxy) proxy->reset_connections();
}

void FaultBench::skew_hq_clock(const std::string& offset) {
  skewed_ = true;
  hq.restart_api({"LD_PRELOAD=" LINTEL_FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME=" + offset});
}

void FaultBench::fair() {
  proxy->behave();
  proxy->listen();
  present(Certificate::good);
  if (mounts_) name_leads_to("127.0.0.1");
  if (std::exchange(skewed_, false)) hq.restart_api();
}

}  // namespace lintel::test
