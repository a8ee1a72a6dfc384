#pragma once

#include <boost/asio/io_context.hpp>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/spool.hpp"
#include "gateway/app/writer.hpp"

namespace lintel::app {

/// The writer's commits, told on the loop's thread.
class LoopCommits final : public bridge::Commits {
 public:
  LoopCommits(boost::asio::io_context& loop, const bridge::links::Spool& spool, Writer& writer)
      : loop_(loop), spool_(spool), writer_(writer) {}

  void when_committed(std::function<void()> done) override;

 private:
  boost::asio::io_context& loop_;
  const bridge::links::Spool& spool_;
  Writer& writer_;
};

}  // namespace lintel::app
