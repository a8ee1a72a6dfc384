// schema/SYNC.md over HTTP: what a gateway sees of HQ, errors included. Adds a store of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { call, kSecret, mint } from './target.mjs';

const kDatabase = process.env.CONTRACT_HQ_DB;  // psql connection string of a superuser
const kUrl = process.env.CONTRACT_HQ_URL;
const kMinute = 60_000;
const epoch = randomUUID();
const sensor = { id: randomUUID(), serial: 'CONTRACT-1', name: 'Main door', model: 'milesight-vs125' };
const start = Math.floor(Date.now() / kMinute) * kMinute - 60 * kMinute;
let store;
let gateway;
let token;
let compactId;

const sql = (text) =>
  execFileSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', kDatabase, '-c', text], { encoding: 'utf8' }).trim();
const rows = () =>
  sql(`select started_at, line, seq, count_in, count_out, revision from data.people_counting_raw
        where store_id = ${store} order by 1, 2, 3`);
const sync = (body, options = {}) => call('gateway_sync_v1', body, { url: kUrl, schema: 'api', token, ...options });
const envelope = (after, to, series = []) => ({
  v: 1, epoch, version: '0.1.0', time: Date.now(), config_version: 0, after, to, sensors: [sensor], series,
});
const minutes = (at, counts, more = {}) => ({
  sensor: sensor.id, line: '1', t: start + at * kMinute, step: kMinute, dur: kMinute,
  in: counts.join(','), out: counts.map(() => 0).join(','), ...more,
});
const accepted = async (body) => {
  const answer = await sync(body);
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.v, 1);
  assert.equal(answer.json.error, undefined, answer.body);
  return answer.json;
};

before(() => {
  sql(`select private.set_signing_key('', '${kSecret}')`);
  [store, gateway] = sql(`select store_id, gateway_public_id
    from private.add_store('Contract suite', 'Store ${randomUUID()}', 'Europe/Berlin')`).split('|');
  token = sql(`select private.mint_gateway_token('${gateway}'::uuid)`);
});

describe('a gateway syncs', () => {
  const first = envelope(0, 3, [minutes(0, [2, 0, 5])]);

  it('and its first readings are applied, answered with ids and configuration', async () => {
    const answer = await accepted(first);
    assert.equal(answer.watermark, 3);
    assert.deepEqual(answer.applied, [[1, 3]]);
    assert.deepEqual(answer.missing, []);
    assert.deepEqual(answer.rejected, []);
    compactId = answer.sensors[sensor.id];
    assert.ok(Number.isInteger(compactId));
    assert.equal(answer.config.store.timezone, 'Europe/Berlin');
    assert.ok(Math.abs(answer.time - Date.now()) < kMinute);
    assert.match(answer.history, /^[0-9a-f-]{36}$/);
    assert.equal(rows().split('\n').length, 3);
  });
  it('and a repeated request changes nothing and is answered the same', async () => {
    const stored = rows();
    const answer = await accepted(first);
    assert.deepEqual([answer.watermark, answer.applied, answer.rejected], [3, [[1, 3]], []]);
    assert.equal(rows(), stored);
  });
  it('and a range that is missing is named in the answer', async () => {
    const answer = await accepted(envelope(10, 12, [minutes(10, [1, 1])]));
    assert.equal(answer.watermark, 3);
    assert.deepEqual(answer.applied, [[1, 3], [11, 12]]);
    assert.deepEqual(answer.missing, [[4, 10]]);
  });
  it('and the missing range, sent later, closes the gap', async () => {
    const answer = await accepted(envelope(3, 10, [minutes(3, [1, 2, 3, 4, 5, 6, 7])]));
    assert.equal(answer.watermark, 12);
    assert.deepEqual(answer.missing, []);
  });
  it('and overlapping requests at the same time add nothing twice', async () => {
    const body = envelope(12, 14, [minutes(12, [8, 9])]);
    await Promise.all(Array.from({ length: 6 }, () => accepted(body)));
    assert.equal(rows().split('\n').length, 14);
    assert.equal(sql(`select sum(count_in) from data.people_counting_raw where store_id = ${store}`), '54');
  });
  it('with the compact id alone once it knows it', async () => {
    const { sensors, ...body } = envelope(14, 15, [minutes(14, [4], { sensor: compactId })]);
    assert.equal((await accepted(body)).watermark, 15);
  });
  it('and gets no configuration while it has the current one', async () => {
    const { config } = await accepted(envelope(15, 15));
    const answer = await accepted({ ...envelope(15, 15), config_version: config.version });
    assert.equal(answer.config, undefined);
  });
  it('and a bad reading is rejected by name while its neighbours are taken', async () => {
    const stored = rows().split('\n').length;
    const series = [minutes(20, [1, -1, 3]), minutes(60 * 24 * 3, [1])];
    const answer = await accepted(envelope(15, 19, series));
    assert.deepEqual(answer.rejected.map(({ s, k, code }) => [s, k, code]), [[0, 1, 'negative'], [1, 0, 'future']]);
    assert.equal(answer.watermark, 19);
    assert.equal(rows().split('\n').length, stored + 2);
  });
  it('and a request that is not understood changes nothing', async () => {
    const stored = rows();
    for (const body of [{}, { ...envelope(19, 20), v: 'two' }, { ...envelope(20, 19) }, envelope(19, 20, [{ sensor: 1 }])]) {
      const answer = await sync(body);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.json.error.code, 'malformed');
      assert.equal(typeof answer.json.error.message, 'string');
    }
    assert.equal(rows(), stored);
    assert.equal((await accepted(envelope(19, 19))).watermark, 19);
  });
});

