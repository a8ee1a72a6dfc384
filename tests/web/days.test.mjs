// Days, weeks and months of the store and of one sensor; alerts; the gateway itself; every page in the
// light and in the dark, on small and large screens, and in every language.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DESKTOP, PHONE, fits, go, open, serve, shot, signIn, title, until, violations } from './browser.mjs';

const PAGES = ['#/', '#/days', '#/days?span=week', '#/days?span=month', '#/alerts', '#/gateway', '#/setup', '#/sign-in', '#/sensors/2'];
const name = (hash) => hash.replace(/^#\//, '').replace(/\W+/g, '-') || 'overview';
const ready = (page) => until(async () => !(await page.locator('#page').textContent()).includes('…'));

test('days: a day by its hours, and back again', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/days');
  await page.locator('figure.chart').waitFor();
  assert.equal(await title(page), 'Friday 31 July');
  await page.getByRole('link', { name: 'The day before' }).click();
  await page.getByRole('heading', { name: 'Thursday 30 July' }).waitFor();
  await ready(page);
  assert.equal(await page.locator('.col').count(), 24);
  assert.equal(await page.locator('.col.counted').count(), 13);
  assert.match(await page.locator('.card').first().innerText(), /100% counted · busiest at 12:00 \(\d+ in\)/);
  await page.goBack();
  await page.getByRole('heading', { name: 'Friday 31 July' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'The day after' }).count(), 0); // it has not begun
  assert.deepEqual(page.wrong, []);
});

test('days: a week with a day that was counted in part, and one on which it was closed', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/days?span=week&day=2026-07-26&sensor=2');
  await page.locator('.shades').waitFor();
  assert.match(await title(page), /^20\s?–\s?26 Jul$/);
  const states = await page.locator('.col').evaluateAll((nodes) => nodes.map((node) => node.className.replace('col ', '')));
  assert.deepEqual(states, ['counted', 'counted', 'counted', 'counted', 'counted', 'partly', 'closed']);
  assert.equal(await page.locator('.shades thead th').count(), 8);
  assert.equal(await page.locator('.shades tbody tr').count(), 13); // when it is open
  assert.equal(await page.locator('.shades td.missing').count(), 8);
  await shot(page, 'week-back-door-phone');
  await page.locator('figure summary').click();
  await page.locator('figure').getByRole('link', { name: 'Sat 25 Jul' }).click();
  await page.getByRole('heading', { name: 'Saturday 25 July' }).waitFor();
  assert.equal(await page.getByLabel('Store or sensor').evaluate((node) => node.selectedOptions[0].textContent), 'Back door');
  assert.deepEqual(page.wrong, []);
});

test('days: a month says what belongs to no hour, and of what was before it knows nothing', async () => {
  const server = await serve();
  const page = await open(server, DESKTOP, '#/days?span=month');
  await page.locator('figure.chart').waitFor();
  assert.equal(await title(page), 'July 2026');
  assert.equal(await page.locator('.col').count(), 31);
  assert.match(await page.locator('.card').first().innerText(), /Of these 12 in and 9 out belong to no hour/);
  await page.getByRole('link', { name: 'The month before' }).click();
  await page.getByRole('heading', { name: 'June 2026' }).waitFor();
  await ready(page);
  assert.equal(await page.locator('.col.none').count(), 20);
  await go(page, '#/days?span=month&day=2026-02-01');
  await page.getByText('Nothing is known of this time.').waitFor();
  assert.deepEqual(page.wrong, []);
});

test('days: today grows while one looks at it', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/days');
  await page.locator('figure.chart').waitFor();
  const entered = async () => Number(await page.locator('.big b').first().textContent());
  const before = await entered();
  server.say('walk');
  await until(async () => await entered() === before + 3);
  assert.deepEqual(page.wrong, []);
});

test('days: programs hear of the hour and the day that it is, as they grow', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  await page.evaluate(() => {
    window.heard = [];
    new EventSource('/api/analytics/stream').onmessage = (event) => window.heard.push(JSON.parse(event.data));
  });
  const newest = () => page.evaluate(() => window.heard.at(-1));
  await until(newest);
  const { hour, day } = await newest();
  assert.deepEqual([hour.at, day.day], ['2026-07-31T12:00:00Z', '2026-07-31']);
  server.say('walk');
  await until(async () => (await newest()).day.in === day.in + 3);
  assert.deepEqual(page.wrong, []);
});

test('days: an answer that nobody understands is told, and the page goes on', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  page.expected = /TypeError/;
  await page.route('**/api/analytics?*', (route) => route.fulfill({ json: {} }));
  await go(page, '#/days');
  await page.getByText('This page cannot show what the gateway says.').waitFor();
  await go(page, '#/gateway');
  assert.equal(await title(page), 'gw-1');
  await page.unroute('**/api/analytics?*');
  await page.route('**/api/analytics?*', (route) => route.fulfill({ status: 503, json: { error: 'the database cannot be read now' } }));
  await go(page, '#/days?span=month');
  await page.locator('.trouble [lang=en]', { hasText: 'the database cannot be read now' }).waitFor();
  await page.unroute('**/api/analytics?*');
  page.expected = /TypeError|status of 503/;
  await page.locator('figure.chart').waitFor(); // it asks again by itself
});

test('days: odd addresses are taken for today', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/days?span=decade&day=31.07.2026&sensor=x');
  assert.equal(await title(page), 'Friday 31 July');
  await go(page, '#/days?day=2033-01-01');
  assert.equal(await title(page), 'Friday 31 July');
  assert.deepEqual(page.wrong, []);
});

