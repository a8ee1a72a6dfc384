-- Where the two schemas differ, and why they must. One that ends to differ has to leave this list.
insert into explained (table_name, column_name, aspect, reason) values
  -- Tables that only a gateway needs; HQ's own operational tables stand in schema private.
  ('writer_state', '', 'sqlite_only', 'identity of the file, and how far frames have got into the tables'),
  ('sync_state', '', 'sqlite_only', 'how far HQ has confirmed; HQ keeps its side in private.epochs'),
  ('journal', '', 'sqlite_only', 'changes owed to HQ that are no rows of the raw tables'),
  ('moved_readings', '', 'sqlite_only', 'old keys of moved readings until HQ has them; HQ keeps its side in private.moved_keys'),
  ('set_aside', '', 'sqlite_only', 'readings that HQ refused'),
  ('counter_state', '', 'sqlite_only', 'what counting remembers of a counter between two frames'),
  ('quarantine', '', 'sqlite_only', 'frames nobody could decode'),
  ('held_frames', '', 'sqlite_only', 'frames that wait for the wall time'),
  ('boots', '', 'sqlite_only', 'which wall time a boot had'),

  ('organizations', 'path', 'postgres_only', 'a gateway knows the one node its store hangs from, no subtrees'),
  ('stores', 'node_id', 'null', 'a gateway counts before HQ has told it where its store hangs'),
  ('stores', 'config_version', 'check', 'a gateway that has no configuration yet is at version 0'),
  ('gateways', 'health', 'postgres_only', 'a gateway measures itself when it is asked, it stores no report'),
  ('sensor_metadata', 'hq_id', 'sqlite_only', 'HQ''s compact key, which is HQ''s id'),
  ('sensor_metadata', 'last_boot_id', 'sqlite_only', 'health is judged on the gateway''s boot clock'),
  ('sensor_metadata', 'last_boot_ms', 'sqlite_only', 'health is judged on the gateway''s boot clock'),
  ('sensor_metadata', 'interval_ms', 'sqlite_only', 'rhythm learned from the frames, by which silence is judged'),

  ('*', 'change_no', 'sqlite_only', 'numbers what is owed to HQ; HQ keeps ranges of numbers in private.epochs'),
  ('*', 'epoch', 'postgres_only', 'a file is one epoch'),
  ('*', 'slot', 'postgres_only', 'what the key at HQ says of sensor, line and seq, in two bytes'),
  ('regional_counting_raw', 'occupancy', 'check', 'a sensor''s own net count may fall below zero: kept here, refused by HQ, set aside and shown'),
  ('*', 'occupancy_max', 'check', 'follows occupancy'),
  ('*', 'created_by', 'postgres_only', 'people are known at HQ only; a gateway''s rows are its own daemon''s'),
  ('*', 'updated_by', 'postgres_only', 'people are known at HQ only; a gateway''s rows are its own daemon''s'),
  ('*', 'assigned_to', 'postgres_only', 'people are known at HQ only'),
  ('*', 'owner_id', 'postgres_only', 'people are known at HQ only'),
  ('audit_log', 'store_id', 'postgres_only', 'a gateway''s file holds one store');