describe('a gateway is refused', () => {
  const refused = async (options, status, code) => {
    const answer = await sync(envelope(19, 19), options);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.json.code, code);
    return answer;
  };
  const claims = () => ({ role: 'lintel_gateway', sub: gateway });

  it('without a token: 401', () => refused({ token: undefined }, 401, /^42501$/));
  it('with a token of another key: 401 PGRST301', () =>
    refused({ token: mint(claims(), { secret: 'a key that HQ has never heard of, long enough' }) }, 401, /^PGRST301$/));
  it('with an expired token: 401 PGRST303', () =>
    refused({ token: mint({ ...claims(), exp: { $now: -3600 } }) }, 401, /^PGRST30[13]$/));
  it('with a token of a gateway that HQ does not know: 403', () =>
    refused({ token: mint({ role: 'lintel_gateway', sub: randomUUID() }) }, 403, /^42501$/));
  it('when it has been revoked: 403, and again welcome when that is undone', async () => {
    sql(`update data.gateways set lifecycle = 'archived' where public_id = '${gateway}'`);
    const { json } = await refused({}, 403, /^42501$/);
    assert.deepEqual(Object.keys(json).sort(), ['code', 'details', 'hint', 'message']);
    assert.match(json.message, new RegExp(`gateway ${gateway} is revoked`));
    sql(`update data.gateways set lifecycle = 'active' where public_id = '${gateway}'`);
    await accepted(envelope(19, 19));
  });
  it('and HQ keeps a record of it, counted up, although nothing else of the request stays', async () => {
    const denied = () => Number(sql(`select coalesce(sum(times), 0) from private.denials where actor = 'lintel_gateway:${gateway}'`));
    const before = denied();
    sql(`update data.gateways set lifecycle = 'archived' where public_id = '${gateway}'`);
    const stored = rows();
    for (let n = 0; n < 3; n += 1) {
      const answer = await sync(envelope(19, 21, [minutes(40, [1, 1])]));
      assert.equal(answer.status, 403, answer.body);
    }
    sql(`update data.gateways set lifecycle = 'active' where public_id = '${gateway}'`);
    assert.equal(denied(), before + 3);
    assert.equal(rows(), stored);
    assert.equal((await accepted(envelope(19, 19))).watermark, 19);
  });
});

describe('HQ without a partition for a reading', () => {
  it('answers 503 and keeps nothing, and takes the same request once the partition is there', async () => {
    const [name, bounds] = sql(`select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_class c
      where c.oid = (select tableoid from data.people_counting_raw where store_id = ${store} limit 1)`).split('|');
    const body = envelope(19, 20, [minutes(30, [6])]);
    sql(`alter table data.people_counting_raw detach partition partitions.${name}`);
    try {
      const answer = await sync(body);
      assert.equal(answer.status, 503, answer.body);
      assert.equal(answer.json.code, 'PT503');
    } finally {
      sql(`alter table data.people_counting_raw attach partition partitions.${name} ${bounds}`);
    }
    assert.equal((await accepted(envelope(19, 19))).watermark, 19);
    const stored = rows().split('\n').length;
    assert.equal((await accepted(body)).watermark, 20);
    assert.equal(rows().split('\n').length, stored + 1);
  });
});
