// A process to be killed: fills a spool from a broker until it is told to stop.
// usage: mqtt_to_spool BROKER_URL SPOOL_DIR

#include <csignal>
#include <cstdio>

#include "firmware-bridge/links/mqtt_link.hpp"
#include "firmware-bridge/links/spool.hpp"

using namespace lintel::bridge::links;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Spool::Options spool_options;
  spool_options.dir = argv[2];
  spool_options.limit_bytes = 1U << 30;
  auto spool = Spool::open(spool_options, {});
  if (!spool) {
    std::fprintf(stderr, "%s\n", spool.error().message.c_str());
    return 1;
  }
  MqttLink::Options options;
  options.name = "broker";
  options.url = argv[1];
  options.client_id = "lintel-test";
  options.topics = {"bus/#"};
  options.boot_clock = [] { return lintel::BootTime{}; };
  options.log = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  MqttLink link(options, **spool);
  link.start();
  int signal = 0;
  sigwait(&signals, &signal);
  link.stop();
  return 0;
}
