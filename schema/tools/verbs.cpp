#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

constexpr cli::Verb told(std::string_view name, std::string_view summary, std::string_view usage,
                         std::string_view help, std::string_view example) {
  cli::Verb verb{};
  verb.name = name;
  verb.summary = summary;
  verb.usage = usage;
  verb.help = help;
  verb.example = example;
  verb.configured = false;
  verb.program = "lintel-hq";
  return verb;
}

constexpr Verb kVerbs[] = {
    {told("deploy", "bring the central schema up to date",
          "lintel-hq deploy [--schema FOLDER] [--log-only] [--db URL] [--json]",
          "Drives sqitch: what is missing is deployed and verified, change by change; a\n"
          "change that fails is reverted, the ones before it stay. Safe to repeat.\n"
          "--log-only notes changes as deployed without running them, for a database that\n"
          "was made from a dump. FOLDER is where sqitch.plan is.",
          "lintel-hq deploy --db \"host=/run/postgresql dbname=lintel user=postgres\""),
     deploy},
    {told("verify", "whether what is deployed is what was planned",
          "lintel-hq verify [--schema FOLDER] [--db URL] [--json]",
          "Runs the verify script of every deployed change and changes nothing. Ends with 1\n"
          "where one fails.",
          "lintel-hq verify --db lintel"),
     verify},
    {told("fleet", "which stores are blind, since when, why, with which version",
          "lintel-hq fleet [--all] [--organization UUID] [--db URL] [--json]",
          "A store is blind when its counts do not arrive: it has no gateway, its gateways\n"
          "were never heard or are silent, or all its sensors are offline. The longest\n"
          "blind stand first. --all shows the others as well. Ends with 1 while one is\n"
          "blind.",
          "lintel-hq fleet\n"
          "lintel-hq fleet --all --json"),
     fleet},
    {told("enrol", "a token with which a card becomes the gateway of a store",
          "lintel-hq enrol STORE [--valid TIME] [--gateway UUID] [--token-file FILE]\n"
          "                [--db URL] [--json]",
          "STORE is a public id, a name, or \"organization / name\". The token is shown once,\n"
          "is for one card, lasts 7 days (TIME, at most 30 days) and ends older open tokens\n"
          "of the store. --token-file writes it to a new file only you may read. A store\n"
          "with several gateways needs --gateway.",
          "lintel-hq enrol \"Main street 1\" --valid \"2 days\""),
     enrol},
    {told("partitions", "how far partitions reach; make them, let old ones go",
          "lintel-hq partitions [show] [--db URL] [--json]\n"
          "lintel-hq partitions create [--until DATE] [--db URL] [--json]\n"
          "lintel-hq partitions detach [NAME]... [--drop] [--without-archive]\n"
          "                            [--db URL] [--json]",
          "show tells the reserve in days and ends with 1 below 30. create makes what is\n"
          "missing up to DATE (default: the setting). detach takes out what is beyond every\n"
          "tenant's retention, concurrently, so that nobody waits; cut in between, the next\n"
          "call finishes it. What is not archived stays, unless --without-archive. --drop\n"
          "drops what was detached.",
          "lintel-hq partitions\n"
          "lintel-hq partitions detach --drop"),
     partitions},
    {told("audit", "what is wrong with indexes, policies, data and migrations",
          "lintel-hq audit [indexes|policies|data|migrations]... [--check CHECK]...\n"
          "                [--accepted FILE] [--days N] [--min-rows N] [--min-bytes N]\n"
          "                [--schema FOLDER] [--db URL] [--json]",
          "Reads only. Each finding comes with evidence, size and what to do. Ends with 1\n"
          "where there is one. --days says how far back data is looked at, and for how long\n"
          "an index must have been unused (7); tables below --min-rows (10000) and bytes\n"
          "below --min-bytes (1048576) are not worth a word. FILE holds what you accept, a\n"
          "line each: CHECK OBJECT REASON.",
          "lintel-hq audit\n"
          "lintel-hq audit indexes --days 30\n"
          "lintel-hq audit --check data/clocks --json"),
     audit},
    {told("health", "how the database does: what is wrong, what is slow or bloated",
          "lintel-hq health [--db URL] [--json]\n"
          "lintel-hq health slow [--all] [--most N] [--db URL] [--json]\n"
          "lintel-hq health bloat [--measured] [--most N] [--db URL] [--json]\n"
          "lintel-hq health replication [--db URL] [--json]",
          "Goes through what can go wrong: partitions ahead, readings coming in, blind\n"
          "stores, jobs, disk, archive, backup, replicas, connections, old transactions,\n"
          "vacuum, bloat, slow statements. Ends with 1 where something is a warning or\n"
          "critical; unknown is what this server cannot tell. slow lists the statements of\n"
          "people and gateways that take longest (--all: of jobs and DBAs as well), bloat\n"
          "where most room is wasted, estimated or with --measured by pgstattuple, which\n"
          "reads them. The same is in the schema monitor, for the role lintel_monitor.",
          "lintel-hq health || mail -s \"Lintel: database\" dba@example.com\n"
          "lintel-hq health slow --most 5"),
     health},
    {told("capacity", "what each organization takes, and until when it fits",
          "lintel-hq capacity [--disk SIZE] [--db URL] [--json]",
          "Stores, sensors, readings a day, bytes and growth of each organization, and when\n"
          "70 % of the disk are full. Its size comes from --disk (4TB, 500GB, bytes), from\n"
          "the setting disk_bytes, or from the disk itself where the server is on this\n"
          "machine. Reads all daily buckets, which takes minutes of a large database. Ends\n"
          "with 1 where less than 90 days are left or a store is near a limit.",
          "lintel-hq capacity --disk 4TB"),
     capacity},
    {told("perf", "the documented queries against their limits",
          "lintel-hq perf [--times N] [--p95 MS] [--p99 MS] [--history FILE]\n"
          "               [--no-history] [--db URL] [--json]",
          "Asks every documented query as three people who are there: who sees the most\n"
          "stores, one in the middle, who sees the fewest. Tells p50, p95, p99 in\n"
          "milliseconds on the server, what it was the last time, and whether the plan is\n"
          "another one; --json has the plans. The history is a line of JSON for each, in\n"
          "~/.local/state/lintel-hq/perf.jsonl. Changes nothing. Ends with 1 where one is\n"
          "slower than p95 (50) or p99 (200).",
          "lintel-hq perf --times 50"),
     perf},
    {told("archive", "readings that leave, into encrypted files",
          "lintel-hq archive [list] [--db URL] [--json]\n"
          "lintel-hq archive PARTITION|expired --to FOLDER [--organization UUID]\n"
          "                  [--db URL] [--json]\n"
          "lintel-hq archive key ORGANIZATION --out FILE [--db URL] [--json]\n"
          "lintel-hq archive moved ID --provider NAME --namespace WHERE [--db URL]\n"
          "                  [--json]",
          "Writes one file for each organization that has rows in a partition which is\n"
          "beyond retention (expired: all such), streamed, compressed, encrypted with the\n"
          "organization's own key, read once more, and registered. What is registered is\n"
          "not written again. key writes that key to a new file only you may read: without\n"
          "it, and without the database, an archive is noise. moved notes where a file was\n"
          "taken to. Then lintel-hq partitions detach.",
          "lintel-hq archive expired --to /srv/archives"),
     archive},
    {told("restore", "bring the rows of an archive back",
          "lintel-hq restore FILE... [--check] [--key-file FILE] [--db URL] [--json]",
          "Into this database or another one that knows the organization's stores and\n"
          "sensors by their public ids. The partition is made where it is missing; rows\n"
          "that are there stay as they are; all of a file or nothing. --check only reads the\n"
          "file to its end. --key-file has the key where the database has not. What was\n"
          "erased is not restored.",
          "lintel-hq restore --check /srv/archives/*.lintel-archive"),
     restore},
    {told("erase", "forget a person, a store or a tenant, for good",
          "lintel-hq erase organization UUID --tombstones FILE [--yes] [--db URL] [--json]\n"
          "lintel-hq erase store UUID --tombstones FILE [--yes] [--db URL] [--json]\n"
          "lintel-hq erase person UUID --tombstones FILE [--yes] [--db URL] [--json]\n"
          "lintel-hq erase replay FILE [--db URL] [--json]",
          "Says what it would take, and does it with --yes. Works in batches and goes on\n"
          "where it was cut. A tenant's archives lose their key, and files of them on this\n"
          "machine are removed; those that hold rows of a store stay, without it when they\n"
          "are restored. FILE gets the tombstones: keep it outside the backups, and\n"
          "after one was restored, before anybody connects, erase replay FILE forgets\n"
          "again whom it brought back.",
          "lintel-hq erase replay /srv/lintel/tombstones.json"),
     erase},
    {told("drill", "restore the last backup beside the running server, and look",
          "lintel-hq drill --into FOLDER [--at TIME] [--stanza NAME] [--config FILE]\n"
          "                [--tombstones FILE] [--report FILE] [--keep] [--db URL] [--json]",
          "Has pgBackRest restore into a new folder, to TIME or as far as the log goes,\n"
          "starts a server there that nobody else can reach, replays tombstones, counts\n"
          "rows and audits policies; tells how long it took (RTO) and how much was lost\n"
          "(RPO). Then all of it goes, unless --keep, with which it goes on running: to take\n"
          "a table out of it. Run it as the user PostgreSQL runs as. The stanza is lintel.\n"
          "Ends with 1 where the restored policies have findings.",
          "lintel-hq drill --into /srv/drill --at \"2026-11-21 14:59:00+01\""),
     drill},
    {told("types", "the types of rows for programs, from the schema",
          "lintel-hq types cpp|typescript [--check FILE] [--db URL] [--json]",
          "Prints a header of C++ or a module of TypeScript with the enums, the business\n"
          "tables and what PostgREST offers, as they are in the database, comments included.\n"
          "--check holds a file against them instead and ends with 1 where it differs.",
          "lintel-hq types typescript > schema/types/rows.ts"),
     types},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

}  // namespace lintel::hq
