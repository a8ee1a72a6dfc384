// What Supabase's own client understands of the answers.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { kApiKey, kSchema, kUrl, mint } from './target.mjs';

const client = (token) =>
  new PostgrestClient(kUrl, {
    schema: kSchema,
    headers: { ...(kApiKey && { apikey: kApiKey }), ...(token && { Authorization: `Bearer ${token}` }) },
  });
const anonymous = client();
const user = client(mint({ role: 'contract_user', sub: 'someone' }));

const ok = ({ data, error, status }) => {
  assert.equal(error, null);
  assert.ok(status < 300);
  return data;
};
const refused = ({ data, error }, code) => {
  assert.equal(data, null);
  assert.equal(error.code, code, JSON.stringify(error));
  return error;
};

describe('postgrest-js calls functions', () => {
  before(async () => ok(await user.rpc('forget_visits')));

  it('with one jsonb argument and one jsonb result', async () => {
    const sent = { v: 1, series: [{ t: 1785539460000, in: '0,2,1' }] };
    assert.deepEqual(ok(await anonymous.rpc('echo', sent)), { got: sent });
  });
  it('with named arguments', async () => assert.equal(ok(await anonymous.rpc('add_them', { a: 2, b: 3 })), 5));
  it('with GET', async () => assert.equal(ok(await anonymous.rpc('add_them', { a: 2, b: 3 }, { get: true })), 5));
  it('with GET and an array', async () =>
    assert.equal(ok(await anonymous.rpc('longest', { words: ['a', 'abc'] }, { get: true })), 'abc'));
  it('with HEAD and a count', async () => {
    const { count, error } = await anonymous.rpc('grown_ups', { above: 18 }, { head: true, count: 'exact' });
    assert.equal(error, null);
    assert.equal(count, 2);
  });
  it('with filters on the rows', async () =>
    assert.deepEqual(ok(await anonymous.rpc('grown_ups', { above: 18 }).select('name').lt('age', 40)), [{ name: 'Ada' }]));
  it('that return nothing', async () => assert.equal((await anonymous.rpc('nothing')).status, 204));
  it('and what they write is committed', async () => {
    const first = ok(await user.rpc('visit'));
    assert.equal(ok(await user.rpc('visit')), first + 1);
  });
  it('and nothing is kept of one that failed', async () => {
    const before = ok(await user.rpc('visit_count'));
    refused(await user.rpc('visit_and_fail'), 'P0001');
    assert.equal(ok(await user.rpc('visit_count')), before);
  });
  it('and what they write is kept when they refuse through response.status', async () => {
    const before = ok(await user.rpc('visit_count'));
    const answer = await user.rpc('visit_and_refuse');
    refused(answer, 'X0403');
    assert.equal(answer.status, 403);
    assert.equal(ok(await user.rpc('visit_count')), before + 1);
  });
});

describe('postgrest-js reads tables and views', () => {
  it('with filters, order and limit', async () =>
    assert.deepEqual(
      ok(await anonymous.from('people').select('id,name').gte('age', 17).neq('name', 'Ada').order('id').limit(1)),
      [{ id: 2, name: 'Ben' }]));
  it('with in, is, like and not', async () => {
    assert.equal(ok(await anonymous.from('people').select().in('name', ['Ada', 'Dan, the second'])).length, 2);
    assert.equal(ok(await anonymous.from('people').select().is('age', null)).length, 1);
    assert.equal(ok(await anonymous.from('people').select().like('name', 'D%')).length, 1);
    assert.equal(ok(await anonymous.from('people').select().not('age', 'is', null)).length, 3);
  });
  it('as a page with the total', async () => {
    const { data, count, status } = await anonymous.from('people').select('id', { count: 'exact' }).order('id').range(1, 2);
    assert.deepEqual(data, [{ id: 2 }, { id: 3 }]);
    assert.equal(count, 4);
    assert.equal(status, 206);
  });
  it('as a count alone', async () =>
    assert.equal((await anonymous.from('adults').select('*', { count: 'exact', head: true })).count, 2));
  it('as one object', async () =>
    assert.deepEqual(ok(await anonymous.from('cities').select('name').eq('id', 2).single()), { name: 'Cádiz' }));
  it('as perhaps one object', async () =>
    assert.equal(ok(await anonymous.from('cities').select().eq('id', 77).maybeSingle()), null));
});

describe('postgrest-js receives errors', () => {
  it('raised by a function, with details and hint', async () => {
    const answer = await anonymous.rpc('raise_state', { state: 'P0001', message: 'no', detail: 'why', hint: 'how' });
    const error = refused(answer, 'P0001');
    assert.deepEqual([answer.status, error.message, error.details, error.hint], [400, 'no', 'why', 'how']);
  });
  it('for one object where there is none', async () =>
    refused(await anonymous.from('people').select().eq('id', 77).single(), 'PGRST116'));
  it('for a function that is not there', async () => refused(await anonymous.rpc('nobody'), 'PGRST202'));
  it('for a missing privilege, 401 or 403', async () => {
    const without = await anonymous.from('secrets').select();
    refused(without, '42501');
    assert.equal(without.status, 401);
    const other = await user.from('secrets').select();
    refused(other, '42501');
    assert.equal(other.status, 403);
  });
  it('for an expired token', async () => {
    const late = client(mint({ role: 'contract_user', exp: { $now: -3600 } }));
    const answer = await late.rpc('context');
    assert.equal(answer.status, 401);
    assert.match(answer.error.message, /expired/);
  });
  it('as an exception if wanted', async () =>
    assert.rejects(async () => anonymous.rpc('duplicate').throwOnError(), { code: '42501' }));
});
