// What the page's tests share: a browser, servers to look at, and what must never happen on a page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

export const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PIN = '135790';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SAFE = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

let browser;
const children = new Set();

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.LINTEL_CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
});

after(async () => {
  await browser?.close();
  await stopAll();
});

/** Ends what start() has begun. */
export const stopAll = () => Promise.all([...children].map((child) => new Promise((done) => {
  child.once('exit', done);
  child.kill();
})));

/** A child that is gone when the tests are. */
export function start(file, args, options) {
  const child = spawn(file, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** A page_server of its own: where it is, how to command it, how to stop and start it again. */
export async function serve(address = '127.0.0.1:0') {
  const child = start(process.env.LINTEL_PAGE_SERVER, [address], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    return {
      url: line.replace(/^listening on /, ''),
      say: (command) => child.stdin.write(`${command}\n`),
      stop: () => new Promise((done) => { child.once('exit', done); child.stdin.end(); }),
    };
  }
  throw new Error('page_server did not start');
}

/** Opens the page at an address of its own (#/...), and collects what must not happen. */
export async function open(server, options = {}, hash = '') {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  context.setDefaultTimeout(90000); // a busy machine is no fault of the page
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !page.expected?.test(message.text())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.stack));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url) wrong.push(`a request to ${request.url()}`);
  });
  page.on('dialog', (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const response = await page.goto(`${server.url}/${hash}`);
  assert.equal(response.headers()['content-security-policy'], SAFE);
  await page.locator('#live.on').waitFor();
  await page.locator('#title').waitFor();
  page.wrong = wrong;
  return page;
}

/** Looks again until it is so. The page's rules forbid Playwright's own way, which evaluates text there. */
export async function until(holds, limit = 90000) {
  for (const end = Date.now() + limit; !await holds();) {
    assert.ok(Date.now() < end, `still not so: ${holds}`);
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

export async function go(page, hash) {
  await page.evaluate((to) => { window.location.hash = to; }, hash);
  await page.locator('#title').waitFor();
}

export const title = (page) => page.locator('#title').textContent();
export const card = (page, serial) => page.locator(`[data-sensor="${serial}"]`);

export async function shot(page, name) {
  // The navigation of a phone stands where the screen ends, which a picture of the whole page has none of.
  await page.evaluate(() => {
    window.scrollTo(0, 0);
    document.getElementById('nav').style.setProperty('position', window.innerWidth < 896 ? 'static' : '');
  });
  await page.screenshot({ path: `${process.env.LINTEL_SCREENSHOTS}/${name}.png`, fullPage: true });
  await page.evaluate(() => document.getElementById('nav').style.removeProperty('position'));
}

/** What axe-core says of the page, which it reaches by the debugger: the page itself loads nothing. */
export async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.any.map((one) => one.message)}`).join(' | ')}`);
}

export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

export async function signIn(page, { pin = PIN, name = 'Ines' } = {}) {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('PIN').fill(pin);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
