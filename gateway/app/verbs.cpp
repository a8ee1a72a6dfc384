#include "gateway/app/verbs.hpp"

#include "gateway/app/pin.hpp"
#include "gateway/app/run.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/app/verb_provision.hpp"
#include "gateway/cli/config.hpp"
#include "gateway/cli/db.hpp"
#include "gateway/cli/decode.hpp"
#include "gateway/cli/decoders.hpp"
#include "gateway/cli/doctor.hpp"
#include "gateway/cli/probe.hpp"
#include "gateway/cli/status.hpp"
#include "gateway/cli/support_bundle.hpp"

namespace lintel::app {
namespace {

constexpr cli::Verb kVerbs[] = {
    {"run", "read the sensors, count, keep, and send to HQ",
     "lintel run [--config FILE] [--set section.key=value]...",
     "The gateway itself. It runs until SIGTERM or Ctrl-C; what sensors were told is\n"
     "received is then on disk. Logs go to standard error.",
     "lintel run --config /etc/lintel/gateway.conf", run},
    {"status", "what the gateway and its sensors are doing",
     "lintel status [--config FILE] [--set section.key=value]... [--json]",
     "Gateway, every sensor with its health and last reading, what is still to be\n"
     "sent, and the last contact with HQ. Works while the gateway runs and when it\n"
     "does not. Ends with 1 when something needs attention.",
     "lintel status --json", cli::status},
    {"doctor", "what is wrong, from the disk to HQ, and what to try",
     "lintel doctor [--only CHECK]... [--json]",
     "Checks disk, database, spool, clock, configuration, daemon, each broker, serial\n"
     "port and sensor, then the way to HQ step by step: dns, tls, hq, credential,\n"
     "sync. Says what was seen and what to try. Stops and changes nothing: brokers are\n"
     "met in a session of its own, ports are not opened. What rests on something that\n"
     "does not work is skipped. --only takes such a word, or one thing of a kind:\n"
     "broker:shop. Ends with 1 when something needs attention.",
     "lintel doctor\n"
     "lintel doctor --only dns --only tls --only hq",
     cli::doctor},
    {"sensors", "the sensors, and how they are mounted",
     "lintel sensors [list] [--json]\n"
     "lintel sensors NAME [--json]\n"
     "lintel sensors set SERIAL KEY=VALUE... [--json]",
     "NAME (or a serial) shows how one sensor is, since when, and how often it was\n"
     "otherwise. set changes how one sensor is read, from now on: what was counted\n"
     "stays as it is. invert=yes swaps in and out; line=\"door in=C1 out=C2\" says\n"
     "which channels make up a line; line_name=\"1=Main door\" and\n"
     "region_name=\"2=Checkout\" are what people read, the series goes on; name,\n"
     "timezone, expected_interval_seconds. An empty VALUE takes back what was said.\n"
     "HQ is told; what HQ changes later wins.",
     "lintel sensors set 6789C30012340001 invert=yes name=\"Main entrance\"", sensors},
    {"alerts", "what needs somebody, and who takes care of it",
     "lintel alerts [list] [--all] [--json]\n"
     "lintel alerts ack ID [--by NAME] [--json]",
     "list shows what is open, --all also what is over, the newest first. An alert\n"
     "ends by itself when its reason is gone. ack says that somebody takes care of it:\n"
     "it does not become critical by lasting any more; if it becomes worse, it is open\n"
     "again. NAME is who asks, unless --by says another. Ends with 1 while one is open\n"
     "that nobody has acknowledged.",
     "lintel alerts\n"
     "lintel alerts ack 12 --by Ann",
     alerts},
    {"explain", "where a count comes from",
     "lintel explain SENSOR FROM [TO] [--line LINE] [--payloads] [--limit N]\n"
     "               [--json]",
     "For the readings that begin in a time: the sums, each reading with the rule that\n"
     "made it and the message behind it, messages that added nobody and why, what\n"
     "people corrected, and whether HQ has it. FROM and TO are a day (2026-11-21,\n"
     "today, yesterday), a time of today (09:00) or both (2026-11-21T09:00), in the\n"
     "store's zone; a day alone is all of it, a time alone its hour.",
     "lintel explain \"Main door\" 2026-11-21T09:00 --payloads\n"
     "lintel explain 6789C30012340001 yesterday today --json",
     explain},
    {"correct", "what was counted wrong: turn it round, or discard it",
     "lintel correct swap|discard|restore SENSOR FROM TO --reason TEXT\n"
     "               [--line LINE] [--json]",
     "Gives the stored readings that begin in a time a new revision, which reaches HQ:\n"
     "swap turns in and out round, discard counts nobody (a test, a defect), restore\n"
     "takes discard back. Nothing is deleted: `lintel explain` shows who said so and\n"
     "why. How a sensor counts from now on is `lintel sensors set`.",
     "lintel correct swap 6789C30012340001 2026-11-16 now --reason inverted", correct},
    {"walk-test", "whether a door counts: walk through it and compare",
     "lintel walk-test SENSOR [--line LINE] [--times N] [--name NAME] [--note TEXT]\n"
     "                 [--json]\n"
     "lintel walk-test [list] [--json]",
     "Walk in five times, press Enter, walk out five times, press Enter: each passage\n"
     "is shown as the sensor tells it, then a verdict with advice (swapped, missed,\n"
     "counted twice). Signed with a name it goes to HQ as the door's acceptance. Ends\n"
     "with 1 when the door failed. list shows the tests of before.",
     "lintel walk-test \"Main door\" --name Ivo", walk_test},
    {"discover", "devices that are heard and are no sensors yet", "lintel discover [--json]",
     "Lists devices that count without having been adopted, sources of messages that\n"
     "were refused, and what the discover = FILTER of a link hears, each with the\n"
     "decoders that recognise it and a sample. Nothing of it is counted by looking.",
     "lintel discover", discover},
    {"adopt", "make a device that was heard a sensor",
     "lintel adopt SERIAL [--name NAME] [--decoder DECODER] [--link LINK]\n"
     "             [--topic TOPIC] [--json]",
     "SERIAL as `lintel discover` lists it; for a device that does not name itself a\n"
     "name of your own, with --topic. Kept in the database and told to HQ, which gives\n"
     "it to the next card: it survives a new one. Works offline and with the gateway\n"
     "stopped.",
     "lintel adopt 6789C30012340001 --name \"Side door\"", adopt},
    {"quarantine", "messages that could not be read, and another try",
     "lintel quarantine list   [--link LINK] [--decoder DECODER] [--limit N]\n"
     "                         [--json]\n"
     "lintel quarantine show   ID [--json]\n"
     "lintel quarantine replay [ID...] [--link LINK] [--decoder DECODER]\n"
     "                         [--with DECODER] [--dry-run] [--json]",
     "replay decodes them again with today's decoders, at the time they came. What was\n"
     "counted before counts no second time; what is understood leaves quarantine.\n"
     "--decoder means those that this one refused, --with decodes by another one.\n"
     "Ends with 1 while some are still not understood.",
     "lintel quarantine replay --link broker --dry-run", quarantine},
    {"sync", "what HQ has, what it is owed, and why it waits",
     "lintel sync [status] [--json]\n"
     "lintel sync now    [--json]\n"
     "lintel sync verify [--days N] [--json]\n"
     "lintel sync retry  [--json]",
     "status says what is owed, since when, why it does not move and when the next try\n"
     "is. now tries at once. verify has both ends compare their readings day by day\n"
     "(the last N days, default 14); what differs is sent again. retry sends once more\n"
     "what HQ has refused. Ends with 1 while something is not in order.",
     "lintel sync\n"
     "lintel sync verify --days 90",
     sync_verb},
    {"provision", "make this card the gateway of a store at HQ",
     "lintel provision [--url URL] [--token-file FILE] [--json]\n"
     "lintel provision --status [--json]\n"
     "lintel provision image --out FILE [--from FILE] [--set SECTION.KEY=VALUE]...\n"
     "                       [--token-file FILE] [--label FILE] [--json]\n"
     "lintel provision take FOLDER [--root DIR] [--json]",
     "HQ issues an enrolment token for a store. It is read from FILE, through a pipe\n"
     "(or with - for FILE), or asked for; never from the command line, which all\n"
     "users of this machine can see. --url is HQ's address, unless gateway.conf says\n"
     "it. If the answer is lost, run it again with the same token, or leave it to the\n"
     "running gateway. A gateway without a screen takes the token from the file\n"
     "enrolment_token beside gateway.conf when it starts, and destroys it once it\n"
     "has worked. --status says as what this card is enrolled, how long its token\n"
     "lasts and when it is renewed. Ends with 1 when HQ refuses, with 3 when HQ could\n"
     "not be reached.\n"
     "image writes lintel-setup.txt for a card that is not yet in its gateway: put it\n"
     "on the partition that every computer reads. --from is one to begin with, --set\n"
     "states more (secrets belong into --from), --label a sheet with the address as QR\n"
     "code and the PIN. take is what the gateway does with it when it starts.",
     "lintel provision --url https://project.supabase.co/rest/v1\n"
     "lintel provision --token-file /media/usb/token\n"
     "lintel provision --status\n"
     "lintel provision image --from chain.txt --token-file token \\\n"
     "                       --out lintel-setup.txt --label label.svg",
     provision, true, true},
    {"decode", "what a decoder makes of a payload",
     "lintel decode DECODER FILE [--topic TOPIC] [--hex] [--port PORT] [--json]\n"
     "              [--map LINE:in=CHANNEL,out=CHANNEL]... [--config FILE]\n"
     "lintel decode --cases FILE",
     "Prints what the payload in FILE states (- is standard input), without a gateway\n"
     "and without counting anything. DECODER is a name, or the file of a profile that\n"
     "ends in .json. --topic is for decoders that read the MQTT topic, --map says\n"
     "which channels of a device make up a line. With --cases, each line of FILE is a\n"
     "test case in JSON and gets one line of JSON as its answer.",
     "echo 'Walk In, People Count=1' | lintel decode st-vl53l1x-arduino-lines -\n"
     "lintel decode milesight-vs125 payload.json --json",
     cli::decode},
    {"decoders", "the sensors that are understood, and profiles for more",
     "lintel decoders [list] [--json] [--config FILE]\n"
     "lintel decoders show NAME [--config FILE]\n"
     "lintel decoders check FILE...",
     "list has a line per decoder: the name that links.d and `lintel decode` use, and\n"
     "what it understands. show prints the profile of a format that is declared as\n"
     "data, to start your own from. check reads a profile of yours, says what is wrong\n"
     "and where, and runs its samples; put it into profiles.d when it is in order.",
     "lintel decoders\n"
     "lintel decoders show terabee-l-xl-m-json > my-counter.json\n"
     "lintel decoders check my-counter.json",
     cli::decoders},
    {"pin", "the key of a device that speaks HTTPS, to pin it", "lintel pin URL [--json]",
     "Connects to the device, shows the certificate and hangs up; nothing is sent to\n"
     "it. Compare the fingerprint with what the device's own page or a direct cable\n"
     "shows, then put the line that begins with pin into its file in links.d.",
     "lintel pin https://192.168.1.20", pin, false},
    {"probe", "what is connected to a serial port, and at which speed",
     "lintel probe DEVICE [--units LIST] [--seconds N] [--json]\n"
     "             [--config FILE] [--set section.key=value]...",
     "Listens to a port that no link uses, at the usual speeds and formats one after\n"
     "the other, and tells which decoders recognise what comes, each with a sample. It\n"
     "sends nothing, unless --units names the addresses of Modbus units to be asked. A\n"
     "port that the running gateway reads is refused.",
     "lintel probe /dev/ttyUSB0\n"
     "lintel probe /dev/ttyUSB0 --units 1-10",
     cli::probe},
    {"config", "check the configuration, or show what is in force",
     "lintel config check [--config FILE] [--set section.key=value]... [--json]\n"
     "lintel config show  [--config FILE] [--set section.key=value]... [--json]",
     "check reads the file, links.d/*.conf and sensors.d/*.conf beside it, LINTEL_*\n"
     "variables and --set. It prints in short what they say, or all that is wrong with\n"
     "file and line and ends with 2. show prints every key in force and where it comes\n"
     "from; keys at their default are commented out, passwords are masked.",
     "lintel config check --config /etc/lintel/gateway.conf\n"
     "lintel config show --set hq.interval_seconds=10",
     cli::config},
    {"db", "the gateway's database: look, check, copy, ask",
     "lintel db [info]     [--json]\n"
     "lintel db check      [--json]\n"
     "lintel db copy FILE  [--json]\n"
     "lintel db query SQL  [--json]",
     "info lists the tables with their rows and sizes. check reads every page, index\n"
     "and reference, which may take minutes; `lintel doctor` is quicker. copy makes a\n"
     "whole copy as of one instant, while the gateway runs. query runs one statement\n"
     "that reads and prints columns between tabs.\n"
     "Nothing is changed. Ends with 1 when check finds damage.",
     "lintel db check\n"
     "lintel db copy /media/usb/lintel.db\n"
     "lintel db query \"select serial, name from sensor_metadata\"",
     cli::db},
    {"support-bundle", "one file to send to somebody who can help",
     "lintel support-bundle [--out FILE] [--json]",
     "Packs what doctor, status and config show say, the gateway's log, sensors,\n"
     "alerts, the state of sync, sizes of tables and a sample of quarantine into a\n"
     ".tar.gz of text and JSON. Passwords, tokens, PINs, keys and the card's identity\n"
     "are left out, wherever they stood. - for FILE is standard output.",
     "lintel support-bundle\n"
     "ssh gateway lintel support-bundle --out - > bundle.tar.gz",
     cli::support_bundle},
};

}  // namespace

std::span<const cli::Verb> verbs() {
  return kVerbs;
}

}  // namespace lintel::app
