// schema/ENROL.md over HTTP: what a card sees of HQ from its first start to the day it is copied.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { call, kSecret } from './target.mjs';

const kDatabase = process.env.CONTRACT_HQ_DB;  // psql connection string of a superuser
const kUrl = process.env.CONTRACT_HQ_URL;
const sql = (text) =>
  execFileSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', kDatabase, '-c', text], { encoding: 'utf8' }).trim();
const makeSecret = () => randomBytes(32).toString('hex');
const anonymously = async (name, body) => {
  const answer = await call(name, { v: 1, ...body }, { url: kUrl, schema: 'api' });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.v, 1);
  return answer.json;
};
const syncStatus = async (token) => (await call('gateway_sync_v1',
  { v: 1, epoch: 'card', config_version: 0, after: 0, to: 0 }, { url: kUrl, schema: 'api', token })).status;

let store;
const issue = () => sql(`select private.issue_enrolment('${store}')`);

before(() => {
  sql(`select private.set_signing_key('', '${kSecret}')`);
  store = randomUUID();
  sql(`select from private.add_store('Contract suite', 'Card ${store}', 'Europe/Berlin', '${store}')`);
});

describe('a card', () => {
  const enrolled = makeSecret();
  let gateway;
  let current = enrolled;
  const renew = (secret, next) => anonymously('gateway_renew_v1', { gateway, enrolled, secret, next });

  it('enrols, repeats the request whose answer was lost, and syncs with the token it got', async () => {
    const token = issue();
    const first = await anonymously('gateway_enroll_v1', { token, secret: enrolled });
    assert.equal(first.store.id, store);
    assert.equal(first.store.timezone, 'Europe/Berlin');
    assert.equal(first.expires_in, 3600);
    ({ gateway } = first);
    const again = await anonymously('gateway_enroll_v1', { token, secret: enrolled });
    assert.equal(again.gateway, gateway);
    assert.equal((await anonymously('gateway_enroll_v1', { token, secret: makeSecret() })).error.code, 'used');
    assert.equal(await syncStatus(again.jwt), 200);
    assert.equal((await anonymously('gateway_enroll_v1', { token, secret: enrolled })).error.code, 'used');
  });
  it('renews its token, also when an answer is lost', async () => {
    for (let turn = 0; turn < 3; ++turn) {
      const next = makeSecret();
      await renew(current, next);
      assert.equal(await syncStatus((await renew(current, next)).jwt), 200);
      current = next;
    }
  });
  it('is refused with its token as soon as a copy comes back with an older secret, until it is enrolled again', async () => {
    const next = makeSecret();
    const { jwt } = await renew(current, next);
    assert.equal((await renew(enrolled, makeSecret())).error.code, 'card_cloned');
    assert.equal((await renew(next, makeSecret())).error.code, 'card_cloned');
    assert.equal(await syncStatus(jwt), 403);
    const answer = await anonymously('gateway_enroll_v1', { token: issue(), secret: makeSecret() });
    assert.equal(answer.gateway, gateway);
    assert.equal(await syncStatus(answer.jwt), 200);
    assert.equal((await renew(next, makeSecret())).error.code, 'unknown_card');
  });
});

describe('a stranger', () => {
  it('learns nothing and gets nowhere', async () => {
    assert.equal((await anonymously('gateway_enroll_v1', { token: randomBytes(16).toString('hex'), secret: makeSecret() })).error.code, 'unknown_token');
    assert.equal((await anonymously('gateway_enroll_v1', { token: 'x' })).error.code, 'malformed');
    assert.equal((await anonymously('gateway_renew_v1',
      { gateway: randomUUID(), enrolled: makeSecret(), secret: makeSecret(), next: makeSecret() })).error.code, 'unknown_card');
    assert.equal((await call('issue_enrolment', { store }, { url: kUrl, schema: 'api' })).status, 401);
  });
});
