// What the stand-in does beyond the shared contract: its label, a database that comes and goes, the limit of
// its pool, the pre-request function, and the faults that system tests ask for.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, describe, it } from 'node:test';
import { call, exchange, kSecret, mint } from './target.mjs';

const kBinary = process.env.CONTRACT_STANDIN;
const kSocketDir = process.env.CONTRACT_SOCKET_DIR;
const folder = mkdtempSync(join(tmpdir(), 'lintel-standin-'));
const secretFile = join(folder, 'secret');
const faultFile = join(folder, 'faults');
writeFileSync(secretFile, kSecret + '\n');
const token = mint({ role: 'contract_user' });
const running = new Set();

const sql = (text) =>
  execFileSync('psql', ['-X', '-q', '-A', '-t', '-d', `host=${kSocketDir} user=postgres dbname=contract`, '-c', text], { encoding: 'utf8' }).trim();

/** Starts a stand-in of its own and resolves with its address and what it printed. */
async function start({ host = kSocketDir, options = [] } = {}) {
  const child = spawn(kBinary, ['--db', `host=${host} user=authenticator dbname=contract`, '--listen', '127.0.0.1:0',
    '--schema', 'contract', '--jwt-secret-file', secretFile, ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
  running.add(child);
  const printed = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line);
    const listening = /^listening on (\S+)$/.exec(line);
    if (listening) return { url: listening[1], printed, child };
  }
  throw new Error(`the stand-in ended: ${printed.join('\n')}`);
}
const stop = (child) =>
  new Promise((resolve) => {
    child.on('exit', (code) => resolve(code));
    child.kill('SIGTERM');
  });
afterEach(async () => {
  await Promise.all([...running].map((child) => child.exitCode === null && child.signalCode === null && stop(child)));
  running.clear();
});
after(() => rmSync(folder, { recursive: true }));

/** Asks until the answer satisfies `wanted`; fails with the last one after 15 s. */
async function eventually(ask, wanted) {
  const end = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    assert.ok(Date.now() < end, `still ${answer.status} ${answer.body}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the stand-in', () => {
  it('says in its first line that it is one, and in its help', async () => {
    const { printed } = await start();
    assert.match(printed[0], /stand-in for PostgREST for tests and the demo, not for production/);
    assert.match(spawnSync(kBinary, ['--help'], { encoding: 'utf8' }).stdout.split('\n')[0], /stand-in for PostgREST/);
  });
  it('refuses a secret shorter than 32 characters', () => {
    const short = join(folder, 'short');
    writeFileSync(short, 'short\n');
    const { status, stderr } = spawnSync(kBinary, ['--db', 'host=/nowhere', '--jwt-secret-file', short], { encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, /32 characters/);
  });
  it('ends at SIGTERM although a connection is open and a statement runs', async () => {
    const { url, child } = await start();
    const idle = createConnection(new URL(url).port, '127.0.0.1');
    idle.on('error', () => {});
    const busy = call('rest', { seconds: 60 }, { url, token }).catch((error) => error);
    await eventually(() => ({ status: sql(`select count(*) from pg_stat_activity where query like '%"rest"(%' and state = 'active' and pid <> pg_backend_pid()`) }), ({ status }) => status !== '0');
    assert.equal(await stop(child), 0);
    await busy;
    idle.destroy();
  });
  it('calls the pre-request function first', async () => {
    const { url } = await start({ options: ['--pre-request', 'contract.check_request'] });
    const ask = (header) => exchange({ url, path: '/rpc/visit_count', headers: { Authorization: `Bearer ${token}`, 'X-Contract': header } });
    assert.equal((await ask('welcome')).status, 200);
    assert.equal((await ask('forbidden')).status, 403);
  });
  it('knows a new function after notify pgrst', async () => {
    const { url } = await start();
    assert.equal((await call('newcomer', {}, { url })).json.code, 'PGRST202');
    sql(`create or replace function contract.newcomer() returns integer language sql return 7; notify pgrst, 'reload schema'`);
    await eventually(() => call('newcomer', {}, { url }), ({ json }) => json === 7);
    sql('drop function contract.newcomer()');
  });
  it('takes a body that is announced with Expect: 100-continue', async () => {
    const { url } = await start();
    const body = JSON.stringify({ text: 'x'.repeat(1_500_000) });
    const answer = await exchange({ url, method: 'POST', path: '/rpc/echo', body,
      headers: { 'Content-Type': 'application/json', Expect: '100-continue' } });
    assert.equal(JSON.parse(answer.body).got.text.length, 1_500_000);
  });
});

describe('the stand-in and its database', () => {
  it('answers 504 PGRST003 when no connection becomes free', async () => {
    const { url } = await start({ options: ['--pool', '2', '--pool-timeout', '0.3'] });
    const busy = [1, 2].map(() => call('rest', { seconds: 2 }, { url, token }));
    const answer = await eventually(() => call('visit_count', {}, { url, token }), ({ status }) => status !== 200);
    assert.deepEqual([answer.status, answer.json.code], [504, 'PGRST003']);
    for (const { status } of await Promise.all(busy)) assert.equal(status, 204);
    assert.equal((await call('visit_count', {}, { url, token })).status, 200);
  });
  it('answers many requests at once through few connections', async () => {
    const { url } = await start({ options: ['--pool', '3'] });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => call('add_them', { a: n, b: n }, { url })));
    assert.deepEqual(answers.map(({ json }) => json), answers.map((_, n) => 2 * n));
  });
  it('answers 503 with Retry-After while it is away and recovers by itself', async () => {
    const link = join(folder, 'socket');
    symlinkSync(kSocketDir, link);
    const { url } = await start({ host: link });
    const ask = () => call('echo', { still: 'here' }, { url });
    assert.equal((await ask()).status, 200);
    unlinkSync(link);
    sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator' and datname = 'contract'`);
    const away = await eventually(ask, ({ json }) => json.code === 'PGRST000');
    assert.equal(away.status, 503);
    await eventually(ask, ({ headers }) => Number(headers['retry-after']) >= 1);
    symlinkSync(kSocketDir, link);
    await eventually(ask, ({ status }) => status === 200);
    unlinkSync(link);
  });
  it('answers 503 PGRST002 when it was away from the start, and recovers', async () => {
    const link = join(folder, 'later');
    const { url } = await start({ host: link });
    const ask = () => call('echo', {}, { url });
    const away = await ask();
    assert.deepEqual([away.status, away.json.code], [503, 'PGRST002']);
    assert.ok(Number(away.headers['retry-after']) >= 1);
    symlinkSync(kSocketDir, link);
    await eventually(ask, ({ status }) => status === 200);
    unlinkSync(link);
  });
  it('answers 503 when an administrator ends the session in mid-call', async () => {
    const { url } = await start();
    const answer = call('rest', { seconds: 20 }, { url, token });
    await eventually(
      () => ({ status: sql(`select count(pg_terminate_backend(pid)) from pg_stat_activity
        where query like '%"rest"(%' and state = 'active' and usename = 'authenticator'`) }),
      ({ status }) => status !== '0');
    const { status, json } = await answer;
    assert.equal(status, 503);
    assert.match(json.code, /^(57P01|PGRST001)$/);
    assert.equal((await call('visit_count', {}, { url, token })).status, 200);
  });
});

