#include "gateway/setup/label.hpp"

#include <qrencode.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace lintel::setup {

namespace {

constexpr double kCode = 38;      // mm, without the quiet zone around it
constexpr double kRoom = 41;      // mm beside it
constexpr double kWidest = 0.58;  // of a letter's height, in the usual fonts without serifs
constexpr int kQuietZone = 4;     // modules, as ISO/IEC 18004 asks for

std::string xml_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

/// The dark modules as one path, a module being 1 by 1.
std::string path_of(const QRcode& code) {
  std::string path;
  for (int y = 0; y < code.width; ++y) {
    for (int x = 0; x < code.width; ++x) {
      if ((code.data[y * code.width + x] & 1) == 0) continue;
      int run = 1;
      while (x + run < code.width && (code.data[y * code.width + x + run] & 1) != 0) ++run;
      path += fmt::format("M{} {}h{}v1h-{}z", x, y, run, run);
      x += run;
    }
  }
  return path;
}

/// A line beside the code, as large as it may be and no wider than there is room.
std::string text(double y, double size, const std::string& words) {
  const double fits = kRoom / (kWidest * static_cast<double>(std::max<std::size_t>(words.size(), 1)));
  return fmt::format("    <text x=\"47\" y=\"{}\" font-size=\"{:.2f}\">{}</text>\n", y, std::min(size, fits),
                     xml_text(words));
}

}  // namespace

Result<std::string> label_sheet(const Label& label) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString8bit(label.url.c_str(), 0, QR_ECLEVEL_M), QRcode_free);
  if (code == nullptr) {
    return fail(ErrorKind::misconfigured, fmt::format("{} does not fit into a QR code", label.url));
  }
  const int width = code->width + 2 * kQuietZone;
  auto inside = fmt::format(
      "    <rect width=\"90\" height=\"50\" fill=\"#fff\" stroke=\"#999\" stroke-width=\".2\" "
      "stroke-dasharray=\"1 1\"/>\n"
      "    <svg x=\"4\" y=\"6\" width=\"{0}\" height=\"{0}\" viewBox=\"-{1} -{1} {2} {2}\" "
      "shape-rendering=\"crispEdges\"><path d=\"{3}\"/></svg>\n",
      kCode, kQuietZone, width, path_of(*code));
  inside += text(14, 5, "Lintel");
  if (!label.store.empty()) inside += text(21, 3.6, label.store);
  inside += text(29, 3, label.url);
  if (!label.pin.empty()) inside += text(36, 3.6, "PIN " + label.pin);
  inside += text(43, 2.6, "Scan to see whether it counts.");
  std::string sheet =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" viewBox=\"0 0 210 297\" "
      "font-family=\"sans-serif\">\n";
  for (const int y : {20, 80})
    sheet += fmt::format("  <g transform=\"translate(15 {})\">\n{}  </g>\n", y, inside);
  return sheet + "</svg>\n";
}

}  // namespace lintel::setup
