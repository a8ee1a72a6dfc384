#include "firmware-bridge/links/poller.hpp"

#include <algorithm>

#include <curl/curl.h>

namespace lintel::bridge::links {

namespace {

/// stop() wakes the thread, so this is only a bound for the arithmetic.
constexpr int kLongestWaitMs = 60'000;

}  // namespace

Poller::Poller(std::vector<PollOptions> devices, FrameSink& sink) {
  if (devices.empty()) return;
  start_curl();
  multi_ = curl_multi_init();
  const auto now = PollDevice::Clock::now();
  for (auto& options : devices) {
    devices_.push_back(std::make_unique<PollDevice>(std::move(options), sink, now, random_));
  }
}

Poller::~Poller() {
  stop();
  for (auto& device : devices_) curl_multi_remove_handle(multi_, device->handle());
  devices_.clear();
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

void Poller::start() {
  if (!devices_.empty()) thread_ = std::thread([this] { run(); });
}

void Poller::stop() {
  stopping_ = true;
  if (multi_ != nullptr) curl_multi_wakeup(multi_);
  if (thread_.joinable()) thread_.join();
}

std::vector<LinkState> Poller::states() const {
  std::vector<LinkState> all;
  for (const auto& device : devices_) all.push_back(device->state());
  return all;
}

void Poller::run() {
  while (!stopping_) {
    begin_due();
    int active = 0;
    curl_multi_perform(multi_, &active);
    finish_done();
    curl_multi_poll(multi_, nullptr, 0, next_wait(), nullptr);
  }
}

void Poller::begin_due() {
  const auto now = PollDevice::Clock::now();
  for (auto& device : devices_) {
    if (device->running() || device->due() > now) continue;
    CURL* curl = device->begin(now);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, device.get());
    if (curl_multi_add_handle(multi_, curl) != CURLM_OK) device->done(CURLE_FAILED_INIT, now);
  }
}

void Poller::finish_done() {
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* curl = message->easy_handle;
    const auto code = message->data.result;
    PollDevice* device = nullptr;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &device);
    device->done(code, PollDevice::Clock::now());
    curl_multi_remove_handle(multi_, curl);
  }
}

int Poller::next_wait() const {
  const auto now = PollDevice::Clock::now();
  int wait = kLongestWaitMs;
  for (const auto& device : devices_) {
    if (device->running()) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(device->due() - now).count();
    wait = std::min(wait, static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongestWaitMs)));
  }
  return wait;
}

}  // namespace lintel::bridge::links
