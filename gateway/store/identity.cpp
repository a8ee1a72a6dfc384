#include "gateway/store/identity.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace lintel::store {

std::string random_uuid() {
  return boost::uuids::to_string(boost::uuids::random_generator()());
}

std::string named_uuid(std::string_view space, std::string_view name) {
  const auto parent = boost::uuids::string_generator()(space.begin(), space.end());
  return boost::uuids::to_string(boost::uuids::name_generator_sha1(parent)(name.data(), name.size()));
}

}  // namespace lintel::store
