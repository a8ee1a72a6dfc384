// Generated: lintel-hq types typescript. A test holds it against the schema.
// Rows of the central schema as PostgREST writes them: instants, days and uuids are strings.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

// Where an alert stands
export type AlertState = "open" | "acknowledged" | "resolved";

// How a device is doing, as the gateway (or for gateways HQ) sees it
export type HealthStatus = "online" | "degraded" | "offline" | "unknown" | "disabled";

// Where an entity stands in its life, by people's decision. A sensor that a gateway reported and
// nobody confirmed is in planning.
export type Lifecycle = "draft" | "planning" | "active" | "review" | "completed" | "cancelled" | "archived";

// What needs a person: one table for gateways, sensors, regions and data quality
export interface Alerts {
  // Compact key
  id: number;
  // The tenant
  organization_id: number;
  // The store
  store_id: number;
  // The gateway it is about or that serves the sensor, if any
  gateway_id: number | null;
  // The sensor it is about, if any
  sensor_id: number | null;
  // Region of the sensor it is about, as readings name it; its name is in region_configurations
  region: string | null;
  // Id outside this database
  public_id: string;
  // What happened: the rule that opened it, or the gateway's own word
  kind: string;
  // While the condition behind this key lasts in the store, no second alert opens
  dedup_key: string;
  // info, warning or critical; may rise, never falls
  severity: string;
  // Where it stands
  state: AlertState;
  // What happened, to which thing, and what to try
  message: string;
  // The figures behind it
  details: Json;
  // When it opened
  opened_at: string;
  // When its severity last rose
  escalated_at: string | null;
  // When a person took notice
  acknowledged_at: string | null;
  // Who took notice; null for HQ administrators and for people erased since
  acknowledged_by: string | null;
  // What they had to say
  acknowledged_note: string | null;
  // When it was over, or a person closed it
  resolved_at: string | null;
  // Who closed it; null when it resolved by itself
  resolved_by: string | null;
  // What they had to say
  resolved_note: string | null;
  // ended: the condition is over; person: somebody closed it; superseded: its gateway fell silent,
  // which says more
  resolution: string | null;
  // When the condition itself was over. One that a person closed opens no second time before.
  ended_at: string | null;
  // When the row was made
  created_at: string;
  // When the row last changed
  updated_at: string;
}

// Who changed which configuration, append-only. Liveness and readings leave no trace here.
// Partitioned by at.
export interface AuditLog {
  // Number of the entry
  id: number;
  // The tenant
  organization_id: number;
  // The store, if the row belongs to one
  store_id: number | null;
  // When
  at: string;
  // Role and subject of the token (lintel_gateway: a gateway, authenticated: a person), or the
  // database role that was logged in
  actor: string;
  // insert, update or delete
  action: string;
  // Which table
  table_name: string;
  // Which row: its public id, else its key
  row_id: string;
  // Configuration columns before, of an update only those that changed
  old_values: Json | null;
  // Configuration columns after, of an update only those that changed
  new_values: Json | null;
  // Header X-Request-Id of the request, if there was one
  request_id: string | null;
}

// Readings added up per day of the store. A day's people are count + unallocated + estimated.
export interface DailyAnalytics {
  // The tenant
  organization_id: number;
  // People who came in, what the day's hours add up to
  count_in: number;
  // People who went out, what the day's hours add up to
  count_out: number;
  // The same from readings longer than an hour
  unallocated_in: number;
  // The same from readings longer than an hour
  unallocated_out: number;
  // The same from estimates (a gap split at midnight)
  estimated_in: number;
  // The same from estimates (a gap split at midnight)
  estimated_out: number;
  // When the bucket last changed
  updated_at: string;
  // The store
  store_id: number;
  // The sensor
  sensor_id: number;
  // Day in the store's time zone, from its day_start_minute on
  day: string;
  // Most people present at once; null without such readings
  occupancy_max: number | null;
  // How many readings the bucket is made of
  readings: number;
  // Counted by a calendar that was found wrong when the readings were gone already: the day may
  // begin or end at another instant than it should
  old_calendar: boolean;
  // Line; empty for the whole device and for regions
  line: string;
  // Region; empty for the whole device and for lines
  region: string;
}

