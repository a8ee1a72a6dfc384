-- Verify lintel:sync_coverage on pg

begin;

do $$
begin
  assert private.coverage_complaint('[1, 2, "asleep"]') is not null, 'any state is taken';
  assert private.coverage_complaint(jsonb_build_array(extract(epoch from now() - interval '1 hour')::bigint * 1000,
                                                      extract(epoch from now())::bigint * 1000, 'counting')) is null, 'a good span is not taken';
end $$;

rollback;
