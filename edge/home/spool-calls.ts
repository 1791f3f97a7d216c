// What the owner asks of the spool beside turns: what waits, one delivery, and what is done with one by hand. Each is a
// signed call like those of routes.ts, which mounts them.

import { type Context, Hono } from 'hono';
import { limits } from '../../shared/limits.ts';
import { problem } from '../http/problem.ts';
import type { SpoolObject } from '../spool/object.ts';
import { answerTold, askBytes, type SignedCall } from './signed-call.ts';

interface SpoolCall extends SignedCall {
  readonly spool: DurableObjectStub<SpoolObject>;
  readonly param: (name: string) => string;
}

/** Makes a handler of what answers a signed call. */
type Signed = (
  maxBytes: number,
  answer: (call: SpoolCall) => Promise<Response>,
) => (context: Context) => Promise<Response>;

export function spoolCalls(signed: Signed): Hono {
  const calls = new Hono();
  calls.get('/waiting', signed(0, list));
  calls.get('/deliveries/:name', signed(0, look));
  calls.post('/waiting/:seq/now', signed(askBytes, hurry));
  calls.post('/waiting/:seq/discard', signed(askBytes, discard));
  calls.post('/kept/:seq/replay', signed(askBytes, replay));
  return calls;
}

async function list({ spool, jws, expected }: SpoolCall): Promise<Response> {
  const { searchParams } = new URL(expected.path, expected.edge);
  const after = wholeOf(searchParams.get('after') ?? '0');
  const count = wholeOf(searchParams.get('limit') ?? String(limits.spoolListed));
  if (after === null || count === null) return problem(400, 'list-malformed');
  return answerTold(await spool.listWaiting(jws, expected, after, count), answerJson);
}

async function look({ spool, jws, expected, param }: SpoolCall): Promise<Response> {
  return answerTold(await spool.look(jws, expected, param('name')), answerJson);
}

async function hurry({ spool, jws, expected, param }: SpoolCall): Promise<Response> {
  return answerTold(await spool.hurry(jws, expected, seqOf(param)), () => answerJson({}));
}

async function discard({ spool, jws, expected, param }: SpoolCall): Promise<Response> {
  return answerTold(await spool.discardWaiting(jws, expected, seqOf(param)), answerJson);
}

async function replay({ spool, jws, expected, param }: SpoolCall): Promise<Response> {
  return answerTold(await spool.replayOne(jws, expected, seqOf(param)), answerJson);
}

/** 0, which nothing has, for what is no number. */
function seqOf(param: SpoolCall['param']): number {
  return wholeOf(param('seq')) ?? 0;
}

function wholeOf(text: string): number | null {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

function answerJson(value: unknown): Response {
  return Response.json(value, { headers: { 'Cache-Control': 'no-store' } });
}
