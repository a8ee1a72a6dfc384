#include "firmware-bridge/links/multipart.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "firmware-bridge/links/http_fields.hpp"

using namespace lintel::bridge::links;

namespace {

struct Cut {
  std::vector<std::string> parts;
  std::uint64_t pictures = 0;
  std::uint64_t overlong = 0;
  bool readable = true;
  bool inside = false;
};

/// `finish`: the body ends here; else it is a stream that has only fallen silent.
Cut cut(const std::string& body, std::size_t piece, bool finish = true, std::size_t limit = 1000,
        const std::string& boundary = "b") {
  Cut result;
  MultipartSplitter splitter({boundary, limit},
                             [&](std::string_view part) { result.parts.emplace_back(part); });
  for (std::size_t at = 0; at < body.size(); at += piece) {
    result.readable = splitter.feed(std::string_view(body).substr(at, piece)) && result.readable;
  }
  result.inside = splitter.inside_part();
  if (finish) splitter.finish();
  result.pictures = splitter.pictures();
  result.overlong = splitter.overlong();
  return result;
}

const std::string kPicture = std::string("\xFF\xD8\xFF\xE0", 4) + std::string(3000, '\0') + "\r\n--c\r\n";

/// As Hikvision's cameras push it: XML, and the picture that goes with it.
const std::string kBody =
    "--b\r\nContent-Disposition: form-data; name=\"a.xml\"\r\nContent-Type: application/xml\r\n\r\n"
    "<a>\r\n</a>\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"p\"; filename=\"p.jpg\"\r\nContent-Type: image/jpeg\r\n"
    "Content-Length: " +
    std::to_string(kPicture.size()) + "\r\n\r\n" + kPicture +
    "\r\n--b\r\nContent-Type: "
    "application/json\r\n\r\n{\"n\":1}\r\n--b--\r\nepilogue\r\n--b\r\n\r\nx\r\n--b--";

using Parts = std::vector<std::string>;

}  // namespace

TEST_CASE("multipart: parts come out whole and pictures not at all, however the bytes are chunked") {
  for (std::size_t piece = 1; piece < 60; ++piece) {
    const auto result = cut(kBody, piece);
    CHECK(result.readable);
    CHECK(result.parts == Parts{"<a>\r\n</a>", "{\"n\":1}"});
    CHECK(result.pictures == 1);
  }
}

TEST_CASE("multipart: a picture is one whatever its header says") {
  const std::string lie = "--b\r\nContent-Type: text/plain\r\n\r\n" + kPicture + "\r\n--b--";
  for (const std::size_t piece : {1UL, 7UL, 10'000UL}) {
    const auto result = cut(lie, piece);
    CHECK(result.parts.empty());
    CHECK(result.pictures == 1);
  }
}

TEST_CASE("multipart: lines may end in LF, parts may be empty, a preamble is passed over") {
  CHECK(cut("hello\n--b\n\n--b\nA: b\n\none\n--b   \n\ntwo\n--b--", 3).parts == Parts{"one", "two"});
  CHECK(cut("--b\r\n\r\n\r\n--b--", 1).parts.empty());
}

TEST_CASE("multipart: a part that states its length is there before the next boundary is") {
  const std::string stream = "--b\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>";
  for (const std::size_t piece : {1UL, 5UL, 100UL}) {
    CHECK(cut(stream, piece, false).parts == Parts{"<a/>"});
    CHECK(cut(stream + "\r\n" + stream + "\r\n", piece, false).parts == Parts{"<a/>", "<a/>"});
    // A length that counts the line end before the boundary too.
    CHECK(cut("--b\r\nContent-Length: 6\r\n\r\n<a/>\r\n" + stream, piece, false).parts ==
          Parts{"<a/>\r\n", "<a/>"});
  }
}

TEST_CASE("multipart: what was cut off in the middle of a stream is no part") {
  CHECK(cut("--b\r\nContent-Length: 9\r\n\r\n<a/>", 2, false).parts.empty());
  CHECK(cut("--b\r\nContent-Length: 9\r\n\r\n<a/>", 2, true).parts.empty());
  CHECK(cut("--b\r\nContent-Length: 9\r\n\r\n<a/>", 2, false).inside);
  // A body whose end is known needs no last boundary.
  CHECK(cut("--b\r\n\r\n<a/>", 2, true).parts == Parts{"<a/>"});
  CHECK(cut("--b\r\n\r\n<a/>", 2, false).parts.empty());
}

TEST_CASE("multipart: a boundary stated with its dashes is understood") {
  CHECK(cut("--b\r\n\r\none\r\n--b--", 1, true, 1000, "--b").parts == Parts{"one"});
  CHECK(cut("----b\r\n\r\none\r\n----b--", 1, true, 1000, "--b").parts == Parts{"one"});
}

TEST_CASE("multipart: memory is bounded by the part limit, and the next part is read again") {
  const std::string long_part(5000, 'x');
  const auto result = cut("--b\r\n\r\n" + long_part + "\r\n--b\r\n\r\nshort\r\n--b--", 100);
  CHECK(result.parts == Parts{"short"});
  CHECK(result.overlong == 1);
  const auto counted =
      cut("--b\r\nContent-Length: 5000\r\n\r\n" + long_part + "\r\n--b\r\n\r\nshort\r\n--b--", 100);
  CHECK(counted.parts == Parts{"short"});
  CHECK(counted.overlong == 1);
}

TEST_CASE("multipart: a header or a boundary line without end is refused") {
  CHECK_FALSE(cut("--b\r\n" + std::string(20'000, 'x'), 100).readable);
  CHECK_FALSE(cut("--b" + std::string(20'000, ' '), 100).readable);
  CHECK(cut(std::string(100'000, 'x'), 100).parts.empty());
}

TEST_CASE("multipart: no prefix and no flipped bit crashes, and no prefix invents a part") {
  const auto whole = cut(kBody, 50);
  for (std::size_t size = 0; size < kBody.size(); size += 1 + size / 300) {
    const auto result = cut(kBody.substr(0, size), 50, false);
    REQUIRE(result.parts.size() <= whole.parts.size());
    for (std::size_t i = 0; i < result.parts.size(); ++i) CHECK(result.parts[i] == whole.parts[i]);
  }
  for (std::size_t bit = 0; bit < 8 * 400; ++bit) {
    auto body = kBody;
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << bit % 8));
    (void)cut(body, 50);
  }
}

TEST_CASE("fields: parameters are read with quotes, and refused where they are ambiguous") {
  const auto stated = parameters(R"(username="a\"b, c", NC=00000001 ,qop = auth)", ',');
  REQUIRE(stated);
  CHECK(stated->at("username") == "a\"b, c");
  CHECK(stated->at("nc") == "00000001");
  CHECK(stated->at("qop") == "auth");
  CHECK_FALSE(parameters("a=1, a=2", ','));
  CHECK_FALSE(parameters("a=\"1", ','));
  CHECK_FALSE(parameters("a=\"1\"b", ','));
  CHECK_FALSE(parameters("a", ','));
  CHECK(media_type("Multipart/Form-Data; charset=x; boundary=\"a b\"").boundary == "a b");
  CHECK(media_type("image/jpeg").picture());
}