describe('the stand-in misbehaves when a fault file asks for it', () => {
  const asked = async (lines) => {
    writeFileSync(faultFile, lines);
    return start({ options: ['--fault-file', faultFile] });
  };
  const visits = () => Number(sql('select count(*) from contract.visits'));

  it('drop-after-commit: the connection ends without an answer, the work is done', async () => {
    const { url } = await asked('once drop-after-commit\n');
    const before = visits();
    await assert.rejects(call('visit', {}, { url, token }), { code: 'ECONNRESET' });
    assert.equal(visits(), before + 1);
    assert.equal((await call('visit', {}, { url, token })).status, 200);
    assert.equal(readFileSync(faultFile, 'utf8'), '');
  });
  it('cut-after-bytes: the answer ends in the middle, the work is done', async () => {
    const { url } = await asked('cut-after-bytes 40\n');
    const before = visits();
    await assert.rejects(call('visit', {}, { url, token }));
    assert.equal(visits(), before + 1);
  });
  it('html: a captive portal answers 200', async () => {
    const { url } = await asked('html\n');
    const answer = await exchange({ url, method: 'POST', path: '/rpc/visit', body: '{}' });
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'text/html']);
    assert.match(answer.body, /sign in/);
  });
  it('status: any status, with Retry-After, and nothing is done', async () => {
    const { url } = await asked('once status 503 7\nonce status 418\n');
    const before = visits();
    const ask = () => exchange({ url, method: 'POST', path: '/rpc/visit', body: '{}', headers: { Authorization: `Bearer ${token}` } });
    const first = await ask();
    assert.deepEqual([first.status, first.headers['retry-after']], [503, '7']);
    assert.equal((await ask()).status, 418);
    assert.equal(visits(), before);
  });
  it('delay-ms: the answer comes late', async () => {
    const { url } = await asked('delay-ms 300\n');
    const begun = Date.now();
    assert.equal((await call('echo', {}, { url })).status, 200);
    assert.ok(Date.now() - begun >= 300);
  });
  it('as asked by the file at that moment', async () => {
    const { url } = await asked('status 500\n');
    assert.equal((await exchange({ url, path: '/rpc/visit_count' })).status, 500);
    rmSync(faultFile);
    assert.equal((await call('echo', {}, { url })).status, 200);
  });
});
