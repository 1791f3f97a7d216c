// What the edge's operator asks, under /.porchlight/v1/operator/ (docs/protocol.md, "Operator calls"), at any host that
// reaches the Worker: before a home has claimed, the directory knows none.

import { type Context, Hono } from 'hono';
import type { Clock } from '../../shared/clock.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import type { D1Directory } from '../home/directory.ts';
import type { KeyFence } from '../home/key-fence.ts';
import { problem } from '../http/problem.ts';
import { type OperatorKey, readCallOfOperator } from './operator-call.ts';
import { hashPrefixLength, type Registry } from './registry.ts';

export interface OperatorParts {
  readonly clock: Clock;
  readonly operatorKey: OperatorKey;
  readonly registry: Registry;
  readonly directory: Pick<D1Directory, 'home' | 'forget'>;
  readonly keyFence: KeyFence;
}

interface Called {
  readonly asked: JsonObject;
  readonly param: (name: string) => string;
  readonly query: (name: string) => string | undefined;
}

export function operatorRoutes(parts: OperatorParts): Hono {
  const routes = new Hono();
  const signed =
    (answer: (call: Called) => Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      const body = await readCallOfOperator(context.req.raw, parts.operatorKey, parts.clock.now());
      if (body instanceof Response) return body;
      const read = body.length === 0 ? { json: {} } : readJsonObject(body);
      if ('malformed' in read)
        return problem(400, 'operator-malformed', { detail: `Cannot read it: ${read.malformed}.` });
      const param = (name: string): string => context.req.param(name) ?? '';
      return await told(answer, { asked: read.json, param, query: (name) => context.req.query(name) });
    };
  const { registry } = parts;

  routes.get(
    '/codes',
    signed(async () => json({ codes: await registry.codes() })),
  );
  routes.put(
    '/codes/:hash',
    signed((call) => putCode(registry, call)),
  );
  routes.delete(
    '/codes/:hash',
    signed((call) => dropCode(registry, call)),
  );
  routes.get(
    '/homes',
    signed(async ({ query }) => json(await registry.homes(query('after') ?? ''))),
  );
  routes.post(
    '/homes/:home/revoke',
    signed((call) => revoke(parts, call)),
  );
  routes.post(
    '/hosts/:host/release',
    signed((call) => release(parts, call)),
  );
  // Whether there is such a call is the operator's to know.
  routes.all(
    '*',
    signed(async () => problem(404, 'no-such-call')),
  );
  return routes;
}

async function putCode(registry: Registry, { asked, param }: Called): Promise<Response> {
  const { hosts } = asked;
  const hash = param('hash');
  if (!/^[\w-]{43}$/.test(hash)) return malformed('the hash is not 43 characters of base64url');
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === 'string')) return malformed('hosts is no list');
  return json(await registry.putCode(hash, hosts));
}

async function dropCode(registry: Registry, { param }: Called): Promise<Response> {
  const hash = param('hash');
  if (!/^[\w-]{1,43}$/.test(hash) || hash.length < hashPrefixLength) {
    return malformed(`a hash is named by ${hashPrefixLength} to 43 characters of base64url`);
  }
  await registry.dropCode(hash);
  return json({});
}

async function revoke({ registry, directory, keyFence }: OperatorParts, { asked, param }: Called): Promise<Response> {
  const homeId = param('home');
  if (typeof asked.key !== 'string') return malformed('key is missing');
  const revokedAt = await registry.revoke(homeId, asked.key);
  const home = await directory.home(homeId);
  directory.forget(home?.hosts ?? []);
  // Repeated after a new key came in, there is nothing left to shut out.
  if (home === null || home.revokedAt !== undefined) await keyFence.shutOut(homeId, 'revoked');
  return json({ homeId, key: asked.key, revokedAt });
}

async function release({ registry, directory, keyFence }: OperatorParts, { asked, param }: Called): Promise<Response> {
  const host = param('host');
  const { homeId } = asked;
  if (typeof homeId !== 'string' || homeId === '') return malformed('homeId is missing');
  await registry.release(host, homeId);
  directory.forget([host]);
  await keyFence.shutOut(homeId, 'host-released');
  return json({ host, homeId });
}

async function told(answer: (call: Called) => Promise<Response>, call: Called): Promise<Response> {
  try {
    return await answer(call);
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    const { code, message: detail } = thrown;
    if (code === 'code-hosts') return problem(400, code, { detail });
    return problem(code === 'no-code' || code === 'no-home' ? 404 : 409, code, { detail });
  }
}

function malformed(found: string): Response {
  return problem(400, 'operator-malformed', { detail: `Cannot read the call: ${found}.` });
}

function json(value: unknown): Response {
  return Response.json(value, { headers: { 'Cache-Control': 'no-store' } });
}
