// The page as a field tech meets it: loads, tells, stays true, and says when it no longer can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DESKTOP, PHONE, card, go, open, serve, shot, title, until, violations } from './browser.mjs';

const MAIN = '6537F28545220003';
const BACK = '24E124716B501234';
const states = (page, serial) => card(page, serial).locator('.col').evaluateAll(
  (nodes) => nodes.map((node) => node.className.replace('col ', '')));

test('page: shows the verdict and every sensor, alone and without errors', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  assert.equal(await page.locator('#store').textContent(), 'Corner shop');
  assert.equal(await title(page), 'No fault is known: 2 of 3 sensors are heard.');
  assert.equal(await page.locator('#sensors > li').count(), 3);
  const main = card(page, MAIN);
  assert.equal(await main.locator('h3').textContent(), 'Main door');
  assert.equal(await main.locator('.pill').textContent(), 'online');
  assert.deepEqual(await main.locator('.big b').allTextContents(), ['83', '70']);
  assert.deepEqual(await main.locator('.lines li').allTextContents(),
    ['Door to the arcade 12 in, 9 out', 'entrance 71 in, 61 out']);
  assert.match(await card(page, 'DVES_0A1B2C').locator('.why').textContent(), /Quiet for 3 h\./);
  assert.match(await page.locator('main').innerText(), /Headquarters\s+\d+ changes wait.*last contact \d+ sec ago/s);
  await shot(page, 'overview-phone');
  assert.deepEqual(page.wrong, []);
});

test('page: nobody, nobody counting, and closed are three different hours', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  const closed = Array(7).fill('closed');
  const later = Array(11).fill('none');
  assert.deepEqual(await states(page, MAIN), [...closed, ...Array(6).fill('counted'), ...later]);
  assert.deepEqual(await states(page, BACK),
    [...closed, 'counted', 'partly', 'missing', 'counted', 'partly', 'missing', ...later]);
  const main = card(page, MAIN);
  assert.match(await main.locator('.plot').getAttribute('aria-label'), /: 0 in, 0 out;/);
  assert.match(await main.innerText(), /Today 100% counted/);
  const back = card(page, BACK);
  assert.match(await back.locator('.plot').getAttribute('aria-label'), /: not counted;/);
  assert.match(await back.innerText(), /Today \d\d% counted · missing since 11:10/);
  const ground = (state) => back.locator(`.col.${state}`).first().evaluate((node) => getComputedStyle(node).backgroundImage);
  assert.match(await ground('missing'), /repeating-linear-gradient/);
  assert.match(await ground('closed'), /radial-gradient/);
  const height = (way) => main.locator(`.col:nth-child(10) .${way}`).evaluate((node) => node.getBoundingClientRect().height);
  assert.deepEqual([await height('up'), await height('down')], [0, 0]); // nobody came at nine
  assert.deepEqual(page.wrong, []);
});

test('page: a chart says what is under the finger, and has a table behind it', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  const chart = page.locator('figure.chart').first();
  assert.match(await chart.locator('.readout').textContent(), /Touch a bar/);
  const { x, y, width, height } = await chart.locator('.cols').boundingBox();
  await page.touchscreen.tap(x + width * (8.5 / 24), y + height / 2);
  await page.locator('.readout b', { hasText: '08:00' }).waitFor();
  assert.match(await chart.locator('.readout').textContent(), /^08:00 18 in, 9 out · \d\d% counted/);
  await chart.locator('summary').click();
  const rows = chart.locator('tbody tr');
  assert.equal(await rows.count(), 13);
  assert.deepEqual(await rows.nth(6).locator('th, td').allTextContents(), ['06:00', '–', '–', 'closed']);
  assert.deepEqual(await rows.nth(7).locator('th, td').allTextContents(), ['07:00', '9', '2', '100% counted']);
  await shot(page, 'table-phone');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.wrong, []);
});

test('page: how many people are present, how sure that is, and where they are too many', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  const regions = page.locator('#regions > li');
  assert.match(await regions.nth(0).innerText(), /Lounge\s+not known/);
  assert.match(await regions.nth(1).innerText(), /Sales floor\s+too many\s+about 36 of 30\s+2 left without having come/);
  assert.equal(await regions.nth(1).getByRole('meter').getAttribute('aria-valuenow'), '36');
  assert.deepEqual(page.wrong, []);
});

