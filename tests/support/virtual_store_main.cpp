#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>

#include <boost/program_options.hpp>

#include "tests/support/virtual_store.hpp"

namespace {

constexpr const char* kUsage =
    "usage: virtual_store --tty LINK --ledger FILE [options]\n"
    "A store of three doors that sends what real sensors send. SIGUSR1 opens the doors, SIGUSR2 closes them\n"
    "(\"closed\" is printed when all is acknowledged), SIGTERM ends it.\n";

std::optional<lintel::test::VirtualStoreOptions> parse(int argc, char** argv) {
  namespace po = boost::program_options;
  lintel::test::VirtualStoreOptions options;
  std::string tty;
  std::string ledger;
  std::string zone;
  int window = 2;
  po::options_description known("options");
  auto add = known.add_options();
  add("help,h", "this text");
  add("broker", po::value(&options.broker), "tcp://HOST:PORT");
  add("tty", po::value(&tty)->required(), "symbolic link that the serial sensor's tty gets");
  add("ledger", po::value(&ledger)->required(), "CSV file of everything sent");
  add("seed", po::value(&options.seed), "the same seed brings the same people");
  add("compress", po::value(&options.compress), "store hours pass this much faster");
  add("start-hour", po::value(&options.start_hour), "time of day at opening");
  add("peak", po::value(&options.peak_per_hour), "people an hour at the main door when it is busiest");
  add("window", po::value(&window), "seconds between two reports");
  add("timezone", po::value(&zone), "of the serial board's clock");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, known), values);
  if (values.count("help") != 0) {
    std::cout << kUsage << known;
    return std::nullopt;
  }
  po::notify(values);
  options.tty = tty;
  options.ledger = ledger;
  options.window = std::chrono::seconds(window);
  if (!zone.empty()) ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
  return options;
}

void serve(const lintel::test::VirtualStoreOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  // Blocked before the first thread exists, so that only sigwait sees them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  lintel::test::VirtualStore store(options);
  std::cout << "ready" << std::endl;
  bool opened = false;
  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    if (signal == SIGUSR1 && !opened) {
      store.open();
      opened = true;
      std::cout << "open" << std::endl;
    } else if (signal == SIGUSR2) {
      store.close();
      std::cout << "closed" << std::endl;
    } else if (signal == SIGTERM || signal == SIGINT) {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (const auto options = parse(argc, argv)) serve(*options);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "virtual_store: " << error.what() << "\n" << kUsage;
    return 2;
  }
}