// One row per gateway device. Its token names public_id; organization and store are read from here,
// never from the token.
export interface Gateways {
  // Compact key
  id: number;
  // The tenant
  organization_id: number;
  // The store it stands in
  store_id: number;
  // Id outside this database, the subject of its token
  public_id: string;
  // Name people know it by
  name: string;
  // Software version it last reported, with its image if it runs from one
  version: string | null;
  // Since when it reports this version: a store that went blind with an update shows by it
  version_since: string | null;
  // Where it stands in its life; completed, cancelled or archived means revoked
  lifecycle: Lifecycle;
  // How it is doing. Liveness: no audit, no configuration change.
  status: HealthStatus;
  // Last sync, written at most once a minute
  last_seen_at: string | null;
  // Since when it is silent; null while it is heard
  offline_since: string | null;
  // What it last reported of itself, written at most once a minute
  health: Json;
  // Free data
  metadata: Json;
  // Configuration
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted; also revokes it
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
  // Person who looks after it
  assigned_to: string | null;
  // Person who answers for it
  owner_id: string | null;
}

// Readings of at most an hour, added up per hour. Written only together with the raw rows.
export interface HourlyAnalytics {
  // The tenant
  organization_id: number;
  // Start of the hour, a whole hour of UTC
  hour_at: string;
  // People who came in
  count_in: number;
  // People who went out
  count_out: number;
  // When the bucket last changed
  updated_at: string;
  // The store
  store_id: number;
  // The sensor
  sensor_id: number;
  // Most people present at once; null without such readings
  occupancy_max: number | null;
  // How many readings the bucket is made of
  readings: number;
  // Line; empty for the whole device and for regions
  line: string;
  // Region; empty for the whole device and for lines
  region: string;
}

// A tree per customer. The root is the tenant; nodes below are its regions, brands, projects.
export interface Organizations {
  // Compact key
  id: number;
  // Root of the tree, the tenant; never changes. Filled by trigger.
  organization_id: number;
  // Node above; null for the root
  parent_id: number | null;
  // Id outside this database
  public_id: string;
  // Name people know it by
  name: string;
  // Rank, 1 to 5; a child ranks below its parent, only the fifth may nest
  level: number;
  // Ids from the root down to here. Kept by trigger.
  path: string;
  // Where it stands in its life
  lifecycle: Lifecycle;
  // Free data
  metadata: Json;
  // Configuration
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted; history may still refer to it
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
  // Person who looks after it
  assigned_to: string | null;
  // Person who answers for it
  owner_id: string | null;
}

// Passages over lines, one row per reading. Partitioned by started_at.
export interface PeopleCountingRaw {
  // Start of the reading, whole milliseconds
  started_at: string;
  // When HQ took this version of it
  received_at: string;
  // Length; 0 for an instant. Counted in the bucket of its last instant.
  duration_ms: number;
  // The tenant. Four bytes here: a row is paid for by the hundred million.
  organization_id: number;
  // The store; what a cluster distributes by
  store_id: number;
  // The sensor
  sensor_id: number;
  // People who came in; null where the sensor does not say
  count_in: number | null;
  // People who went out; null where the sensor does not say
  count_out: number | null;
  // Ordinal of the gateway's database file, 0 for an import; with revision the order of versions,
  // so a gateway always outranks an import
  epoch: number;
  // Version of the reading inside its epoch
  revision: number;
  // Separates readings of one line that start at the same instant
  seq: number;
  // 1 arrival time used, 2 recovered over a gap, 4 after a reset, 8 wrapped, 16 estimated, 32
  // voided, 64 corrected, 128 time bounded, not known, 256 end and 512 start on the gateway's
  // unconfirmed clock
  flags: number;
  // Number of sensor, line and seq within the store (private.slots); with the start it makes the
  // key
  slot: number;
  // Line of the sensor; empty for the whole device
  line: string;
}