test('page: follows what happens, without being asked', async () => {
  const server = await serve();
  const page = await open(server, DESKTOP);
  server.say('walk');
  await card(page, MAIN).locator('.big b', { hasText: '86' }).waitFor();
  server.say('fault');
  await page.locator('.verdict.problem').waitFor();
  assert.match(await page.locator('.verdict').textContent(), /Back door: silent for 42 min.*Check that the sensor has power/s);
  assert.equal(await page.locator('h1 [lang]').getAttribute('lang'), 'en');
  assert.match(await page.title(), /^! /);
  await shot(page, 'fault-desktop');
  await page.locator('.verdict a').click();
  await page.locator('.top .pill.offline').waitFor();
  assert.equal(await title(page), 'Back door');
  server.say('repair');
  await page.locator('.top .pill.online').waitFor();
  await page.goBack();
  await page.locator('.verdict.ok').waitFor();
  assert.deepEqual(page.wrong, []);
});

test('page: a sensor tells what it is, what it counted last and how it is mounted', async () => {
  const server = await serve();
  for (const [size, options] of [['phone', PHONE], ['desktop', DESKTOP]]) {
    const page = await open(server, options);
    await card(page, MAIN).getByRole('link').click();
    assert.equal(await title(page), 'Main door');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'title'); // a screen reader goes on here
    const facts = await page.locator('dl.facts').innerText();
    assert.match(facts, /Serial number\s+6537F28545220003/);
    assert.match(facts, /Direction\s+as the device says/);
    assert.match(facts, /Lines\s+Door to the arcade, entrance/);
    const last = page.locator('table tbody tr', { hasText: 'Door to the arcade: 12 in, 9 out' });
    await last.first().waitFor();
    assert.ok(await page.getByRole('link', { name: 'Sign in to change something' }).isVisible());
    await shot(page, `sensor-${size}`);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(page.wrong, []);
  }
});

test('page: a sensor tells how its device is, and what happened to it', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  await card(page, BACK).getByRole('link').click();
  const facts = await page.locator('dl.facts').innerText();
  assert.match(facts, /Battery\s+12% low/);
  assert.match(facts, /Firmware\s+V1\.0\.3/);
  const history = page.locator('.history li');
  assert.match(await history.nth(0).innerText(), /30 Jul, 06:00\s+online/);
  assert.match(await history.nth(1).innerText(), /30 Jul, 04:00\s+offline\s+silent for 35 min/);
  await shot(page, 'sensor-with-a-story-phone');
  assert.deepEqual(page.wrong, []);
});

test('page: a sensor that is not there is told, not drawn', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/sensors/4711');
  assert.equal(await title(page), 'There is no such sensor');
  await go(page, '#/nowhere/at/all');
  assert.match(await title(page), /^No fault is known/);
  assert.deepEqual(page.wrong, []);
});

test('page: a lost connection is told on every page, and ends by itself', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  page.expected = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;
  await server.stop();
  await page.locator('#live.lost', { hasText: 'connection lost' }).waitFor();
  assert.match(await page.locator('#lost').textContent(), /^No connection to the gateway\. What is shown below is old\./);
  assert.match(await page.title(), /^\? /);
  await shot(page, 'lost-phone');
  assert.deepEqual(await violations(page), []);
  await go(page, '#/gateway');
  assert.ok(await page.locator('#lost .verdict').isVisible());
  await serve(new URL(server.url).host);
  await page.locator('#live.on').waitFor();
  await page.locator('#lost .verdict').waitFor({ state: 'detached' });
  assert.equal(await page.locator('body.stale').count(), 0);
  assert.deepEqual(page.wrong, []);
});

test('page: who comes later reckons with the same clock', async () => {
  const server = await serve();
  const page = await open(server, {}, '#/gateway');
  const age = async (p) => Number((await p.locator('.facts time').first().textContent()).match(/^\d+/)[0]);
  const before = await age(page);
  // Nothing happens, so the state stays the one of the first visitor.
  await until(async () => await age(page) >= before + 4);
  const late = await open(server, {}, '#/gateway');
  const [first, second] = [await age(page), await age(late)];
  assert.ok(Math.abs(first - second) <= 2, `${first} s and ${second} s ago`);
  assert.ok(second >= 23, `${second} s ago`);
});

test('page: names from sensors stay text', async () => {
  const server = await serve();
  const page = await open(server);
  const odd = 'Lift <img src=x onerror=alert(1)>';
  assert.equal(await card(page, 'DVES_0A1B2C').locator('h3').textContent(), odd);
  await card(page, 'DVES_0A1B2C').getByRole('link').click();
  assert.equal(await title(page), odd);
  await go(page, '#/days');
  await page.getByLabel('Store or sensor').selectOption({ label: odd });
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(page.wrong, []);
});
