// What is wrong with a configuration, and the exact words that say so.
#include <doctest/doctest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/config/configured.hpp"

namespace {

using lintel::test::Configured;

struct Refusal {
  std::string_view file;
  std::string_view text;
  std::string problem;
};

const Refusal kGatewayRefusals[] = {
    {"gateway.conf", "[hq]\ninterval_seconds = often\n",
     R"(gateway.conf:2: [hq] interval_seconds = "often": expected a number of seconds, for example 60)"},
    {"gateway.conf", "[hq]\ninterval_seconds = 0\n",
     R"(gateway.conf:2: [hq] interval_seconds = "0": expected a number of seconds from 0.1 to 86400)"},
    {"gateway.conf", "[hq]\ninterval_seconds = nan\n",
     R"(gateway.conf:2: [hq] interval_seconds = "nan": expected a number of seconds, for example 60)"},
    {"gateway.conf", "[hq]\ninterval_seconds = 60 # a minute\n",
     R"(gateway.conf:2: [hq] interval_seconds = "60 # a minute": expected a number of seconds, for example 60 (a comment needs a line of its own))"},
    {"gateway.conf", "[hq]\ninterval_seconds =\n",
     R"(gateway.conf:2: [hq] interval_seconds = "": expected a number of seconds, for example 60)"},
    {"gateway.conf", "\n\n[hq]\nintervall_seconds = 5\n",
     "gateway.conf:4: [hq] intervall_seconds: no such key, did you mean interval_seconds?"},
    {"gateway.conf", "[hq]\ntimezone = Europe/Berlin\n",
     "gateway.conf:2: [hq] timezone: no such key here, it belongs to [store]"},
    {"gateway.conf", "[store]\nphotograph = x\n",
     "gateway.conf:2: [store] photograph: no such key, known are id, name, timezone, day_start, "
     "calendar_from, open"},
    {"gateway.conf", "[stor]\nname = x\nfoo = bar\n",
     "gateway.conf:1: [stor]: no such section, did you mean store?"},
    {"gateway.conf", "[wardrobe]\n",
     "gateway.conf:1: [wardrobe]: no such section, known are store, gateway, storage, clock, status, ingest, "
     "hq, "
     "health"},
    {"gateway.conf", "[store\n", "gateway.conf:1: a section header ends with ], for example [store]"},
    {"gateway.conf", "name = x\n",
     "gateway.conf:1: name: stands above the first section, put it below a line such as [store]"},
    {"gateway.conf", "[store]\nhunter2\n",
     "gateway.conf:2: expected `key = value`, a [section], or a comment that starts with #"},
    {"gateway.conf", "[store]\n= x\n", "gateway.conf:2: there is no key before the ="},
    {"gateway.conf", "[store]\nname = a\n\nname = b\n",
     "gateway.conf:4: [store] name: already set in line 2"},
    {"gateway.conf", "[store]\nname = a\n[hq]\n[store]\nname = b\n",
     "gateway.conf:5: [store] name: already set in line 2"},
    {"gateway.conf", "[store]\nname =\n",
     R"(gateway.conf:2: [store] name = "": expected a text of 1 to 200 bytes)"},
    {"gateway.conf", "[store]\ncalendar_from = 2026-02-30\n",
     R"(gateway.conf:2: [store] calendar_from = "2026-02-30": expected always, or a day as 2026-11-01)"},
    {"gateway.conf", "[store]\nopen = mondays 09:00-20:00\n",
     R"(gateway.conf:2: [store] open = "mondays 09:00-20:00": expected a weekday or a date and its hours, for example monday 09:00-12:30 14:00-02:00)"},
    {"gateway.conf", "[store]\nopen = monday\n",
     R"(gateway.conf:2: [store] open = "monday": expected hours after monday, for example 09:00-20:00 or closed)"},
    {"gateway.conf", "[store]\nopen = monday 9:00-20:00\n",
     R"(gateway.conf:2: [store] open = "monday 9:00-20:00": expected a weekday or a date and its hours, for example monday 09:00-12:30 14:00-02:00)"},
    {"gateway.conf", "[store]\nopen = monday 20:00-02:00 22:00-23:00\n",
     R"(gateway.conf:2: [store] open = "monday 20:00-02:00 22:00-23:00": expected hours in their order, none before the last have ended)"},
    {"gateway.conf", "[store]\ntimezone = Europe/Berln\n",
     R"(gateway.conf:2: [store] timezone = "Europe/Berln": no such time zone, did you mean Europe/Berlin?)"},
    {"gateway.conf", "[store]\ntimezone = ../../../etc/passwd\n",
     R"(gateway.conf:2: [store] timezone = "../../../etc/passwd": expected a time zone of the tz database, for example Europe/Berlin)"},
    {"gateway.conf", "[store]\ntimezone = Europe\n",
     R"(gateway.conf:2: [store] timezone = "Europe": expected a time zone of the tz database, for example Europe/Berlin)"},
    {"gateway.conf", "[store]\ntimezone = \"Europe/Berlin\"\n",
     R"(gateway.conf:2: [store] timezone = ""Europe/Berlin"": no such time zone, did you mean Europe/Berlin? (without quotes))"},
    {"gateway.conf", "[store]\nid = 42\n",
     R"(gateway.conf:2: [store] id = "42": expected a uuid as HQ states it, for example 7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10)"},
    {"gateway.conf", "[store]\nid = 7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e1g\n",
     R"(gateway.conf:2: [store] id = "7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e1g": expected a uuid as HQ states it, for example 7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10)"},
    {"gateway.conf", "[store]\nday_start = 24:00\n",
     R"(gateway.conf:2: [store] day_start = "24:00": expected a time of day from 00:00 to 23:59, for example 04:00)"},
    {"gateway.conf", "[store]\nday_start = 4:00\n",
     R"(gateway.conf:2: [store] day_start = "4:00": expected a time of day from 00:00 to 23:59, for example 04:00)"},
    {"gateway.conf", "[gateway]\nspool_limit_mb = -1\n",
     R"(gateway.conf:2: [gateway] spool_limit_mb = "-1": expected a whole number of megabytes from 1 to 1048576)"},
    {"gateway.conf", "[gateway]\nspool_limit_mb = 99999999999999999999\n",
     R"(gateway.conf:2: [gateway] spool_limit_mb = "99999999999999999999": expected a whole number of megabytes, for example 256)"},
    {"gateway.conf", "[storage]\ndurability = yes\n",
     R"(gateway.conf:2: [storage] durability = "yes": expected strict or relaxed)"},
    {"gateway.conf", "[storage]\ncommit_interval_ms = 1.5\n",
     R"(gateway.conf:2: [storage] commit_interval_ms = "1.5": expected a whole number of milliseconds, for example 50)"},
    {"gateway.conf", "[status]\nlisten = 8080\n",
     R"(gateway.conf:2: [status] listen = "8080": expected an address of this machine and a port, for example 0.0.0.0:8080, or nothing for no page)"},
    {"gateway.conf", "[status]\nlisten = 127.0.0.1:80808\n",
     R"(gateway.conf:2: [status] listen = "127.0.0.1:80808": expected an address of this machine and a port, for example 0.0.0.0:8080, or nothing for no page)"},
    {"gateway.conf", "[status]\nallowed_host = http://gateway\n",
     R"(gateway.conf:2: [status] allowed_host = "http://gateway": expected a host name or address without scheme and port, for example gateway.example.org)"},
    {"gateway.conf", "[hq]\nurl = project.supabase.co\n",
     R"(gateway.conf:2: [hq] url = "project.supabase.co": expected an address that starts with https://, for example https://project.supabase.co/rest/v1)"},
    {"gateway.conf", "[hq]\nurl = https://\n",
     R"(gateway.conf:2: [hq] url = "https://": expected an address that starts with https://, for example https://project.supabase.co/rest/v1)"},
    {"gateway.conf", "[hq]\nurl = https://me:hunter2@hq.example\n",
     R"(gateway.conf:2: [hq] url = "https://***@hq.example": a URL with a password in it is refused, the gateway's own key goes to credential_file =)"},
    {"gateway.conf", "[hq]\napi_key = hunter2 hunter3\n",
     "gateway.conf:2: [hq] api_key: expected one word of ASCII letters, digits and signs"},
    {"gateway.conf", "[hq]\nca_file = nowhere.pem\n",
     R"(gateway.conf:2: [hq] ca_file = "nowhere.pem": there is no such file)"},
    {"gateway.conf", "[health]\noffline_after_minutes = 0\n",
     R"(gateway.conf:2: [health] offline_after_minutes = "0": expected a whole number of minutes from 1 to 44640)"},
    {"gateway.conf", "[store]\nname = Caf\xe9\n",
     "gateway.conf:2: holds bytes that are not UTF-8, save the file as UTF-8 text"},
    {"gateway.conf",
     "\x7f"
     "ELF\x02\x01\x01\n[store]\n",
     "gateway.conf:1: holds bytes that are no text, is this the right file?"},
    {"gateway.conf", "\xff\xfe[", "gateway.conf:1: this is UTF-16, save the file as UTF-8"},
};

const Refusal kLinkRefusals[] = {
    {"links.d/broker.conf", "url = mqtt://h\nsubscribe = milesight-vs125 a\n",
     "links.d/broker.conf: type is missing, add type = mqtt, type = serial, type = modbus, type = http or "
     "type = poll"},
    {"links.d/broker.conf", "type = mqttt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\n",
     R"(links.d/broker.conf:1: type = "mqttt": expected mqtt, serial, modbus, http or poll)"},
    {"links.d/broker.conf", "type = mqtt\nsubscribe = milesight-vs125 a\n",
     "links.d/broker.conf: url is missing, for example: url = mqtt://192.168.1.10:1883"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\n",
     "links.d/broker.conf: subscribe is missing, for example: subscribe = milesight-vs125 "
     "counters/+/telemetry"},
    {"links.d/broker.conf", "type = mqtt\nurl = tcp://h\nsubscribe = milesight-vs125 a\n",
     R"(links.d/broker.conf:2: url = "tcp://h": expected mqtt://HOST:PORT or mqtts://HOST:PORT, for example mqtt://192.168.1.10:1883)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h:0\nsubscribe = milesight-vs125 a\n",
     R"(links.d/broker.conf:2: url = "mqtt://h:0": expected mqtt://HOST:PORT or mqtts://HOST:PORT, for example mqtt://192.168.1.10:1883)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://me:hunter2@h\nsubscribe = milesight-vs125 a\n",
     R"(links.d/broker.conf:2: url = "mqtt://***@h": user and password have keys of their own, user = and password_file =)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs152 a\n",
     R"(links.d/broker.conf:3: subscribe = "milesight-vs152 a": no decoder is called milesight-vs152, did you mean milesight-vs125?)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = xovis a\n",
     R"(links.d/broker.conf:3: subscribe = "xovis a": no decoder is called xovis, known are axis-people-counter-tvpc, milesight-vs125, milesight-vs133-vs135, st-vl53l1x-arduino-lines, tasmota-counter, wirenboard-wb-mcm8-modbus)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = counters/+/telemetry\n",
     R"(links.d/broker.conf:3: subscribe = "counters/+/telemetry": expected a decoder and a topic, for example: milesight-vs125 counters/+/telemetry)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a/b+/c\n",
     R"(links.d/broker.conf:3: subscribe = "milesight-vs125 a/b+/c": in a topic, + stands alone between slashes, not in b+)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a/#/c\n",
     R"(links.d/broker.conf:3: subscribe = "milesight-vs125 a/#/c": in a topic, # stands alone after the last slash, not in #/c)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a/c#\n",
     R"(links.d/broker.conf:3: subscribe = "milesight-vs125 a/c#": in a topic, # stands alone after the last slash, not in c#)"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nsubscribe = tasmota-counter a\n",
     R"(links.d/broker.conf:4: subscribe = "tasmota-counter a": a is subscribed already in links.d/broker.conf:3)"},
    {"links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nbaud = 9600\n",
     "links.d/broker.conf:4: baud: belongs to links of type = serial or type = modbus, this one is type = "
     "mqtt"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\npasswort = hunter2\n",
     "links.d/broker.conf:4: passwort: no such key, did you mean password?"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\npassword = hunter2\n",
     "links.d/broker.conf:4: password: a password needs a user, add user = NAME"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nuser = u\npassword = "
     "hunter2\npassword_file = pw\n",
     R"(links.d/broker.conf:6: password_file = "pw": password is stated too, keep one of the two)"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nuser = u\npassword_file = nowhere\n",
     R"(links.d/broker.conf:5: password_file = "nowhere": there is no such file)"},
    {"links.d/broker.conf",
     "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nca_file = broker.conf\n",
     R"(links.d/broker.conf:4: ca_file = "broker.conf": the connection is not encrypted, use an url with mqtts://)"},
    {"links.d/broker.conf", "[store]\ntype = mqtt\n",
     "links.d/broker.conf:1: [store]: no such section, known are link"},
    {"links.d/the broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\n",
     "links.d/the broker.conf: the file's name is the link's name: rename it to at most 60 letters, digits, "
     "- and _"},
    {"links.d/door.conf", "type = serial\ndecoder = st-vl53l1x-arduino-lines\n",
     "links.d/door.conf: device is missing, for example: device = "
     "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\n",
     "links.d/door.conf: decoder is missing, for example: decoder = st-vl53l1x-arduino-lines"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota\n",
     R"(links.d/door.conf:3: decoder = "tasmota": no decoder is called tasmota, known are axis-people-counter-tvpc, milesight-vs125, milesight-vs133-vs135, st-vl53l1x-arduino-lines, tasmota-counter, wirenboard-wb-mcm8-modbus)"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\nbaud = fast\n",
     R"(links.d/door.conf:4: baud = "fast": expected a whole number of bits per second, for example 115200)"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\nformat = 8X1\n",
     R"(links.d/door.conf:4: format = "8X1": expected data bits 5 to 8, parity N, E or O, and stop bits 1 or 2, for example 8N1)"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\nsubscribe = a b\n",
     "links.d/door.conf:4: subscribe: belongs to links of type = mqtt, this one is type = serial"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\nunits = 1\n",
     "links.d/door.conf:4: units: belongs to links of type = modbus, this one is type = serial"},
    {"links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\ndecoder = wirenboard-wb-mcm8-modbus\n",
     R"(links.d/door.conf:3: decoder = "wirenboard-wb-mcm8-modbus": is read on a Modbus bus, use type = modbus)"},
    {"links.d/bus.conf", "type = modbus\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\nunits = 1\n",
     R"(links.d/bus.conf:3: decoder = "tasmota-counter": asks nothing on a Modbus bus, known are wirenboard-wb-mcm8-modbus)"},
    {"links.d/bus.conf", "type = modbus\ndevice = /dev/ttyS0\ndecoder = wirenboard-wb-mcm8-modbus\n",
     "links.d/bus.conf: units is missing, for example: units = 90 91"},
    {"links.d/bus.conf",
     "type = modbus\ndevice = /dev/ttyS0\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 5 4-6\n",
     R"(links.d/bus.conf:4: units = "5 4-6": 5 stands there twice)"},
    {"links.d/bus.conf",
     "type = modbus\ndevice = /dev/ttyS0\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 0\n",
     R"(links.d/bus.conf:4: units = "0": expected the addresses of the units, 1 to 247, for example: 90 91 100-103)"},
    {"links.d/bus.conf",
     "type = modbus\ndevice = /dev/ttyS0\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 1\nrs485 = yes\n",
     R"(links.d/bus.conf:5: rs485 = "yes": expected auto, kernel or rts)"},
};

const Refusal kHttpRefusals[] = {
    {"gateway.conf", "[ingest]\nlisten =\n",
     R"(gateway.conf:2: [ingest] listen = "": expected an address of this machine and a port, for example 0.0.0.0:8081)"},
    {"links.d/a.conf", "type = http\nsecret = 0123456789abcdef\n",
     "links.d/a.conf: decoder is missing, for example: decoder = milesight-vs125"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\n",
     "links.d/a.conf: auth = path needs a secret, add secret_file = FILE"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nsecret = hunter2\n",
     "links.d/a.conf: the secret has 7 characters and is all that guards this link: at least 16, for example "
     "the "
     "output of `openssl rand -hex 16`"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nsecret = hunter2/hunter2/hunter2\n",
     "links.d/a.conf: the secret is part of an address: only letters, digits, - and _"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nauth = cookie\nsecret = 0123456789abcdef\n",
     R"(links.d/a.conf:3: auth = "cookie": expected path, bearer, basic or digest)"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nauth = digest\nsecret = hunter2\n",
     "links.d/a.conf: auth = digest needs a user, add user = NAME"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nuser = cam\nsecret = 0123456789abcdef\n",
     R"(links.d/a.conf:3: user = "cam": auth = path knows no user, take it away)"},
    {"links.d/a.conf", "type = http\ndecoder = tasmota-counter\nsecret = 0123456789abcdef\nurl = http://h\n",
     "links.d/a.conf:4: url: belongs to links of type = mqtt or type = poll, this one is type = http"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\n",
     "links.d/a.conf: url is missing, for example: url = http://192.168.1.20/local/tvpc/.api?live-sum.json"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = http://me:hunter2@h/\n",
     R"(links.d/a.conf:3: url = "http://***@h/": user and password have keys of their own, user = and secret_file =)"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = h/counts\n",
     R"(links.d/a.conf:3: url = "h/counts": expected an address such as http://192.168.1.20/local/tvpc/.api?live-sum.json, without spaces and #)"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = http://h/a\nurl = http://i/a\n",
     R"(links.d/a.conf:4: url = "http://i/a": a link is one device, and the url before asks http://h: write a file of its own for this one)"},
    {"links.d/a.conf",
     "type = poll\ndecoder = tasmota-counter\nurl = http://h\npin = "
     "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
     R"(links.d/a.conf:4: pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=": the connection is not encrypted, use an url with https://)"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = https://h\npin = AB:CD\n",
     R"(links.d/a.conf:4: pin = "AB:CD": expected sha256// and 44 characters, as `lintel pin URL` prints them)"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = http://h\nsecret = hunter2\n",
     "links.d/a.conf: secret is stated, but auth is none: add auth = digest, or what the device asks for"},
    {"links.d/a.conf", "type = poll\ndecoder = tasmota-counter\nurl = http://h\ninterval_seconds = 0\n",
     R"(links.d/a.conf:4: interval_seconds = "0": expected a number of seconds from 0.1 to 86400)"},
    {"links.d/a.conf",
     "type = poll\ndecoder = tasmota-counter\nurl = http://h/a\nurl = http://h/b\nstream = yes\n",
     "links.d/a.conf: with stream = yes a link has one url"},
};

const Refusal kSensorRefusals[] = {
    {"sensors.d/a.conf", "name = Door\n",
     "sensors.d/a.conf: serial is missing, for example: serial = 6789C30012340001 (or link = NAME for a "
     "device that "
     "does not name itself)"},
    {"sensors.d/a.conf", "serial =\n",
     "sensors.d/a.conf: serial is empty, write what the device's payload calls itself"},
    {"sensors.d/a.conf", "serial = x\nlink = y\n",
     "sensors.d/a.conf: serial and link are both stated, keep the one that identifies the device"},
    {"sensors.d/a.conf", "link = dor\n",
     R"(sensors.d/a.conf:1: link = "dor": links.d has no link of this name, none is known)"},
    {"sensors.d/a.conf", "serial = x\ninvert = perhaps\n",
     R"(sensors.d/a.conf:2: invert = "perhaps": expected yes or no)"},
    {"sensors.d/a.conf", "serial = x\ntimezone = Mars/Olympus\n",
     R"(sensors.d/a.conf:2: timezone = "Mars/Olympus": expected a time zone of the tz database, for example Europe/Berlin)"},
    {"sensors.d/a.conf", "serial = x\nexpected_interval_seconds = soon\n",
     R"(sensors.d/a.conf:2: expected_interval_seconds = "soon": expected a whole number of seconds, for example 60)"},
    {"sensors.d/a.conf", "serial = x\nline = door C1 C2\n",
     R"(sensors.d/a.conf:2: line = "door C1 C2": expected a name and its channels, for example: door in=C1 out=C2)"},
    {"sensors.d/a.conf", "serial = x\nline = door in=C1 out=C1\n",
     R"(sensors.d/a.conf:2: line = "door in=C1 out=C1": expected two different channels for in and out)"},
    {"sensors.d/a.conf", "serial = x\nline = door in=C1\nline = door out=C2\n",
     R"(sensors.d/a.conf:3: line = "door out=C2": the line door is described already in sensors.d/a.conf:2)"},
    {"sensors.d/a.conf", "serial = x\nregion = capacity=20\n",
     R"(sensors.d/a.conf:2: region = "capacity=20": expected a name, how many people it holds and the lines that lead into it, for example: shop capacity=120 from=1,!S2/1)"},
    {"sensors.d/a.conf", "serial = x\nregion = shop\n",
     R"(sensors.d/a.conf:2: region = "shop": expected a name, how many people it holds and the lines that lead into it, for example: shop capacity=120 from=1,!S2/1)"},
    {"sensors.d/a.conf", "serial = x\nregion = shop capacity=many\n",
     R"(sensors.d/a.conf:2: region = "shop capacity=many": expected a capacity as a whole number, for example 120)"},
    {"sensors.d/a.conf", "serial = x\nregion = shop from=1,,2\n",
     R"(sensors.d/a.conf:2: region = "shop from=1,,2": expected a name, how many people it holds and the lines that lead into it, for example: shop capacity=120 from=1,!S2/1)"},
    {"sensors.d/a.conf", "serial = x\nregion = shop from=1,!1\n",
     R"(sensors.d/a.conf:2: region = "shop from=1,!1": expected each line once, !1 stands there twice)"},
    {"sensors.d/a.conf", "serial = x\nregion = shop capacity=2\nregion = shop capacity=3\n",
     R"(sensors.d/a.conf:3: region = "shop capacity=3": the region shop is described already in sensors.d/a.conf:2)"},
    {"sensors.d/a.conf", "serial = x\nlocation = here\n",
     "sensors.d/a.conf:2: location: no such key, known are serial, link, name, replaces, invert, timezone, "
     "expected_interval_seconds, line, payload, line_name, region_name, region, pinned"},
};

void check_all(std::span<const Refusal> refusals) {
  for (const auto& refusal : refusals) {
    INFO(std::string(refusal.text));
    Configured configured;
    configured.write(refusal.file, refusal.text);
    const auto problems = configured.problems();
    REQUIRE(problems.size() == 1);
    CHECK(problems.front() == refusal.problem);
    CHECK(problems.front().find("hunter2") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("configuration: each mistake in gateway.conf is answered with its place and what was expected") {
  check_all(kGatewayRefusals);
}

TEST_CASE("configuration: each mistake in a link is answered with its place and what was expected") {
  check_all(kLinkRefusals);
  check_all(kHttpRefusals);
}

TEST_CASE("configuration: each mistake in a sensor is answered with its place and what was expected") {
  check_all(kSensorRefusals);
}

TEST_CASE("configuration: all problems of all files are told together") {
  Configured configured;
  configured.write("gateway.conf", "[store]\nid = 42\n[hq]\nurl = x\n[hg]\n")
      .write("links.d/a.conf", "type = mqtt\nsubscribe = milesight-vs152 a+\n")
      .write("links.d/b.conf", "type = serial\nbaud = x\n")
      .write("sensors.d/c.conf", "invert = x\n");
  configured.overrides = {"hq.urll=x"};
  configured.environment = {"LINTEL_STORE_NAM=x"};
  const auto config = configured.load();
  REQUIRE_FALSE(config);
  CHECK(config.error().kind == lintel::ErrorKind::misconfigured);
  CHECK(config.error().message.starts_with(configured.path("gateway.conf").string() + " has 13 problems:\n"));
  CHECK(configured.problems().size() == 13);
}

TEST_CASE("configuration: two links that would throw each other out are refused") {
  Configured configured;
  const auto* broker = "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\nclient_id = same\n";
  configured.write("links.d/a.conf", broker).write("links.d/b.conf", broker);
  const auto* door = "type = serial\ndevice = /dev/ttyS0\ndecoder = tasmota-counter\n";
  configured.write("links.d/c.conf", door).write("links.d/d.conf", door);
  CHECK(
      configured.problems() ==
      std::vector<std::string>{"links.d/b.conf: links.d/a.conf uses the same broker under the same "
                               "client_id, give one of them another",
                               "links.d/d.conf: /dev/ttyS0 is used by links.d/c.conf already: a port has one "
                               "link, which is type = serial or type = modbus"});
}

TEST_CASE("configuration: a port is either a stream or a bus, by whatever name it goes") {
  Configured configured;
  std::filesystem::create_symlink("/dev/ttyS7", configured.path("adapter"));
  configured.write("links.d/c.conf", "type = serial\ndevice = /dev/ttyS7\ndecoder = tasmota-counter\n")
      .write("links.d/d.conf",
             "type = modbus\ndevice = ../adapter\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 1\n");
  const auto problems = configured.problems();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("links.d/d.conf: ") == 0);
  CHECK(problems[0].find("is used by links.d/c.conf already") != std::string::npos);
}

TEST_CASE("configuration: a payload that no decoder reads, or that is an envelope again, is refused") {
  Configured configured;
  configured.write("sensors.d/a.conf", "serial = x\npayload = tasmota-countr\n")
      .write("sensors.d/b.conf", "serial = y\npayload = envelope-chirpstack\n")
      .write("sensors.d/c.conf", "serial = z\npayload = tasmota-counter\n");
  const auto problems = configured.problems();
  REQUIRE(problems.size() == 2);
  CHECK(problems[0] ==
        "sensors.d/a.conf:2: payload = \"tasmota-countr\": no decoder is called this, did you mean "
        "tasmota-counter?");
  CHECK(problems[1].starts_with(
      "sensors.d/b.conf:2: payload = \"envelope-chirpstack\": an envelope is stated by the link"));
}

TEST_CASE("configuration: a sensor that two files describe is refused") {
  Configured configured;
  configured.write("sensors.d/a.conf", "serial = x\n").write("sensors.d/b.conf", "serial = x\n");
  CHECK(configured.problems() ==
        std::vector<std::string>{"sensors.d/b.conf: x is described already in sensors.d/a.conf"});
}

TEST_CASE("configuration: a sensor may name a link whose own file has problems") {
  Configured configured;
  configured.write("links.d/door.conf", "type = serial\ndevice = /dev/ttyS0\n")
      .write("sensors.d/a.conf", "link = doro\n");
  CHECK(configured.problems() ==
        std::vector<std::string>{
            "links.d/door.conf: decoder is missing, for example: decoder = st-vl53l1x-arduino-lines",
            R"(sensors.d/a.conf:1: link = "doro": links.d has no link of this name, did you mean door?)"});
}
