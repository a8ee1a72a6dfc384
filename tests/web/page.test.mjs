// The page as a field tech meets it: loads, tells, stays true, and says when it no longer can.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { chromium, devices } from 'playwright-core';

const PHONE = devices['Pixel 5'];
const DESKTOP = { viewport: { width: 1280, height: 900 } };

let browser;
const servers = [];

/** A page_server of its own: where it is, how to command it, how to stop and start it again. */
async function serve(address = '127.0.0.1:0') {
  const child = spawn(process.env.LINTEL_PAGE_SERVER, [address], { stdio: ['pipe', 'pipe', 'inherit'] });
  servers.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.replace(/^listening on /, '');
    return {
      url,
      say: (command) => child.stdin.write(`${command}\n`),
      stop: () => new Promise((done) => { child.once('exit', done); child.stdin.end(); }),
    };
  }
  throw new Error('page_server did not start');
}

/** Opens the page and collects what must not happen. */
async function open(server, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const errors = [];
  const strangers = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url) strangers.push(request.url());
  });
  page.on('dialog', (dialog) => { errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(server.url);
  await page.locator('#live.on').waitFor();
  await page.locator('#sensors > li').first().waitFor();
  return { page, errors, strangers };
}

const card = (page, serial) => page.locator(`[data-sensor="${serial}"]`);
const shot = (page, name) => page.screenshot({ path: `${process.env.LINTEL_SCREENSHOTS}/${name}.png`, fullPage: true });

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.LINTEL_CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
});

after(async () => {
  await browser?.close();
  for (const child of servers) child.stdin.end();
});

test('page: shows the verdict and every sensor, alone and without errors', async () => {
  const server = await serve();
  const { page, errors, strangers } = await open(server, PHONE);
  assert.equal(await page.locator('h1').textContent(), 'Corner shop');
  assert.match(await page.locator('#verdict-text').textContent(), /^No fault is known: 2 of 3 sensors are heard\.$/);
  assert.equal(await page.locator('#sensors > li').count(), 3);
  const main = card(page, '6537F28545220003');
  assert.equal(await main.locator('h3').textContent(), 'Main door');
  assert.equal(await main.locator('.pill').textContent(), 'online');
  assert.deepEqual(await main.locator('.counts b').allTextContents(), ['83', '70']);
  assert.match(await card(page, 'DVES_0A1B2C').locator('.why').textContent(), /Quiet for 3 h\./);
  assert.match(await page.locator('#hq').textContent(), /Last contact\d+ s ago/);
  await shot(page, 'phone');
  assert.deepEqual(errors, []);
  assert.deepEqual(strangers, []);
});

test('page: nobody, nobody counting, and closed are three different hours', async () => {
  const server = await serve();
  const { page, errors } = await open(server, PHONE);
  const hours = (serial) => card(page, serial).locator('.hour').evaluateAll(
    (nodes) => nodes.map((node) => node.className.replace('hour ', '')));
  const closed = Array(7).fill('closed');
  assert.deepEqual(await hours('6537F28545220003'), [...closed, ...Array(6).fill('counted')]);
  assert.deepEqual(await hours('24E124716B501234'),
    [...closed, 'counted', 'partly', 'missing', 'counted', 'partly', 'missing'].slice(0, 13));
  const main = card(page, '6537F28545220003');
  assert.match(await main.locator('.hours').getAttribute('aria-label'), /: 0 in, 0 out;/);
  assert.match(await main.locator('.covered').textContent(), /100 % counted/);
  const back = card(page, '24E124716B501234');
  assert.match(await back.locator('.hours').getAttribute('aria-label'), /: not counted;/);
  assert.match(await back.locator('.covered').textContent(), /\d\d % counted · missing since/);
  const ground = (state) => back.locator(`.hour.${state}`).first().evaluate((node) => getComputedStyle(node).backgroundImage);
  assert.match(await ground('missing'), /gradient/);
  assert.equal(await ground('closed'), 'none');
  await main.screenshot({ path: `${process.env.LINTEL_SCREENSHOTS}/hours-counted.png` });
  await back.screenshot({ path: `${process.env.LINTEL_SCREENSHOTS}/hours-missing.png` });
  assert.deepEqual(errors, []);
});

