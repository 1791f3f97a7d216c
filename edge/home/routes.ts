// What home asks of its edge, under /.porchlight/v1/ (docs/protocol.md). Never carried to a service, never given from a
// copy. Everything but claim and link is a signed call, proved by the home's spool object.

import { type Context, Hono } from 'hono';
import { type CryptoKey, importJWK } from 'jose';
import { verifyClaim } from '../../shared/claim/claim.ts';
import type { Clock } from '../../shared/clock.ts';
import { verifyEdgePart } from '../../shared/config/edge-part.ts';
import type { EdgeAbout } from '../../shared/edge-about.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { batchContentType } from '../../shared/lease/batch.ts';
import { limits } from '../../shared/limits.ts';
import type { Copies } from '../cache/store.ts';
import { problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import { openLink } from '../link/door.ts';
import type { LinkObject } from '../link/object.ts';
import { type OperatorParts, operatorRoutes } from '../operator/routes.ts';
import type { SpoolObject } from '../spool/object.ts';
import { type ChangeKeyParts, changeKey } from './change-key.ts';
import type { ClaimDesk } from './claim.ts';
import type { D1Directory, HomeRecord } from './directory.ts';
import type { HomeSaid } from './said.ts';
import { answerEcho, answerEdge } from './self-report.ts';
import { answerTold, askBytes, jsonOf, readSignedCall, refusal, type SignedCall, turnBytes } from './signed-call.ts';
import { readSnapshot } from './snapshot.ts';
import { spoolCalls } from './spool-calls.ts';
import { warm, warmOrder } from './warm.ts';
import type { DocumentPorts } from './warm-document.ts';

export interface HomeRoutesParts extends ChangeKeyParts, OperatorParts {
  readonly about: EdgeAbout;
  readonly clock: Clock;
  readonly directory: D1Directory;
  readonly claims: ClaimDesk;
  readonly said: HomeSaid;
  readonly copies: Copies;
  readonly documents: DocumentPorts;
  readonly store: R2Bucket;
  readonly links: DurableObjectNamespace<LinkObject>;
  readonly spoolObject: (homeId: string) => DurableObjectStub<SpoolObject>;
}

/** A call as its handler gets it: from the home that the host belongs to, not proved yet. */
interface Called extends SignedCall {
  readonly home: HomeRecord;
  readonly spool: DurableObjectStub<SpoolObject>;
  readonly param: (name: string) => string;
}

export function homeRoutes(parts: HomeRoutesParts): Hono {
  const routes = new Hono();
  const signed =
    (maxBytes: number, answer: (call: Called) => Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      const call = await readSignedCall(context.req.raw, maxBytes, parts.directory);
      if (call instanceof Response) return call;
      const param = (name: string): string => context.req.param(name) ?? '';
      return await answer({ ...call, spool: parts.spoolObject(call.home.homeId), param });
    };

  routes.post('/v1/claim', (context) => claim(parts, context.req.raw));
  routes.post('/v1/key', (context) => changeKey(parts, context.req.raw));
  routes.all('/v1/edge', (context) => answerEdge(parts.about, context.req.method, parts.clock.now()));
  routes.all('/v1/echo/*', (context) => answerEcho(context.req.raw, parts.clock.now()));
  routes.all('/v1/link', (context) => link(parts, context.req.raw));
  routes.post(
    '/v1/lease',
    signed(turnBytes, (call) => lease(parts, call)),
  );
  routes.get(
    '/v1/bodies/:id',
    signed(0, (call) => body(parts, call)),
  );
  routes.post('/v1/replay', signed(askBytes, replay));
  routes.get('/v1/spool', signed(0, summary));
  routes.route('/v1/spool', spoolCalls(signed));
  routes.get('/v1/dead-letters', signed(0, deadLetters));
  routes.post('/v1/dead-letters/:seq/retry', signed(askBytes, retryDead));
  routes.post('/v1/dead-letters/:seq/discard', signed(askBytes, discardDead));
  routes.put(
    '/v1/snapshot',
    signed(limits.snapshotBytes, (call) => snapshot(parts, call)),
  );
  routes.put(
    '/v1/config',
    signed(limits.configBytes, (call) => config(parts, call)),
  );
  routes.post(
    '/v1/warm',
    signed(limits.warmCallBytes, (call) => warming(parts, call)),
  );
  routes.route('/v1/operator', operatorRoutes(parts));
  routes.all('*', () => problem(404, 'no-such-call'));
  return routes;
}

async function claim({ claims, directory, keyFence }: HomeRoutesParts, request: Request): Promise<Response> {
  const bytes = await readBody(request, askBytes);
  if (bytes === 'too-large') return problem(413, 'too-large');
  try {
    const verified = await verifyClaim(jsonOf(bytes), new URL(request.url).origin);
    const outcome = await claims.claim(verified);
    if (!('refused' in outcome)) {
      directory.forget(outcome.hosts);
      // Whoever has the key that was lost is out from now on.
      await keyFence.letOnly(outcome.homeId, verified.publicKey);
      return Response.json(outcome);
    }
    if (outcome.refused === 'code') return problem(403, 'claim-refused');
    return problem(outcome.refused === 'key-revoked' ? 403 : 409, outcome.refused);
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    return problem(thrown.code === 'claim-proof' ? 403 : 400, thrown.code);
  }
}

/** Only at a host of the home that it names: a proof is bound to the origin, and this origin must be its home's. */
async function link({ directory, links }: HomeRoutesParts, request: Request): Promise<Response> {
  const { host, searchParams } = new URL(request.url);
  const homeId = searchParams.get('home') ?? '';
  // A home that claimed a moment ago elsewhere is not remembered here yet.
  const isItsHost =
    (await directory.homeOf(host))?.homeId === homeId || (await directory.home(homeId))?.hosts.includes(host);
  return isItsHost === true ? await openLink(links, request) : problem(403, 'not-this-home');
}

/** With the edge's time, which home compares its clock with; not every runtime adds a Date of its own. */
async function lease({ clock }: HomeRoutesParts, { spool, jws, expected, body: turn }: Called): Promise<Response> {
  const { edge, method, path } = expected;
  const told = await spool.turn(jws, { edge, method, path }, turn);
  const date = new Date(clock.now()).toUTCString();
  const headers = { 'Content-Type': batchContentType, 'Cache-Control': 'no-store', Date: date };
  return answerTold(told, (batch) => new Response(batch, { headers }));
}

async function body({ store }: HomeRoutesParts, { spool, jws, expected, param }: Called): Promise<Response> {
  const told = await spool.bodyOf(jws, expected, param('id'));
  if (!told.ok) return refusal(told);
  const object = await store.get(told.value.key);
  if (object === null) return problem(404, 'no-body');
  return new Response(object.body, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(object.size),
      'Cache-Control': 'no-store',
    },
  });
}