// What the regions of a sensor are called and how many people they hold
export interface RegionConfigurations {
  // Compact key
  id: number;
  // The tenant
  organization_id: number;
  // The store
  store_id: number;
  // The sensor
  sensor_id: number;
  // Id outside this database
  public_id: string;
  // Region as the sensor's readings name it
  region: string;
  // Name people know it by
  name: string;
  // People it holds; null when nobody said
  capacity: number | null;
  // Where it stands in its life
  lifecycle: Lifecycle;
  // Free data
  metadata: Json;
  // Configuration; counted_from are the lines at which people come in and leave
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
  // Person who looks after it
  assigned_to: string | null;
  // Person who answers for it
  owner_id: string | null;
}

// People present in regions, one row per reading. Partitioned by started_at.
export interface RegionalCountingRaw {
  // Start of the reading, whole milliseconds
  started_at: string;
  // When HQ took this version of it
  received_at: string;
  // Length; 0 for an instant. Counted in the bucket of its last instant.
  duration_ms: number;
  // The tenant. Four bytes here: a row is paid for by the hundred million.
  organization_id: number;
  // The store; what a cluster distributes by
  store_id: number;
  // The sensor
  sensor_id: number;
  // People present; null where the sensor does not say
  occupancy: number | null;
  // Ordinal of the gateway's database file, 0 for an import; with revision the order of versions,
  // so a gateway always outranks an import
  epoch: number;
  // Version of the reading inside its epoch
  revision: number;
  // Separates readings of one region that start at the same instant
  seq: number;
  // As in people_counting_raw
  flags: number;
  // Number of sensor, region and seq within the store (private.slots); with the start it makes the
  // key
  slot: number;
  // Region of the sensor; empty for the whole device
  region: string;
}

// Sensors and their health. HQ owns the configuration columns, the owning gateway the measurements
// and the health.
export interface SensorMetadata {
  // Compact key, unique over all tenants; the gateway learns it at its first sync
  id: number;
  // The tenant
  organization_id: number;
  // The store it counts in
  store_id: number;
  // The gateway whose readings of it are taken
  gateway_id: number;
  // Id outside this database, derived by the gateway from store and serial
  public_id: string;
  // Identity its payloads state, or link:NAME where they state none
  serial: string;
  // Name people know it by
  name: string;
  // Which decoder reads it
  model: string;
  // Link of the gateway it talks over
  link: string;
  // planning until a person confirms what a gateway reported
  lifecycle: Lifecycle;
  // How it is doing. Liveness: no audit, no configuration change.
  status: HealthStatus;
  // When it last said something
  last_data_received: string | null;
  // Since when it is silent; null while it is heard
  offline_since: string | null;
  // Free data
  metadata: Json;
  // Configuration
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted; its readings remain until they expire
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
  // Person who looks after it
  assigned_to: string | null;
  // Person who answers for it
  owner_id: string | null;
}

// Places with doors. A store hangs from any node of its tenant's tree.
export interface Stores {
  // Compact key, unique over all tenants
  id: number;
  // The tenant
  organization_id: number;
  // Where it hangs in the tree; the only place this is written
  node_id: number;
  // Id outside this database
  public_id: string;
  // Name people know it by
  name: string;
  // IANA zone in which its days are counted, as it is now
  timezone: string;
  // Minutes after midnight at which its day starts, as it is now
  day_start_minute: number;
  // Both with the day from which on they held: [{"from": null, "timezone": "Europe/Berlin",
  // "day_start_minute": 0}, {"from": "2026-11-01", …}]. Kept by trigger.
  calendar: Json;
  // Where it stands in its life; a store completed, cancelled or archived takes no readings
  lifecycle: Lifecycle;
  // Raised whenever something its gateways must know changes
  config_version: number;
  // Free data
  metadata: Json;
  // Configuration
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted; its readings remain until they expire
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
  // Person who looks after it
  assigned_to: string | null;
  // Person who answers for it
  owner_id: string | null;
}

