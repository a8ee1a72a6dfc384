-- All of schema legacy_migration, in the transaction of whoever includes it.
\ir state.sql
\ir times.sql
\ir places.sql
\ir place_rows.sql
\ir alerts.sql
\ir counts.sql
\ir take.sql
\ir capture.sql
\ir returns.sql
\ir run.sql
\ir proof.sql
