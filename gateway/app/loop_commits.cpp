#include "gateway/app/loop_commits.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace lintel::app {

void LoopCommits::when_committed(std::function<void()> done) {
  writer_.when_stored(spool_.end(),
                      [&loop = loop_, done = std::move(done)] { boost::asio::post(loop, done); });
}

}  // namespace lintel::app