// What a person may see. No credentials: whoever issues the token proves who it is.
export interface UserProfiles {
  // Subject of the person's token (on Supabase auth.users.id)
  id: string;
  // The tenant
  organization_id: number;
  // organization_administrator configures and auditor reads the whole tenant; regional_manager
  // configures the stores below node_ids, store_staff names what its stores hold
  role: string;
  // Name to show
  display_name: string;
  // Zone in which to show times
  timezone_preference: string;
  // Whether alerts are mailed
  email_notifications: boolean;
  // Nodes whose stores, also further down, the person sees; ids of another tenant give nothing
  node_ids: number[];
  // Single stores the person sees; ids of another tenant give nothing
  store_ids: number[];
  // Only active profiles see anything
  lifecycle: Lifecycle;
  // Free data
  metadata: Json;
  // Configuration
  settings: Json;
  // When the row was made
  created_at: string;
  // When its configuration last changed
  updated_at: string;
  // When it was deleted
  deleted_at: string | null;
  // Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by
  // trigger.
  created_by: string | null;
  // Person who last changed its configuration; null as above. Filled by trigger.
  updated_by: string | null;
}

// Walk tests in the stores the user may see
export interface ApiAcceptances {
  public_id: string | null;
  organization_id: number | null;
  store_id: number | null;
  store_name: string | null;
  sensor_id: number | null;
  sensor_name: string | null;
  line: string | null;
  at: string | null;
  walked_in: number | null;
  walked_out: number | null;
  counted_in: number | null;
  counted_out: number | null;
  verdict: string | null;
  signed_by: string | null;
  note: string | null;
}

// What happened, in one list: changes of configuration (for those who may read the audit log),
// alerts, walk tests, annotations. Ask for a range of at and order by it.
export interface ApiActivity {
  at: string | null;
  kind: string | null;
  actor: string | null;
  organization_id: number | null;
  store_id: number | null;
  store_name: string | null;
  sensor_id: number | null;
  text: string | null;
  reference: string | null;
}

// What was said about the stores the user may see, their sensors and days
export interface ApiAnnotations {
  public_id: string | null;
  organization_id: number | null;
  store_id: number | null;
  store_name: string | null;
  sensor_id: number | null;
  sensor_name: string | null;
  day: string | null;
  note: string | null;
  created_by: string | null;
  created_by_name: string | null;
  created_at: string | null;
}

// Who changed which configuration, for organization administrators and auditors. Always ask for a
// range of at.
export interface ApiAudit {
  id: number | null;
  organization_id: number | null;
  store_id: number | null;
  at: string | null;
  actor: string | null;
  action: string | null;
  table_name: string | null;
  row_id: string | null;
  old_values: Json | null;
  new_values: Json | null;
  request_id: string | null;
}

// Counts per day of the stores the user may see; people = count + unallocated + estimated.
// old_calendar: counted by a calendar that was found wrong when the readings were gone.
export interface ApiDaily {
  organization_id: number | null;
  store_id: number | null;
  store_name: string | null;
  sensor_id: number | null;
  sensor_name: string | null;
  line: string | null;
  region: string | null;
  day: string | null;
  count_in: number | null;
  count_out: number | null;
  unallocated_in: number | null;
  unallocated_out: number | null;
  estimated_in: number | null;
  estimated_out: number | null;
  occupancy_max: number | null;
  readings: number | null;
  old_calendar: boolean | null;
  updated_at: string | null;
}

// Every store the user may see: whether it is blind (its counts do not arrive), since when, why,
// with which version. Ask for blind=is.true. platform is for HQ administrators.
export interface ApiFleetHealth {
  organization_id: number | null;
  node_id: number | null;
  store_id: number | null;
  public_id: string | null;
  name: string | null;
  blind: boolean | null;
  // no_gateway, gateway_never_seen, gateway_silent (all its gateways), sensors_offline (all its
  // sensors); null where counts arrive
  reason: string | null;
  // When its gateway was last heard, or the last of its sensors fell silent
  blind_since: string | null;
  blind_for: string | null;
  gateways: number | null;
  gateways_silent: number | null;
  // Version the gateway heard last reported
  version: string | null;
  // Since when: many stores that went blind soon after this share an update
  version_since: string | null;
  last_seen_at: string | null;
  // Changes that still lay at the gateway when it was last heard
  backlog: number | null;
  sensors: number | null;
  sensors_offline: number | null;
  last_data_received: string | null;
  open_alerts: number | null;
  critical_alerts: number | null;
  // Alert rules that raised an error within a day, so cannot be relied on
  failing_rules: string[] | null;
  // Partition reserve in days, last run of evaluate_fleet(), outbox: for HQ administrators
  platform: Json | null;
}

