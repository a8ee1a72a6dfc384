// Which PostgREST is tested, and how to speak to it without a client library in between.
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

const required = (name) => {
  if (!process.env[name]) throw new Error(`${name} is not set: start the suite with tests/schema/contract/run`);
  return process.env[name];
};

export const kUrl = required('CONTRACT_URL').replace(/\/+$/, '');
export const kSecret = required('CONTRACT_JWT_SECRET');
export const kApiKey = process.env.CONTRACT_API_KEY || '';
export const kSchema = 'contract';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

/** An HS256 token; `{"$now": s}` in a claim is s seconds from now. `signature` replaces the right one. */
export function mint(claims, { secret = kSecret, header = {}, signature } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const filled = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, value?.$now === undefined ? value : now + value.$now]),
  );
  const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }));
  const signed = `${head}.${base64url(JSON.stringify(filled))}`;
  return `${signed}.${signature ?? createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const kRoles = { user: 'contract_user', hasty: 'contract_hasty' };

/** The Authorization header for `as` of an exchange: absent, a name of kRoles, or a token's description. */
export function authorization(as) {
  if (as === undefined) return {};
  if (typeof as === 'string') return { Authorization: `Bearer ${mint({ role: kRoles[as], sub: 'someone' })}` };
  return { Authorization: `${as.scheme ?? 'Bearer'} ${mint(as.claims, as)}` };
}

/** One HTTP exchange; resolves with {status, headers, body} or rejects with the connection's error. */
export function exchange({ method = 'GET', path, headers = {}, body, url = kUrl }) {
  const target = new URL(url + path);
  const all = { ...(kApiKey && { apikey: kApiKey }), ...headers };
  if (body !== undefined) all['Content-Length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https:' ? https : http).request(
      target, { method, headers: all, agent: false },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
      });
    request.on('error', reject);
    request.end(body);
  });
}

/** POST /rpc/NAME with a JSON body; adds `json` to the answer where there is a body. */
export async function call(name, args = {}, { url = kUrl, token, schema = kSchema } = {}) {
  const answer = await exchange({
    url, method: 'POST', path: `/rpc/${name}`, body: JSON.stringify(args),
    headers: {
      'Content-Type': 'application/json',
      ...(schema && { 'Content-Profile': schema }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
  });
  return { ...answer, json: answer.body ? JSON.parse(answer.body) : undefined };
}
