// What people change on the page, at the gateway itself: sign in, adopt, name, turn, sign out.
import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { DESKTOP, PHONE, PIN, card, go, open, shot, signIn, start, stopAll, title, until, violations } from './browser.mjs';

const SECRET = '5b1f0c9a77e3421d';
const SERIAL = '6384E16179950009';
const folders = [];

after(async () => {
  await stopAll();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** `lintel run` with a link that devices push to; `pin`: with a PIN for its page; `hq`: the address of headquarters. */
async function gateway({ pin = PIN, hq = '' } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'lintel-web-'));
  folders.push(folder);
  const port = await freePort();
  await mkdir(path.join(folder, 'links.d'));
  await writeFile(path.join(folder, 'links.d', 'door.conf'), `type = http\ndecoder = milesight-vs125\nauth = path\nsecret = ${SECRET}\n`);
  await writeFile(path.join(folder, 'gateway.conf'), `[store]
name = Corner shop
[gateway]
name = gw-1
state_dir = state
spool_dir = spool
[clock]
trust_system = yes
[status]
listen = 127.0.0.1:${port}
[ingest]
listen = 127.0.0.1:${port}
${hq && `[hq]
url = ${hq}
`}`);
  if (pin) await writeFile(path.join(folder, 'page_pin'), `${pin}\n`, { mode: 0o600 });
  const child = start(process.env.LINTEL_EXECUTABLE, ['run', '--config', path.join(folder, 'gateway.conf')],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => { log += text; });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i += 1) {
    try {
      await fetch(`${url}/api/health`);
      break;
    } catch {
      assert.ok(i < 300 && child.exitCode === null, log);
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  return {
    url,
    /** A window, of a minute unless stated otherwise, in which so many passed the lines 1 and 2. */
    async push(first, second, { seconds = 60, end = Math.floor(Date.now() / 60000) * 60000 } = {}) {
      const time = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, '-00:00');
      const line = (number, [entered, left]) => ({
        line: number, line_name: `Line${number}`, line_uuid: `9a0440de-3188-4f6d-b886-bb20c97bd26${number}`, total: { in: entered, out: left },
      });
      const response = await fetch(`${url}/ingest/door/${SECRET}`, {
        method: 'POST',
        body: JSON.stringify({
          device_info: { device_sn: SERIAL, device_mac: '24:E1:24:00:00:01', firmware_version: 'V1', running_time: 141 },
          line_periodic_data: [line(1, first), line(2, second)],
          time_info: { start_time: time(end - seconds * 1000), end_time: time(end), time_zone: 'UTC-0:00', dst_status: false, enable_dst: false },
        }),
      });
      assert.equal(response.status, 200, await response.text());
    },
  };
}

const noticed = (page, text) => page.locator('.notice', { hasText: text }).waitFor();

for (const [size, options] of [['phone', PHONE], ['desktop', DESKTOP]]) {
  test(`actions: an installer signs in, adopts a device, names it and its lines, and turns it (${size})`, async () => {
    const server = await gateway();
    await server.push([5, 2], [1, 0]);
    const page = await open(server, options, '#/setup');
    page.expected = /status of 403|status of 409/;

    await signIn(page, { pin: '000000' });
    await noticed(page, 'This is not the PIN of this gateway.');
    assert.equal(await page.getByLabel('PIN').inputValue(), '');
    await shot(page, `pin-refused-${size}`);
    await signIn(page);
    await page.getByText('You are signed in as Ines.').waitFor();

    await page.getByRole('button', { name: 'Look for devices' }).click();
    const device = page.locator(`[data-device="${SERIAL}"]`);
    await device.waitFor();
    await shot(page, `devices-${size}`);
    assert.deepEqual(await violations(page), []);
    await device.getByLabel('Name').fill('Main <door>');
    await device.getByRole('button', { name: 'Adopt' }).click();
    await noticed(page, 'Main <door> is in service.');
    await device.waitFor({ state: 'detached' });

    await go(page, '#/');
    await card(page, SERIAL).getByRole('link', { name: 'Main <door>' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Front door');
    await page.getByRole('button', { name: 'Save the name', exact: true }).click();
    await noticed(page, 'It is called Front door now.');
    await page.getByRole('heading', { name: 'Front door' }).waitFor();
    await page.getByLabel('Line 2').fill('Arcade');
    await page.getByRole('button', { name: 'Save the names' }).click();
    await noticed(page, 'The lines are named.');
    await page.locator('.lines', { hasText: 'Arcade 1 in, 0 out' }).waitFor();
    await page.getByRole('button', { name: 'Swap in and out' }).click();
    await noticed(page, 'In and out are swapped from now on.');
    await page.locator('dl.facts', { hasText: 'in and out swapped' }).waitFor();
    await shot(page, `changed-${size}`);
    assert.deepEqual(await violations(page), []);

    await go(page, '#/setup');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('PIN').waitFor();
    await go(page, '#/sensors/1');
    assert.equal(await page.getByRole('button', { name: 'Save the name', exact: true }).count(), 0);
    assert.deepEqual(page.wrong, []);
  });
}

test('actions: what the gateway refuses is said in its words, and nothing is lost of what was typed', async () => {
  const server = await gateway();
  await server.push([5, 2], [1, 0]);
  const page = await open(server, PHONE, '#/sign-in?back=%23%2Fsensors%2F1');
  page.expected = /status of 409|status of 40[13]/;
  await signIn(page);
  const name = page.getByLabel('Name', { exact: true });
  await name.fill(' ');
  await page.getByRole('button', { name: 'Save the name', exact: true }).click();
  await page.locator('.notice [lang=en]').waitFor();
  await name.fill('Half a na');
  await server.push([5, 2], [1, 0]); // a repeat, and then something new
  await page.locator('.notice .close').click();
  assert.equal(await name.inputValue(), 'Half a na');

  // Somebody else ended the session: the page says so instead of failing.
  await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/session')).json();
    await fetch('/api/session', { method: 'DELETE', headers: { 'X-Lintel-Token': csrf } });
  });
  await page.getByRole('button', { name: 'Save the name', exact: true }).click();
  await noticed(page, 'You have been signed out meanwhile: sign in again.');
  assert.ok(await page.getByRole('link', { name: 'Sign in to change something' }).isVisible());
  assert.deepEqual(page.wrong, []);
});

