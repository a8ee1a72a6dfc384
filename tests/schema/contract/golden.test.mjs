// Golden exchanges, written from PostgREST's documentation: exchanges/*.json. A string between slashes is
// a regular expression, `subset` compares the members it names, a list of statuses allows each of them.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { authorization, call, exchange, kSchema } from './target.mjs';

const kFolder = new URL('./exchanges/', import.meta.url);

function assertMatches(actual, expected, where) {
  const pattern = typeof expected === 'string' && /^\/(.*)\/$/s.exec(expected);
  if (pattern) assert.match(String(actual), new RegExp(pattern[1]), where);
  else assert.deepEqual(actual, expected, where);
}

function assertSubset(actual, expected, where) {
  assert.ok(actual !== null && typeof actual === 'object', `${where}: not an object: ${JSON.stringify(actual)}`);
  for (const [name, value] of Object.entries(expected)) {
    const below = `${where}.${name}`;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) assertSubset(actual[name], value, below);
    else assertMatches(actual[name], value, below);
  }
}

/** An error of any kind is a JSON object with exactly these four members. */
function assertErrorShape(json) {
  assert.deepEqual(Object.keys(json).sort(), ['code', 'details', 'hint', 'message']);
  assert.equal(typeof json.code, 'string');
  assert.equal(typeof json.message, 'string');
}

function send(request) {
  const reading = request.method === 'GET' || request.method === 'HEAD';
  const body = 'json' in request ? JSON.stringify(request.json) : request.body;
  return exchange({
    method: request.method, path: request.path, body,
    headers: {
      [reading ? 'Accept-Profile' : 'Content-Profile']: kSchema,
      ...('json' in request && { 'Content-Type': 'application/json' }),
      ...authorization(request.as),
      ...request.headers,
    },
  });
}

function check(answer, expected) {
  const statuses = [expected.status].flat();
  assert.ok(statuses.includes(answer.status), `status ${answer.status}, expected ${statuses}: ${answer.body}`);
  for (const [name, value] of Object.entries(expected.headers ?? {}))
    assertMatches(answer.headers[name], value, `header ${name}`);
  if ('body' in expected) assert.equal(answer.body, expected.body);
  if ('json' in expected) assert.deepEqual(JSON.parse(answer.body), expected.json);
  if ('subset' in expected) assertSubset(JSON.parse(answer.body), expected.subset, 'body');
  if (answer.status >= 400 && answer.status !== 418 && answer.body) assertErrorShape(JSON.parse(answer.body));
}

for (const file of readdirSync(kFolder).filter((name) => name.endsWith('.json')).sort()) {
  const golden = JSON.parse(readFileSync(new URL(file, kFolder), 'utf8'));
  describe(`${file}: ${golden.about}`, () => {
    for (const { name, request, response } of golden.exchanges)
      it(name, async () => check(await send(request), response));
    for (const [state, status] of Object.entries(golden.states ?? {}))
      it(`SQLSTATE ${state} is ${status}`, async () => {
        const answer = await call('raise_state', { state, message: `state ${state}` });
        assert.equal(answer.status, status, answer.body);
        assertSubset(answer.json, { code: state, message: `state ${state}` }, 'body');
      });
  });
}