// Stores, gateways, sensors and open alerts at or below the nodes the user may see, as of the last
// refresh
export interface ApiFleetSummary {
  node_id: number | null;
  stores: number | null;
  gateways: number | null;
  gateways_online: number | null;
  sensors: number | null;
  sensors_online: number | null;
  sensors_degraded: number | null;
  sensors_offline: number | null;
  open_alerts: number | null;
  critical_alerts: number | null;
  last_data_received: string | null;
}

// Gateways of the stores the user sees. Organization administrators change them; deleting one, or
// lifecycle archived, revokes it at once.
export interface ApiGateways {
  id: number | null;
  organization_id: number | null;
  store_id: number | null;
  public_id: string | null;
  name: string | null;
  version: string | null;
  lifecycle: Lifecycle | null;
  status: HealthStatus | null;
  last_seen_at: string | null;
  offline_since: string | null;
  health: Json | null;
  metadata: Json | null;
  settings: Json | null;
  assigned_to: string | null;
  owner_id: string | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}

// Counts per hour of the stores the user may see. Always ask for a range of hour_at.
export interface ApiHourly {
  organization_id: number | null;
  store_id: number | null;
  store_name: string | null;
  sensor_id: number | null;
  sensor_name: string | null;
  line: string | null;
  region: string | null;
  hour_at: string | null;
  count_in: number | null;
  count_out: number | null;
  occupancy_max: number | null;
  readings: number | null;
  updated_at: string | null;
}

// Every sensor the user may see, with its health and its newest reading
export interface ApiLatestSensorData {
  organization_id: number | null;
  store_id: number | null;
  sensor_id: number | null;
  public_id: string | null;
  name: string | null;
  model: string | null;
  status: HealthStatus | null;
  last_data_received: string | null;
  offline_since: string | null;
  line: string | null;
  started_at: string | null;
  duration_ms: number | null;
  count_in: number | null;
  count_out: number | null;
}

// Who the user is: role, tenant, and what was opened to it. One row, or none for somebody without a
// profile.
export interface ApiMyProfile {
  id: string | null;
  role: string | null;
  display_name: string | null;
  timezone_preference: string | null;
  email_notifications: boolean | null;
  organization_id: number | null;
  organization_name: string | null;
  nodes: Json | null;
  stores: Json | null;
  store_count: number | null;
}

// Counts per day of everything at or below the nodes the user may see, as of the last refresh
export interface ApiNodeDaily {
  node_id: number | null;
  day: string | null;
  count_in: number | null;
  count_out: number | null;
  unallocated_in: number | null;
  unallocated_out: number | null;
  estimated_in: number | null;
  estimated_out: number | null;
  occupancy_max: number | null;
  readings: number | null;
  stores_counted: number | null;
  coverage: number | null;
}

// Alerts of the stores the user may see that wait for somebody, acknowledged ones included
export interface ApiOpenAlerts {
  organization_id: number | null;
  store_id: number | null;
  store_public_id: string | null;
  store_name: string | null;
  public_id: string | null;
  kind: string | null;
  severity: string | null;
  state: AlertState | null;
  message: string | null;
  details: Json | null;
  gateway_public_id: string | null;
  gateway_name: string | null;
  sensor_public_id: string | null;
  sensor_name: string | null;
  region: string | null;
  region_name: string | null;
  opened_at: string | null;
  escalated_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  acknowledged_note: string | null;
}

// Nodes of the tenant's tree that the user stands above or at. Organization administrators add,
// change, move and delete them.
export interface ApiOrganizations {
  id: number | null;
  organization_id: number | null;
  parent_id: number | null;
  public_id: string | null;
  name: string | null;
  level: number | null;
  path: string | null;
  lifecycle: Lifecycle | null;
  metadata: Json | null;
  settings: Json | null;
  assigned_to: string | null;
  owner_id: string | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}