async function replay({ spool, jws, expected, body: asked }: Called): Promise<Response> {
  const { since } = (jsonOf(asked) ?? {}) as { since?: unknown };
  if (typeof since !== 'number' || !Number.isSafeInteger(since)) return problem(400, 'replay-malformed');
  return answerTold(await spool.replay(jws, expected, since), answerJson);
}

async function summary({ spool, jws, expected }: Called): Promise<Response> {
  return answerTold(await spool.summary(jws, expected), answerJson);
}

async function deadLetters({ spool, jws, expected }: Called): Promise<Response> {
  return answerTold(await spool.deadLetters(jws, expected), answerJson);
}

async function retryDead({ spool, jws, expected, param }: Called): Promise<Response> {
  return answerTold(await spool.retryDead(jws, expected, Number(param('seq'))), answerJson);
}

async function discardDead({ spool, jws, expected, param }: Called): Promise<Response> {
  return answerTold(await spool.discardDead(jws, expected, Number(param('seq'))), () => answerJson({}));
}

async function snapshot(
  { said, clock }: HomeRoutesParts,
  { home, spool, jws, expected, body: bytes }: Called,
): Promise<Response> {
  const proved = await spool.authorise(jws, expected);
  if (!proved.ok) return refusal(proved);
  try {
    // How old it is strangers are told by the edge's clock: a small computer's may be wrong by years.
    const now = clock.now();
    const { snapshot: read, leftOut } = readSnapshot(bytes, home.hosts);
    const taken = { ...read, madeAt: now };
    const left = await said.snapshots.leave(home.homeId, taken, home.publicKey.x);
    if (!left.left) {
      const detail = `Cannot take snapshot ${taken.version}: version ${left.version} is there; send a later one.`;
      return problem(409, 'snapshot-older', { detail });
    }
    await spool.snapshotTaken(now);
    return answerJson({ version: taken.version, ...(leftOut.length === 0 ? {} : { leftOut }) });
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return problem(400, thrown.code, { detail: thrown.message });
    throw thrown;
  }
}

async function config(
  { said }: HomeRoutesParts,
  { home, spool, jws, expected, body: bytes }: Called,
): Promise<Response> {
  const proved = await spool.authorise(jws, expected);
  if (!proved.ok) return refusal(proved);
  try {
    const key = (await importJWK(home.publicKey, 'EdDSA')) as CryptoKey;
    const where = { edge: expected.edge, homeId: home.homeId, claimedHosts: home.hosts };
    const part = await verifyEdgePart(new TextDecoder().decode(bytes), key, where);
    const left = await said.parts.leave(home.homeId, part, home.publicKey.x);
    if (left.left) return answerJson({ version: part.version });
    const detail = `Cannot go by settings ${part.version}: version ${left.version} is there; send a later one.`;
    return problem(409, 'config-older', { detail });
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    return problem(thrown.code === 'config-proof' ? 403 : 400, thrown.code, { detail: thrown.message });
  }
}

async function warming(parts: HomeRoutesParts, { home, spool, jws, expected, body: asked }: Called): Promise<Response> {
  const proved = await spool.authorise(jws, expected);
  if (!proved.ok) return refusal(proved);
  const own = new URL(expected.edge);
  const order = warmOrder(jsonOf(asked), home.hosts, own.host);
  if (order === null) return problem(400, 'warm-malformed');
  const link = parts.links.get(parts.links.idFromName(home.homeId));
  const said = await parts.said.of(home);
  const { copies, documents } = parts;
  const scheme = own.protocol === 'http:' ? 'http' : 'https';
  return answerJson(await warm({ copies, documents, link, said }, home.homeId, scheme, order));
}

function answerJson(value: unknown): Response {
  return Response.json(value, { headers: { 'Cache-Control': 'no-store' } });
}