test('alerts: the worst first; who signs in takes care of one, and everybody sees it', async () => {
  const server = await serve();
  const page = await open(server, PHONE);
  const other = await open(server, PHONE, '#/alerts');
  await page.getByRole('link', { name: /Alerts\s*1 not acknowledged/ }).click();
  const list = page.locator('#alerts > li');
  await list.first().waitFor();
  assert.equal(await list.count(), 2);
  assert.match(await list.nth(0).innerText(), /This gateway\s+critical\s+Readings cannot be stored/);
  assert.match(await list.nth(1).innerText(), /Back door\s+warning.*acknowledged .* by Ines/s);
  assert.equal(await page.getByRole('button', { name: 'I take care of it' }).count(), 0);
  await page.getByRole('link', { name: 'Sign in to acknowledge' }).click();
  await signIn(page, { name: 'Tom' });
  await page.getByRole('button', { name: 'I take care of it' }).click();
  await page.locator('.notice', { hasText: 'The alert is acknowledged.' }).waitFor();
  await other.locator('#alerts > li', { hasText: 'by Tom (page at 127.0.0.1)' }).waitFor();
  assert.equal(await page.locator('.badge').count(), 0);
  await shot(page, 'alerts-signed-in-phone');
  server.say('alert');
  await page.locator('#alerts > li', { hasText: 'The link broker is down' }).waitFor();
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.locator('#alerts > li.past', { hasText: 'silent for 35 min' }).waitFor();
  await shot(page, 'alerts-all-phone');
  assert.deepEqual(page.wrong, []);
  assert.deepEqual(other.wrong, []);
});

test('gateway: how far headquarters is, and how long it goes alone', async () => {
  const server = await serve();
  const page = await open(server, PHONE, '#/gateway');
  const text = await page.locator('#page').innerText();
  assert.match(text, /Waiting\s+\d+ changes wait/);
  assert.match(text, /Days alone\s+nobody can say yet/);
  assert.match(text, /Given up\s+nothing/);
  assert.match(text, /broker\s+up/);
  assert.match(text, /Clock\s+set by NTP/);
  assert.deepEqual(page.wrong, []);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, options] of [['phone', PHONE], ['desktop', DESKTOP]]) {
    test(`every page: nothing for axe to find, nothing wider than the screen (${size}, ${scheme})`, async () => {
      const server = await serve();
      const page = await open(server, { ...options, colorScheme: scheme });
      server.say('fault');
      await page.locator('.verdict.problem').waitFor();
      for (const hash of PAGES) {
        await go(page, hash);
        await ready(page);
        await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))));
        assert.deepEqual(await violations(page), [], hash);
        assert.ok(await fits(page), `${hash} fits`);
        await shot(page, `${name(hash)}-${size}-${scheme}`);
      }
      assert.deepEqual(page.wrong, []);
    });
  }
}

for (const [locale, said] of [['de-DE', { alerts: 'Alarme', day: 'Freitag, 31. Juli', heard: /2 von 3 Sensoren/ }],
  ['es-ES', { alerts: 'Avisos', day: 'viernes, 31 de julio', heard: /2 de 3 sensores/ }]]) {
  test(`every page: in the language of the browser, down to 320 pixels (${locale})`, async () => {
    const server = await serve();
    const page = await open(server, { ...PHONE, viewport: { width: 320, height: 640 }, locale });
    assert.equal(await page.locator('html').getAttribute('lang'), locale);
    assert.match(await title(page), said.heard);
    assert.equal(await page.locator('.why p').first().getAttribute('lang'), 'en'); // the gateway's own words
    for (const hash of PAGES) {
      await go(page, hash);
      await page.locator('figure.chart, dl, form, #alerts, .card').first().waitFor();
      assert.ok(await fits(page), `${hash} fits`);
      if (hash === '#/alerts') assert.equal(await title(page), said.alerts);
      if (hash === '#/days') assert.equal(await title(page), said.day);
      await shot(page, `${name(hash)}-${locale}`);
    }
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(page.wrong, []);
  });
}

test('every page: by the keyboard alone, from the first link to the last', async () => {
  const server = await serve();
  const page = await open(server, DESKTOP);
  const focused = () => page.evaluate(() => (document.activeElement.innerText || document.activeElement.tagName).trim().split('\n')[0]);
  const order = [];
  for (let i = 0; i < 8; i += 1) {
    await page.keyboard.press('Tab');
    order.push(await focused());
  }
  assert.deepEqual(order, ['Skip to the content', 'Corner shop', 'Overview', 'Days', 'Alerts', 'Gateway', 'Set up', 'As a table']);
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('figure table').first().isVisible());
  await page.reload();
  await page.locator('#title').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'title');
  assert.deepEqual(await page.locator('header, nav, main').evaluateAll((nodes) => nodes.map((node) => node.tagName)), ['HEADER', 'NAV', 'MAIN']);
  assert.deepEqual(page.wrong, []);
});

test('every page: nothing moves for who does not want that', async () => {
  const server = await serve();
  const page = await open(server, { ...PHONE, reducedMotion: 'reduce' });
  server.say('walk');
  await page.locator('.fresh').first().waitFor();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test('every page: all that is loaded stays below 50 KB on the wire', async () => {
  const server = await serve();
  for (const locale of ['en-GB', 'de-DE', 'es-ES']) {
    const page = await open(server, { locale });
    const sizes = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter((one) => !one.name.includes('/api/')).map((one) => one.encodedBodySize));
    assert.ok(sizes.length > 15 && sizes.every((size) => size > 0), `${sizes}`);
    const bytes = sizes.reduce((a, b) => a + b);
    assert.ok(bytes < 50_000, `${locale}: ${bytes} bytes`);
  }
});