// Regions of the stores the user sees. Administrators and managers add, change and delete them,
// store staff name them.
export interface ApiRegionConfigurations {
  id: number | null;
  organization_id: number | null;
  store_id: number | null;
  sensor_id: number | null;
  public_id: string | null;
  region: string | null;
  name: string | null;
  capacity: number | null;
  lifecycle: Lifecycle | null;
  metadata: Json | null;
  settings: Json | null;
  assigned_to: string | null;
  owner_id: string | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}

// How reliably each sensor of the user's stores was heard over the last thirty days, as of the last
// refresh
export interface ApiSensorUptime {
  organization_id: number | null;
  store_id: number | null;
  sensor_id: number | null;
  status: HealthStatus | null;
  last_data_received: string | null;
  offline_since: string | null;
  days_known: number | null;
  days_counted: number | null;
  coverage: number | null;
}

// Sensors of the stores the user sees. Administrators and managers add, confirm (lifecycle), change
// and delete them, store staff name them.
export interface ApiSensors {
  id: number | null;
  organization_id: number | null;
  store_id: number | null;
  gateway_id: number | null;
  public_id: string | null;
  serial: string | null;
  name: string | null;
  model: string | null;
  link: string | null;
  lifecycle: Lifecycle | null;
  status: HealthStatus | null;
  last_data_received: string | null;
  offline_since: string | null;
  metadata: Json | null;
  settings: Json | null;
  assigned_to: string | null;
  owner_id: string | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}

// Counts per day of the stores the user may see, as of the last refresh. Always ask for a range of
// day.
export interface ApiStoreDaily {
  organization_id: number | null;
  store_id: number | null;
  day: string | null;
  count_in: number | null;
  count_out: number | null;
  unallocated_in: number | null;
  unallocated_out: number | null;
  estimated_in: number | null;
  estimated_out: number | null;
  occupancy_max: number | null;
  readings: number | null;
  coverage: number | null;
}

// Counts per week, named by its Monday, of the stores the user may see, as of the last refresh
export interface ApiStoreWeekly {
  organization_id: number | null;
  store_id: number | null;
  week: string | null;
  count_in: number | null;
  count_out: number | null;
  unallocated_in: number | null;
  unallocated_out: number | null;
  estimated_in: number | null;
  estimated_out: number | null;
  occupancy_max: number | null;
  readings: number | null;
  days_counted: number | null;
  coverage: number | null;
}

// Stores the user sees. Organization administrators and regional managers add, change, move and
// delete those below their nodes.
export interface ApiStores {
  id: number | null;
  organization_id: number | null;
  node_id: number | null;
  public_id: string | null;
  name: string | null;
  timezone: string | null;
  day_start_minute: number | null;
  calendar: Json | null;
  lifecycle: Lifecycle | null;
  config_version: number | null;
  metadata: Json | null;
  settings: Json | null;
  assigned_to: string | null;
  owner_id: string | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}

// Nodes the user sees, with the names of their level and of the way down to them. Of the nodes
// above only the names are shown.
export interface ApiTree {
  organization_id: number | null;
  id: number | null;
  public_id: string | null;
  parent_id: number | null;
  name: string | null;
  level: number | null;
  level_name: string | null;
  depth: number | null;
  path: string | null;
  path_names: string[] | null;
  path_level_names: string[] | null;
  lifecycle: Lifecycle | null;
}

// The user's own profile; for administrators and auditors the tenant's. Administrators write them,
// everybody the own name, zone and mail.
export interface ApiUserProfiles {
  id: string | null;
  organization_id: number | null;
  role: string | null;
  display_name: string | null;
  timezone_preference: string | null;
  email_notifications: boolean | null;
  node_ids: number[] | null;
  store_ids: number[] | null;
  lifecycle: Lifecycle | null;
  metadata: Json | null;
  settings: Json | null;
  created_at: string | null;
  created_by: string | null;
  updated_at: string | null;
  updated_by: string | null;
}