test('actions: headquarters is asked at once, and what waits for it is there to see', async () => {
  const server = await gateway({ hq: `http://127.0.0.1:${await freePort()}` });
  await server.push([5, 2], [1, 0]);
  const page = await open(server, PHONE, '#/gateway');
  await page.locator('dl.facts', { hasText: /Waiting\s*\d+ changes wait/ }).waitFor();
  await page.getByRole('link', { name: 'Sign in to ask headquarters now' }).click();
  await signIn(page);
  await page.getByRole('button', { name: 'Ask headquarters now' }).click();
  await noticed(page, 'Headquarters is being asked.');
  await page.locator('dl.facts', { hasText: /Trouble/ }).waitFor();
  await shot(page, 'gateway-without-hq-phone');
  assert.deepEqual(page.wrong, []);
});

test('actions: who guesses has to wait, and is told how long', async () => {
  const server = await gateway();
  const page = await open(server, PHONE, '#/sign-in');
  page.expected = /status of 403|status of 429/;
  for (let i = 0; i < 5; i += 1) {
    await signIn(page, { pin: `00000${i}` });
    await until(async () => await page.getByLabel('PIN').inputValue() === '' && await page.locator('.notice').isVisible());
  }
  await signIn(page);
  await page.locator('.notice', { hasText: /Too many wrong PINs\. Wait \d+ seconds, then try again\./ }).waitFor();
  await shot(page, 'pin-wait-phone');
  assert.deepEqual(page.wrong, []);
});

test('actions: without a PIN the page says why nothing can be changed', async () => {
  const server = await gateway({ pin: '' });
  const page = await open(server, PHONE, '#/setup');
  await page.getByText(/Nothing can be changed here, because no PIN is set/).waitFor();
  assert.equal(await page.getByLabel('PIN').count(), 0);
  await go(page, '#/');
  assert.equal(await title(page), 'No sensor has reported yet.');
  await page.getByText('No sensor has reported yet.').first().waitFor();
  await shot(page, 'no-pin-phone');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.wrong, []);
});

for (const [size, options] of [['phone', PHONE], ['desktop', DESKTOP]]) {
  test(`walk test: somebody walks in and out, sees each passage, gets a verdict and signs (${size})`, async () => {
    const server = await gateway();
    await server.push([0, 0], [0, 0]);
    const passed = async (first) => { // a second's window, of now
      await new Promise((done) => { setTimeout(done, 1100); });
      await server.push(first, [0, 0], { seconds: 1, end: Math.floor(Date.now() / 1000) * 1000 });
    };
    const page = await open(server, options, '#/walk');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signIn(page);
    await page.getByRole('link', { name: SERIAL }).click();
    await shot(page, `walk-ready-${size}`);
    await page.getByRole('button', { name: 'Begin at Line 1' }).click();
    await page.getByText('Walk in 5 times now').waitFor();
    await passed([5, 0]);
    await page.getByText('5 of 5 counted').waitFor();
    await page.locator('#walk .lines', { hasText: '5 in, 0 out' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await shot(page, `walk-in-${size}`);
    await page.getByRole('button', { name: 'I have walked in' }).click();
    await page.getByText('Walk out 5 times now').waitFor();
    await passed([0, 4]);
    await page.getByText('4 of 5 counted').waitFor();
    await page.getByRole('button', { name: 'I have walked out' }).click();
    await page.getByText('Waiting for what the sensor still has to tell').waitFor();
    await shot(page, `walk-waiting-${size}`);
    await passed([0, 0]);
    await passed([0, 0]);
    await page.getByText('1 of 10 passages were missed.').waitFor();
    await shot(page, `walk-failed-${size}`);
    assert.deepEqual(await violations(page), []);
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Ines');
    await page.getByLabel('Note').fill('one of us stood still');
    await page.getByLabel('Passed all the same', { exact: true }).check();
    await page.getByRole('button', { name: 'Sign' }).click();
    await noticed(page, 'Signed. Headquarters is told.');
    await page.getByText('Signed by Ines.').waitFor();
    await page.getByRole('link', { name: 'Test another door' }).click();
    await page.locator('.lines', { hasText: 'Passed' }).waitFor();
    await shot(page, `walk-before-${size}`);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(page.wrong, []);
  });
}
