-- Verify lintel:sync_checksums on pg

begin;

do $$
begin
  assert private.reading_checksum(1785456000000, 60000, 1, 2, 0, 0) = private.reading_checksum(1785456000000 + 86400000, 60000, 1, 2, 0, 0);
  assert private.reading_checksum(1785456000000, 60000, 1, 2, 0, 0) <> private.reading_checksum(1785456000000, 60000, 2, 1, 0, 0);
end $$;

rollback;
