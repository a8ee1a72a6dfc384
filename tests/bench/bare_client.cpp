// The least that receiving can cost: Paho's callback appends each payload to a file.
// bench_bare_client URL TOPIC COUNT FILE; prints messages a second and microseconds of processor a message.
// With COUNT 0 it only makes the session in which the broker then queues.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <MQTTAsync.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Bare {
  MQTTAsync client = nullptr;
  const char* topic = "";
  long expected = 0;
  long received = 0;
  int file = -1;
  Clock::time_point first;
  Clock::time_point last;
  bool subscribed = false;
  std::mutex mutex;
  std::condition_variable changed;
};

int on_message(void* context, char* topic, int, MQTTAsync_message* message) {
  auto& bare = *static_cast<Bare*>(context);
  if (::write(bare.file, message->payload, static_cast<std::size_t>(message->payloadlen)) < 0) std::abort();
  {
    const std::lock_guard lock(bare.mutex);
    bare.last = Clock::now();
    if (bare.received++ == 0) bare.first = bare.last;
    if (bare.received == bare.expected) bare.changed.notify_all();
  }
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

void on_subscribed(void* context, MQTTAsync_successData*) {
  auto& bare = *static_cast<Bare*>(context);
  const std::lock_guard lock(bare.mutex);
  bare.subscribed = true;
  bare.changed.notify_all();
}

void on_connected(void* context, MQTTAsync_successData*) {
  auto& bare = *static_cast<Bare*>(context);
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.onSuccess = on_subscribed;
  options.context = context;
  if (MQTTAsync_subscribe(bare.client, bare.topic, 1, &options) != MQTTASYNC_SUCCESS) std::abort();
}

void receive(Bare& bare) {
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
  options.cleansession = 0;
  options.MQTTVersion = MQTTVERSION_3_1_1;
  options.onSuccess = on_connected;
  options.context = &bare;
  if (MQTTAsync_connect(bare.client, &options) != MQTTASYNC_SUCCESS) std::abort();
  std::unique_lock lock(bare.mutex);
  bare.changed.wait(lock, [&] { return bare.subscribed && bare.received >= bare.expected; });
}

void disconnect(Bare& bare) {
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
  options.timeout = 1000;
  MQTTAsync_disconnect(bare.client, &options);
  while (MQTTAsync_isConnected(bare.client) != 0) ::usleep(1000);
  MQTTAsync_destroy(&bare.client);
}

double processor_us() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  Bare bare;
  bare.topic = argv[2];
  bare.expected = std::atol(argv[3]);
  bare.file = ::open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (bare.file < 0 ||
      MQTTAsync_create(&bare.client, argv[1], "bench-bare", MQTTCLIENT_PERSISTENCE_NONE, nullptr) != 0 ||
      MQTTAsync_setCallbacks(bare.client, &bare, nullptr, on_message, nullptr) != 0)
    return 1;
  receive(bare);
  const std::chrono::duration<double> took = bare.last - bare.first;
  if (bare.expected > 1)
    std::printf("%.1f %.2f\n", static_cast<double>(bare.expected) / took.count(),
                processor_us() / static_cast<double>(bare.expected));
  disconnect(bare);
  return 0;
}