test('page: how many people are present, how sure that is, and where they are too many', async () => {
  const server = await serve();
  const { page, errors } = await open(server, PHONE);
  const regions = await page.locator('#regions').innerText();
  assert.match(regions, /Sales floor\s+about 36 of 30, too many · 2 left without having come/);
  assert.match(regions, /Lounge\s+not known/);
  await page.locator('#regions-part').screenshot({ path: `${process.env.LINTEL_SCREENSHOTS}/regions.png` });
  assert.deepEqual(errors, []);
});

test('page: follows what happens, without being asked', async () => {
  const server = await serve();
  const { page, errors } = await open(server, DESKTOP);
  server.say('walk');
  await card(page, '6537F28545220003').locator('.counts b', { hasText: '86' }).waitFor();
  server.say('fault');
  await page.locator('#verdict.problem').waitFor();
  assert.match(await page.locator('#verdict').textContent(), /Back door: silent for 42 min.*Check that the sensor has power/s);
  assert.match(await page.title(), /^! /);
  await shot(page, 'desktop-fault');
  server.say('repair');
  await page.locator('#verdict.ok').waitFor();
  assert.deepEqual(errors, []);
});

test('page: a lost connection is told, and ends by itself', async () => {
  const server = await serve();
  const { page } = await open(server, PHONE);
  await server.stop();
  await page.locator('#live.lost', { hasText: 'connection lost' }).waitFor();
  assert.equal(await page.locator('#verdict-text').textContent(), 'No connection to the gateway. What is shown below is old.');
  await shot(page, 'phone-lost');
  await serve(new URL(server.url).host);
  await page.locator('#live.on').waitFor();
  assert.equal(await page.locator('body.stale').count(), 0);
  await page.locator('#verdict.ok').waitFor();
});

test('page: who comes later reckons with the same clock', async () => {
  const server = await serve();
  const { page } = await open(server);
  await page.waitForTimeout(4000); // nothing happens, so the state stays the one of the first visitor
  const { page: late } = await open(server);
  const age = async (p) => Number((await p.locator('#hq time').first().textContent()).match(/^\d+/)[0]);
  const [first, second] = [await age(page), await age(late)];
  assert.ok(Math.abs(first - second) <= 2, `${first} s and ${second} s ago`);
  assert.ok(second >= 23, `${second} s ago`);
});

test('page: names from sensors stay text', async () => {
  const server = await serve();
  const { page, errors } = await open(server);
  assert.equal(await card(page, 'DVES_0A1B2C').locator('h3').textContent(), 'Lift <img src=x onerror=alert(1)>');
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(errors, []);
});

for (const scheme of ['light', 'dark']) {
  test(`page: every text stands out from its ground (${scheme})`, async () => {
    const server = await serve();
    const { page } = await open(server, { ...PHONE, colorScheme: scheme });
    server.say('fault');
    await page.locator('#verdict.problem').waitFor();
    await page.waitForTimeout(1500); // the colour of a fresh number fades for 1.2 s
    const faint = await page.evaluate(() => {
      const rgb = (text) => text.match(/[\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = (node) => {
        for (let at = node; at; at = at.parentElement) {
          const colour = rgb(getComputedStyle(at).backgroundColor);
          if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
      };
      const own = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
      return [...document.querySelectorAll('body *')].filter((node) => own(node) && node.offsetParent).map((node) => {
        const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent.trim().slice(0, 40)];
      }).filter(([contrast]) => contrast < 4.5);
    });
    assert.deepEqual(faint, []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'fits the width');
    await shot(page, `phone-${scheme}`);
  });
}
