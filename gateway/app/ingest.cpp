#include "gateway/app/ingest.hpp"

#include <fmt/format.h>

#include "gateway/app/log.hpp"

namespace lintel::app {

namespace {

constexpr auto kTryAgain = std::chrono::seconds{5};

}  // namespace

Ingest::Ingest(boost::asio::io_context& loop, std::string listen,
               std::shared_ptr<bridge::links::PushLinks> links)
    : loop_(loop), listen_(std::move(listen)), links_(std::move(links)), again_(loop) {}

void Ingest::open() {
  status::HttpServer::Options options;
  options.purpose = "the listener for devices that push";
  options.key = "[ingest] listen";
  options.listen = listen_;
  options.log = [](const std::string& text) { log(text); };
  status::Routes routes;
  routes.uploads = links_;
  auto server = status::HttpServer::open(loop_, std::move(options), std::move(routes));
  if (server) {
    server_ = std::move(*server);
    links_->listening(true, {});
    log(fmt::format("devices push to port {} ({})", server_->port(), listen_));
    return;
  }
  links_->listening(false, server.error().message);
  if (std::exchange(told_, server.error().message) != server.error().message) log(server.error().message);
  again_.expires_after(kTryAgain);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) open();
  });
}

void Ingest::close() {
  again_.cancel();
  server_.reset();
}

}  // namespace lintel::app
