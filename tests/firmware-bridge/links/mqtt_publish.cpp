// A sensor in a process of its own. usage: mqtt_publish BROKER_URL TOPIC FROM TO
// Publishes the numbers from FROM up to TO, and ends when the broker has acknowledged them all.

#include <cstdio>
#include <cstdlib>

#include "tests/firmware-bridge/links/mqtt_publisher.hpp"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  try {
    lintel::test::Publisher publisher(argv[1], "sensor-" + std::string(argv[3]));
    for (int i = std::atoi(argv[3]); i < std::atoi(argv[4]); ++i)
      publisher.publish(argv[2], std::to_string(i));
    publisher.flush();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
