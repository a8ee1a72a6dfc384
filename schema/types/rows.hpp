// Generated: lintel-hq types cpp. A test holds it against the schema.
// clang-format off
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Rows of the central schema. Instants, days, uuids and JSON are text as PostgreSQL writes it.
namespace lintel::rows {

/// Where an alert stands
enum class AlertState { open, acknowledged, resolved };
inline constexpr std::array<std::string_view, 3> kAlertStateWords = {"open", "acknowledged", "resolved"};

/// How a device is doing, as the gateway (or for gateways HQ) sees it
enum class HealthStatus { online, degraded, offline, unknown, disabled };
inline constexpr std::array<std::string_view, 5> kHealthStatusWords = {"online", "degraded", "offline", "unknown", "disabled"};

/// Where an entity stands in its life, by people's decision. A sensor that a gateway reported and
/// nobody confirmed is in planning.
enum class Lifecycle { draft, planning, active, review, completed, cancelled, archived };
inline constexpr std::array<std::string_view, 7> kLifecycleWords = {"draft", "planning", "active", "review", "completed", "cancelled", "archived"};

/// What needs a person: one table for gateways, sensors, regions and data quality
struct Alerts {
  static constexpr std::string_view kTable = "data.alerts";
  /// Compact key
  std::int64_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// The store
  std::int32_t store_id{};
  /// The gateway it is about or that serves the sensor, if any
  std::optional<std::int64_t> gateway_id{};
  /// The sensor it is about, if any
  std::optional<std::int32_t> sensor_id{};
  /// Region of the sensor it is about, as readings name it; its name is in region_configurations
  std::optional<std::string> region{};
  /// Id outside this database
  std::string public_id{};
  /// What happened: the rule that opened it, or the gateway's own word
  std::string kind{};
  /// While the condition behind this key lasts in the store, no second alert opens
  std::string dedup_key{};
  /// info, warning or critical; may rise, never falls
  std::string severity{};
  /// Where it stands
  AlertState state{};
  /// What happened, to which thing, and what to try
  std::string message{};
  /// The figures behind it
  std::string details{};
  /// When it opened
  std::string opened_at{};
  /// When its severity last rose
  std::optional<std::string> escalated_at{};
  /// When a person took notice
  std::optional<std::string> acknowledged_at{};
  /// Who took notice; null for HQ administrators and for people erased since
  std::optional<std::string> acknowledged_by{};
  /// What they had to say
  std::optional<std::string> acknowledged_note{};
  /// When it was over, or a person closed it
  std::optional<std::string> resolved_at{};
  /// Who closed it; null when it resolved by itself
  std::optional<std::string> resolved_by{};
  /// What they had to say
  std::optional<std::string> resolved_note{};
  /// ended: the condition is over; person: somebody closed it; superseded: its gateway fell silent,
  /// which says more
  std::optional<std::string> resolution{};
  /// When the condition itself was over. One that a person closed opens no second time before.
  std::optional<std::string> ended_at{};
  /// When the row was made
  std::string created_at{};
  /// When the row last changed
  std::string updated_at{};
};

/// Who changed which configuration, append-only. Liveness and readings leave no trace here.
/// Partitioned by at.
struct AuditLog {
  static constexpr std::string_view kTable = "data.audit_log";
  /// Number of the entry
  std::int64_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// The store, if the row belongs to one
  std::optional<std::int32_t> store_id{};
  /// When
  std::string at{};
  /// Role and subject of the token (lintel_gateway: a gateway, authenticated: a person), or the
  /// database role that was logged in
  std::string actor{};
  /// insert, update or delete
  std::string action{};
  /// Which table
  std::string table_name{};
  /// Which row: its public id, else its key
  std::string row_id{};
  /// Configuration columns before, of an update only those that changed
  std::optional<std::string> old_values{};
  /// Configuration columns after, of an update only those that changed
  std::optional<std::string> new_values{};
  /// Header X-Request-Id of the request, if there was one
  std::optional<std::string> request_id{};
};

/// Readings added up per day of the store. A day's people are count + unallocated + estimated.
struct DailyAnalytics {
  static constexpr std::string_view kTable = "data.daily_analytics";
  /// The tenant
  std::int64_t organization_id{};
  /// People who came in, what the day's hours add up to
  std::int64_t count_in{};
  /// People who went out, what the day's hours add up to
  std::int64_t count_out{};
  /// The same from readings longer than an hour
  std::int64_t unallocated_in{};
  /// The same from readings longer than an hour
  std::int64_t unallocated_out{};
  /// The same from estimates (a gap split at midnight)
  std::int64_t estimated_in{};
  /// The same from estimates (a gap split at midnight)
  std::int64_t estimated_out{};
  /// When the bucket last changed
  std::string updated_at{};
  /// The store
  std::int32_t store_id{};
  /// The sensor
  std::int32_t sensor_id{};
  /// Day in the store's time zone, from its day_start_minute on
  std::string day{};
  /// Most people present at once; null without such readings
  std::optional<std::int32_t> occupancy_max{};
  /// How many readings the bucket is made of
  std::int32_t readings{};
  /// Counted by a calendar that was found wrong when the readings were gone already: the day may
  /// begin or end at another instant than it should
  bool old_calendar{};
  /// Line; empty for the whole device and for regions
  std::string line{};
  /// Region; empty for the whole device and for lines
  std::string region{};
};

/// One row per gateway device. Its token names public_id; organization and store are read from
/// here, never from the token.
struct Gateways {
  static constexpr std::string_view kTable = "data.gateways";
  /// Compact key
  std::int64_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// The store it stands in
  std::int32_t store_id{};
  /// Id outside this database, the subject of its token
  std::string public_id{};
  /// Name people know it by
  std::string name{};
  /// Software version it last reported, with its image if it runs from one
  std::optional<std::string> version{};
  /// Since when it reports this version: a store that went blind with an update shows by it
  std::optional<std::string> version_since{};
  /// Where it stands in its life; completed, cancelled or archived means revoked
  Lifecycle lifecycle{};
  /// How it is doing. Liveness: no audit, no configuration change.
  HealthStatus status{};
  /// Last sync, written at most once a minute
  std::optional<std::string> last_seen_at{};
  /// Since when it is silent; null while it is heard
  std::optional<std::string> offline_since{};
  /// What it last reported of itself, written at most once a minute
  std::string health{};
  /// Free data
  std::string metadata{};
  /// Configuration
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted; also revokes it
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
  /// Person who looks after it
  std::optional<std::string> assigned_to{};
  /// Person who answers for it
  std::optional<std::string> owner_id{};
};

/// Readings of at most an hour, added up per hour. Written only together with the raw rows.
struct HourlyAnalytics {
  static constexpr std::string_view kTable = "data.hourly_analytics";
  /// The tenant
  std::int64_t organization_id{};
  /// Start of the hour, a whole hour of UTC
  std::string hour_at{};
  /// People who came in
  std::int64_t count_in{};
  /// People who went out
  std::int64_t count_out{};
  /// When the bucket last changed
  std::string updated_at{};
  /// The store
  std::int32_t store_id{};
  /// The sensor
  std::int32_t sensor_id{};
  /// Most people present at once; null without such readings
  std::optional<std::int32_t> occupancy_max{};
  /// How many readings the bucket is made of
  std::int32_t readings{};
  /// Line; empty for the whole device and for regions
  std::string line{};
  /// Region; empty for the whole device and for lines
  std::string region{};
};

/// A tree per customer. The root is the tenant; nodes below are its regions, brands, projects.
struct Organizations {
  static constexpr std::string_view kTable = "data.organizations";
  /// Compact key
  std::int64_t id{};
  /// Root of the tree, the tenant; never changes. Filled by trigger.
  std::int64_t organization_id{};
  /// Node above; null for the root
  std::optional<std::int64_t> parent_id{};
  /// Id outside this database
  std::string public_id{};
  /// Name people know it by
  std::string name{};
  /// Rank, 1 to 5; a child ranks below its parent, only the fifth may nest
  std::int16_t level{};
  /// Ids from the root down to here. Kept by trigger.
  std::string path{};
  /// Where it stands in its life
  Lifecycle lifecycle{};
  /// Free data
  std::string metadata{};
  /// Configuration
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted; history may still refer to it
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
  /// Person who looks after it
  std::optional<std::string> assigned_to{};
  /// Person who answers for it
  std::optional<std::string> owner_id{};
};

/// Passages over lines, one row per reading. Partitioned by started_at.
struct PeopleCountingRaw {
  static constexpr std::string_view kTable = "data.people_counting_raw";
  /// Start of the reading, whole milliseconds
  std::string started_at{};
  /// When HQ took this version of it
  std::string received_at{};
  /// Length; 0 for an instant. Counted in the bucket of its last instant.
  std::int64_t duration_ms{};
  /// The tenant. Four bytes here: a row is paid for by the hundred million.
  std::int32_t organization_id{};
  /// The store; what a cluster distributes by
  std::int32_t store_id{};
  /// The sensor
  std::int32_t sensor_id{};
  /// People who came in; null where the sensor does not say
  std::optional<std::int32_t> count_in{};
  /// People who went out; null where the sensor does not say
  std::optional<std::int32_t> count_out{};
  /// Ordinal of the gateway's database file, 0 for an import; with revision the order of versions,
  /// so a gateway always outranks an import
  std::int16_t epoch{};
  /// Version of the reading inside its epoch
  std::int16_t revision{};
  /// Separates readings of one line that start at the same instant
  std::int16_t seq{};
  /// 1 arrival time used, 2 recovered over a gap, 4 after a reset, 8 wrapped, 16 estimated, 32
  /// voided, 64 corrected, 128 time bounded, not known, 256 end and 512 start on the gateway's
  /// unconfirmed clock
  std::int16_t flags{};
  /// Number of sensor, line and seq within the store (private.slots); with the start it makes the
  /// key
  std::int16_t slot{};
  /// Line of the sensor; empty for the whole device
  std::string line{};
};

/// What the regions of a sensor are called and how many people they hold
struct RegionConfigurations {
  static constexpr std::string_view kTable = "data.region_configurations";
  /// Compact key
  std::int64_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// The store
  std::int32_t store_id{};
  /// The sensor
  std::int32_t sensor_id{};
  /// Id outside this database
  std::string public_id{};
  /// Region as the sensor's readings name it
  std::string region{};
  /// Name people know it by
  std::string name{};
  /// People it holds; null when nobody said
  std::optional<std::int32_t> capacity{};
  /// Where it stands in its life
  Lifecycle lifecycle{};
  /// Free data
  std::string metadata{};
  /// Configuration; counted_from are the lines at which people come in and leave
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
  /// Person who looks after it
  std::optional<std::string> assigned_to{};
  /// Person who answers for it
  std::optional<std::string> owner_id{};
};

/// People present in regions, one row per reading. Partitioned by started_at.
struct RegionalCountingRaw {
  static constexpr std::string_view kTable = "data.regional_counting_raw";
  /// Start of the reading, whole milliseconds
  std::string started_at{};
  /// When HQ took this version of it
  std::string received_at{};
  /// Length; 0 for an instant. Counted in the bucket of its last instant.
  std::int64_t duration_ms{};
  /// The tenant. Four bytes here: a row is paid for by the hundred million.
  std::int32_t organization_id{};
  /// The store; what a cluster distributes by
  std::int32_t store_id{};
  /// The sensor
  std::int32_t sensor_id{};
  /// People present; null where the sensor does not say
  std::optional<std::int32_t> occupancy{};
  /// Ordinal of the gateway's database file, 0 for an import; with revision the order of versions,
  /// so a gateway always outranks an import
  std::int16_t epoch{};
  /// Version of the reading inside its epoch
  std::int16_t revision{};
  /// Separates readings of one region that start at the same instant
  std::int16_t seq{};
  /// As in people_counting_raw
  std::int16_t flags{};
  /// Number of sensor, region and seq within the store (private.slots); with the start it makes the
  /// key
  std::int16_t slot{};
  /// Region of the sensor; empty for the whole device
  std::string region{};
};

/// Sensors and their health. HQ owns the configuration columns, the owning gateway the measurements
/// and the health.
struct SensorMetadata {
  static constexpr std::string_view kTable = "data.sensor_metadata";
  /// Compact key, unique over all tenants; the gateway learns it at its first sync
  std::int32_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// The store it counts in
  std::int32_t store_id{};
  /// The gateway whose readings of it are taken
  std::int64_t gateway_id{};
  /// Id outside this database, derived by the gateway from store and serial
  std::string public_id{};
  /// Identity its payloads state, or link:NAME where they state none
  std::string serial{};
  /// Name people know it by
  std::string name{};
  /// Which decoder reads it
  std::string model{};
  /// Link of the gateway it talks over
  std::string link{};
  /// planning until a person confirms what a gateway reported
  Lifecycle lifecycle{};
  /// How it is doing. Liveness: no audit, no configuration change.
  HealthStatus status{};
  /// When it last said something
  std::optional<std::string> last_data_received{};
  /// Since when it is silent; null while it is heard
  std::optional<std::string> offline_since{};
  /// Free data
  std::string metadata{};
  /// Configuration
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted; its readings remain until they expire
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
  /// Person who looks after it
  std::optional<std::string> assigned_to{};
  /// Person who answers for it
  std::optional<std::string> owner_id{};
};

/// Places with doors. A store hangs from any node of its tenant's tree.
struct Stores {
  static constexpr std::string_view kTable = "data.stores";
  /// Compact key, unique over all tenants
  std::int32_t id{};
  /// The tenant
  std::int64_t organization_id{};
  /// Where it hangs in the tree; the only place this is written
  std::int64_t node_id{};
  /// Id outside this database
  std::string public_id{};
  /// Name people know it by
  std::string name{};
  /// IANA zone in which its days are counted, as it is now
  std::string timezone{};
  /// Minutes after midnight at which its day starts, as it is now
  std::int32_t day_start_minute{};
  /// Both with the day from which on they held: [{"from": null, "timezone": "Europe/Berlin",
  /// "day_start_minute": 0}, {"from": "2026-11-01", …}]. Kept by trigger.
  std::string calendar{};
  /// Where it stands in its life; a store completed, cancelled or archived takes no readings
  Lifecycle lifecycle{};
  /// Raised whenever something its gateways must know changes
  std::int32_t config_version{};
  /// Free data
  std::string metadata{};
  /// Configuration
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted; its readings remain until they expire
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
  /// Person who looks after it
  std::optional<std::string> assigned_to{};
  /// Person who answers for it
  std::optional<std::string> owner_id{};
};

/// What a person may see. No credentials: whoever issues the token proves who it is.
struct UserProfiles {
  static constexpr std::string_view kTable = "data.user_profiles";
  /// Subject of the person's token (on Supabase auth.users.id)
  std::string id{};
  /// The tenant
  std::int64_t organization_id{};
  /// organization_administrator configures and auditor reads the whole tenant; regional_manager
  /// configures the stores below node_ids, store_staff names what its stores hold
  std::string role{};
  /// Name to show
  std::string display_name{};
  /// Zone in which to show times
  std::string timezone_preference{};
  /// Whether alerts are mailed
  bool email_notifications{};
  /// Nodes whose stores, also further down, the person sees; ids of another tenant give nothing
  std::vector<std::int64_t> node_ids{};
  /// Single stores the person sees; ids of another tenant give nothing
  std::vector<std::int32_t> store_ids{};
  /// Only active profiles see anything
  Lifecycle lifecycle{};
  /// Free data
  std::string metadata{};
  /// Configuration
  std::string settings{};
  /// When the row was made
  std::string created_at{};
  /// When its configuration last changed
  std::string updated_at{};
  /// When it was deleted
  std::optional<std::string> deleted_at{};
  /// Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled
  /// by trigger.
  std::optional<std::string> created_by{};
  /// Person who last changed its configuration; null as above. Filled by trigger.
  std::optional<std::string> updated_by{};
};

/// Walk tests in the stores the user may see
struct ApiAcceptances {
  static constexpr std::string_view kTable = "api.acceptances";
  std::optional<std::string> public_id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_name{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> sensor_name{};
  std::optional<std::string> line{};
  std::optional<std::string> at{};
  std::optional<std::int32_t> walked_in{};
  std::optional<std::int32_t> walked_out{};
  std::optional<std::int32_t> counted_in{};
  std::optional<std::int32_t> counted_out{};
  std::optional<std::string> verdict{};
  std::optional<std::string> signed_by{};
  std::optional<std::string> note{};
};

/// What happened, in one list: changes of configuration (for those who may read the audit log),
/// alerts, walk tests, annotations. Ask for a range of at and order by it.
struct ApiActivity {
  static constexpr std::string_view kTable = "api.activity";
  std::optional<std::string> at{};
  std::optional<std::string> kind{};
  std::optional<std::string> actor{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_name{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> text{};
  std::optional<std::string> reference{};
};

/// What was said about the stores the user may see, their sensors and days
struct ApiAnnotations {
  static constexpr std::string_view kTable = "api.annotations";
  std::optional<std::string> public_id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_name{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> sensor_name{};
  std::optional<std::string> day{};
  std::optional<std::string> note{};
  std::optional<std::string> created_by{};
  std::optional<std::string> created_by_name{};
  std::optional<std::string> created_at{};
};

/// Who changed which configuration, for organization administrators and auditors. Always ask for a
/// range of at.
struct ApiAudit {
  static constexpr std::string_view kTable = "api.audit";
  std::optional<std::int64_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> at{};
  std::optional<std::string> actor{};
  std::optional<std::string> action{};
  std::optional<std::string> table_name{};
  std::optional<std::string> row_id{};
  std::optional<std::string> old_values{};
  std::optional<std::string> new_values{};
  std::optional<std::string> request_id{};
};

/// Counts per day of the stores the user may see; people = count + unallocated + estimated.
/// old_calendar: counted by a calendar that was found wrong when the readings were gone.
struct ApiDaily {
  static constexpr std::string_view kTable = "api.daily";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_name{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> sensor_name{};
  std::optional<std::string> line{};
  std::optional<std::string> region{};
  std::optional<std::string> day{};
  std::optional<std::int64_t> count_in{};
  std::optional<std::int64_t> count_out{};
  std::optional<std::int64_t> unallocated_in{};
  std::optional<std::int64_t> unallocated_out{};
  std::optional<std::int64_t> estimated_in{};
  std::optional<std::int64_t> estimated_out{};
  std::optional<std::int32_t> occupancy_max{};
  std::optional<std::int32_t> readings{};
  std::optional<bool> old_calendar{};
  std::optional<std::string> updated_at{};
};

/// Every store the user may see: whether it is blind (its counts do not arrive), since when, why,
/// with which version. Ask for blind=is.true. platform is for HQ administrators.
struct ApiFleetHealth {
  static constexpr std::string_view kTable = "api.fleet_health";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int64_t> node_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> name{};
  std::optional<bool> blind{};
  /// no_gateway, gateway_never_seen, gateway_silent (all its gateways), sensors_offline (all its
  /// sensors); null where counts arrive
  std::optional<std::string> reason{};
  /// When its gateway was last heard, or the last of its sensors fell silent
  std::optional<std::string> blind_since{};
  std::optional<std::string> blind_for{};
  std::optional<std::int64_t> gateways{};
  std::optional<std::int64_t> gateways_silent{};
  /// Version the gateway heard last reported
  std::optional<std::string> version{};
  /// Since when: many stores that went blind soon after this share an update
  std::optional<std::string> version_since{};
  std::optional<std::string> last_seen_at{};
  /// Changes that still lay at the gateway when it was last heard
  std::optional<std::string> backlog{};
  std::optional<std::int64_t> sensors{};
  std::optional<std::int64_t> sensors_offline{};
  std::optional<std::string> last_data_received{};
  std::optional<std::int64_t> open_alerts{};
  std::optional<std::int64_t> critical_alerts{};
  /// Alert rules that raised an error within a day, so cannot be relied on
  std::optional<std::vector<std::string>> failing_rules{};
  /// Partition reserve in days, last run of evaluate_fleet(), outbox: for HQ administrators
  std::optional<std::string> platform{};
};

/// Stores, gateways, sensors and open alerts at or below the nodes the user may see, as of the last
/// refresh
struct ApiFleetSummary {
  static constexpr std::string_view kTable = "api.fleet_summary";
  std::optional<std::int64_t> node_id{};
  std::optional<std::int64_t> stores{};
  std::optional<std::int64_t> gateways{};
  std::optional<std::int64_t> gateways_online{};
  std::optional<std::int64_t> sensors{};
  std::optional<std::int64_t> sensors_online{};
  std::optional<std::int64_t> sensors_degraded{};
  std::optional<std::int64_t> sensors_offline{};
  std::optional<std::int64_t> open_alerts{};
  std::optional<std::int64_t> critical_alerts{};
  std::optional<std::string> last_data_received{};
};

/// Gateways of the stores the user sees. Organization administrators change them; deleting one, or
/// lifecycle archived, revokes it at once.
struct ApiGateways {
  static constexpr std::string_view kTable = "api.gateways";
  std::optional<std::int64_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> name{};
  std::optional<std::string> version{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<HealthStatus> status{};
  std::optional<std::string> last_seen_at{};
  std::optional<std::string> offline_since{};
  std::optional<std::string> health{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> assigned_to{};
  std::optional<std::string> owner_id{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

/// Counts per hour of the stores the user may see. Always ask for a range of hour_at.
struct ApiHourly {
  static constexpr std::string_view kTable = "api.hourly";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_name{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> sensor_name{};
  std::optional<std::string> line{};
  std::optional<std::string> region{};
  std::optional<std::string> hour_at{};
  std::optional<std::int64_t> count_in{};
  std::optional<std::int64_t> count_out{};
  std::optional<std::int32_t> occupancy_max{};
  std::optional<std::int32_t> readings{};
  std::optional<std::string> updated_at{};
};

/// Every sensor the user may see, with its health and its newest reading
struct ApiLatestSensorData {
  static constexpr std::string_view kTable = "api.latest_sensor_data";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> name{};
  std::optional<std::string> model{};
  std::optional<HealthStatus> status{};
  std::optional<std::string> last_data_received{};
  std::optional<std::string> offline_since{};
  std::optional<std::string> line{};
  std::optional<std::string> started_at{};
  std::optional<std::int64_t> duration_ms{};
  std::optional<std::int32_t> count_in{};
  std::optional<std::int32_t> count_out{};
};

/// Who the user is: role, tenant, and what was opened to it. One row, or none for somebody without
/// a profile.
struct ApiMyProfile {
  static constexpr std::string_view kTable = "api.my_profile";
  std::optional<std::string> id{};
  std::optional<std::string> role{};
  std::optional<std::string> display_name{};
  std::optional<std::string> timezone_preference{};
  std::optional<bool> email_notifications{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::string> organization_name{};
  std::optional<std::string> nodes{};
  std::optional<std::string> stores{};
  std::optional<std::int32_t> store_count{};
};

/// Counts per day of everything at or below the nodes the user may see, as of the last refresh
struct ApiNodeDaily {
  static constexpr std::string_view kTable = "api.node_daily";
  std::optional<std::int64_t> node_id{};
  std::optional<std::string> day{};
  std::optional<std::int64_t> count_in{};
  std::optional<std::int64_t> count_out{};
  std::optional<std::int64_t> unallocated_in{};
  std::optional<std::int64_t> unallocated_out{};
  std::optional<std::int64_t> estimated_in{};
  std::optional<std::int64_t> estimated_out{};
  std::optional<std::int32_t> occupancy_max{};
  std::optional<std::int64_t> readings{};
  std::optional<std::int64_t> stores_counted{};
  std::optional<double> coverage{};
};

/// Alerts of the stores the user may see that wait for somebody, acknowledged ones included
struct ApiOpenAlerts {
  static constexpr std::string_view kTable = "api.open_alerts";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> store_public_id{};
  std::optional<std::string> store_name{};
  std::optional<std::string> public_id{};
  std::optional<std::string> kind{};
  std::optional<std::string> severity{};
  std::optional<AlertState> state{};
  std::optional<std::string> message{};
  std::optional<std::string> details{};
  std::optional<std::string> gateway_public_id{};
  std::optional<std::string> gateway_name{};
  std::optional<std::string> sensor_public_id{};
  std::optional<std::string> sensor_name{};
  std::optional<std::string> region{};
  std::optional<std::string> region_name{};
  std::optional<std::string> opened_at{};
  std::optional<std::string> escalated_at{};
  std::optional<std::string> acknowledged_at{};
  std::optional<std::string> acknowledged_by{};
  std::optional<std::string> acknowledged_note{};
};

/// Nodes of the tenant's tree that the user stands above or at. Organization administrators add,
/// change, move and delete them.
struct ApiOrganizations {
  static constexpr std::string_view kTable = "api.organizations";
  std::optional<std::int64_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int64_t> parent_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> name{};
  std::optional<std::int16_t> level{};
  std::optional<std::string> path{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> assigned_to{};
  std::optional<std::string> owner_id{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

/// Regions of the stores the user sees. Administrators and managers add, change and delete them,
/// store staff name them.
struct ApiRegionConfigurations {
  static constexpr std::string_view kTable = "api.region_configurations";
  std::optional<std::int64_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> region{};
  std::optional<std::string> name{};
  std::optional<std::int32_t> capacity{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> assigned_to{};
  std::optional<std::string> owner_id{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

/// How reliably each sensor of the user's stores was heard over the last thirty days, as of the
/// last refresh
struct ApiSensorUptime {
  static constexpr std::string_view kTable = "api.sensor_uptime";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::int32_t> sensor_id{};
  std::optional<HealthStatus> status{};
  std::optional<std::string> last_data_received{};
  std::optional<std::string> offline_since{};
  std::optional<std::int32_t> days_known{};
  std::optional<std::int64_t> days_counted{};
  std::optional<double> coverage{};
};

/// Sensors of the stores the user sees. Administrators and managers add, confirm (lifecycle),
/// change and delete them, store staff name them.
struct ApiSensors {
  static constexpr std::string_view kTable = "api.sensors";
  std::optional<std::int32_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::int64_t> gateway_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> serial{};
  std::optional<std::string> name{};
  std::optional<std::string> model{};
  std::optional<std::string> link{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<HealthStatus> status{};
  std::optional<std::string> last_data_received{};
  std::optional<std::string> offline_since{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> assigned_to{};
  std::optional<std::string> owner_id{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

/// Counts per day of the stores the user may see, as of the last refresh. Always ask for a range of
/// day.
struct ApiStoreDaily {
  static constexpr std::string_view kTable = "api.store_daily";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> day{};
  std::optional<std::int64_t> count_in{};
  std::optional<std::int64_t> count_out{};
  std::optional<std::int64_t> unallocated_in{};
  std::optional<std::int64_t> unallocated_out{};
  std::optional<std::int64_t> estimated_in{};
  std::optional<std::int64_t> estimated_out{};
  std::optional<std::int32_t> occupancy_max{};
  std::optional<std::int64_t> readings{};
  std::optional<double> coverage{};
};

/// Counts per week, named by its Monday, of the stores the user may see, as of the last refresh
struct ApiStoreWeekly {
  static constexpr std::string_view kTable = "api.store_weekly";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int32_t> store_id{};
  std::optional<std::string> week{};
  std::optional<std::int64_t> count_in{};
  std::optional<std::int64_t> count_out{};
  std::optional<std::int64_t> unallocated_in{};
  std::optional<std::int64_t> unallocated_out{};
  std::optional<std::int64_t> estimated_in{};
  std::optional<std::int64_t> estimated_out{};
  std::optional<std::int32_t> occupancy_max{};
  std::optional<std::int64_t> readings{};
  std::optional<std::int64_t> days_counted{};
  std::optional<double> coverage{};
};

/// Stores the user sees. Organization administrators and regional managers add, change, move and
/// delete those below their nodes.
struct ApiStores {
  static constexpr std::string_view kTable = "api.stores";
  std::optional<std::int32_t> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int64_t> node_id{};
  std::optional<std::string> public_id{};
  std::optional<std::string> name{};
  std::optional<std::string> timezone{};
  std::optional<std::int32_t> day_start_minute{};
  std::optional<std::string> calendar{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<std::int32_t> config_version{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> assigned_to{};
  std::optional<std::string> owner_id{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

/// Nodes the user sees, with the names of their level and of the way down to them. Of the nodes
/// above only the names are shown.
struct ApiTree {
  static constexpr std::string_view kTable = "api.tree";
  std::optional<std::int64_t> organization_id{};
  std::optional<std::int64_t> id{};
  std::optional<std::string> public_id{};
  std::optional<std::int64_t> parent_id{};
  std::optional<std::string> name{};
  std::optional<std::int16_t> level{};
  std::optional<std::string> level_name{};
  std::optional<std::int32_t> depth{};
  std::optional<std::string> path{};
  std::optional<std::vector<std::string>> path_names{};
  std::optional<std::vector<std::string>> path_level_names{};
  std::optional<Lifecycle> lifecycle{};
};

/// The user's own profile; for administrators and auditors the tenant's. Administrators write them,
/// everybody the own name, zone and mail.
struct ApiUserProfiles {
  static constexpr std::string_view kTable = "api.user_profiles";
  std::optional<std::string> id{};
  std::optional<std::int64_t> organization_id{};
  std::optional<std::string> role{};
  std::optional<std::string> display_name{};
  std::optional<std::string> timezone_preference{};
  std::optional<bool> email_notifications{};
  std::optional<std::vector<std::int64_t>> node_ids{};
  std::optional<std::vector<std::int32_t>> store_ids{};
  std::optional<Lifecycle> lifecycle{};
  std::optional<std::string> metadata{};
  std::optional<std::string> settings{};
  std::optional<std::string> created_at{};
  std::optional<std::string> created_by{};
  std::optional<std::string> updated_at{};
  std::optional<std::string> updated_by{};
};

}  // namespace lintel::rows
