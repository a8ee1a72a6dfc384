// A counter on a Modbus RTU bus, served by libmodbus as a device's firmware would.
//
//   modbus_slave DEVICE UNIT FIRST DELAY_MS VALUE...
//
// Input registers from FIRST on hold the values, other addresses are answered with an exception. Every answer
// takes DELAY_MS.
#include <modbus/modbus.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const auto number = [&](int i) { return static_cast<int>(std::strtol(argv[i], nullptr, 10)); };
  const std::unique_ptr<modbus_t, void (*)(modbus_t*)> context(modbus_new_rtu(argv[1], 9600, 'N', 8, 1),
                                                               modbus_free);
  const int count = argc - 5;
  const std::unique_ptr<modbus_mapping_t, void (*)(modbus_mapping_t*)> mapping(
      modbus_mapping_new_start_address(0, 0, 0, 0, 0, 0, static_cast<unsigned>(number(3)),
                                       static_cast<unsigned>(count)),
      modbus_mapping_free);
  if (!context || !mapping) return 1;
  for (int i = 0; i < count; ++i) mapping->tab_input_registers[i] = static_cast<std::uint16_t>(number(5 + i));
  modbus_set_slave(context.get(), number(2));
  // It takes what follows a question to another unit for that unit's answer. Where none comes, it must not
  // wait so long that it takes the next question for it.
  modbus_set_response_timeout(context.get(), 0, 30'000);
  if (modbus_connect(context.get()) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> request{};
  while (true) {
    const int length = modbus_receive(context.get(), request.data());
    if (length < 0 && (errno == EIO || errno == ECONNRESET)) return 0;
    if (length <= 0) continue;  // not for us, or damaged
    if (number(4) > 0) (void)::usleep(static_cast<useconds_t>(number(4)) * 1000);
    (void)modbus_reply(context.get(), request.data(), length, mapping.get());
  }
}
