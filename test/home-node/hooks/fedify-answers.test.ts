// Whatever an app answers to what the hook for Fedify judged, its client gets that answer: the mark that doctor looks for is
// put on it where that is possible, and never costs it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { honest, host, hour, secret, withReceipt } from './late-requests.ts';

type Answer = (request: Request) => Promise<unknown>;

interface Federation {
  signatureTimeWindow: unknown;
  fetch: Answer;
}

const hook = join(import.meta.dirname, '..', '..', '..', 'home-node', 'hooks', 'porchlight-fedify.mjs');
let folder: string;
let judgedAtArrival: (federation: Federation) => Federation;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-answers-'));
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, Buffer.from(secret).toString('base64url'));
  process.env.PORCHLIGHT_RECEIPT_SECRET_FILE = secretFile;
  ({ judgedAtArrival } = (await import(pathToFileURL(hook).href)) as {
    judgedAtArrival: (federation: Federation) => Federation;
  });
});
afterAll(() => {
  delete process.env.PORCHLIGHT_RECEIPT_SECRET_FILE;
  rmSync(folder, { recursive: true });
});

/** What the client gets of an app that asks for its window and then answers so. */
async function answered(answer: Answer): Promise<unknown> {
  const federation = judgedAtArrival({
    signatureTimeWindow: { hours: 1 },
    async fetch(request) {
      // A late one with a receipt is not held against the window.
      expect(this.signatureTimeWindow).toBe(false);
      return await answer(request);
    },
  });
  const signedAt = Date.now() - 16 * hour;
  const { path, headers, body } = withReceipt(honest({ signing: 'date', signedAt }), {
    receivedAt: signedAt + 1_000,
  });
  const request = new Request(`https://${host}${path}`, {
    method: 'POST',
    headers: headers.map(([n, v]) => [n, v]),
    body,
  });
  return await federation.fetch(request);
}

const mark = 'v1 judged-at-arrival';

describe('an answer is marked', () => {
  test('and is otherwise as it was', async () => {
    const own = new Response('taken', { status: 202, statusText: 'Taken', headers: { 'X-Own': 'a' } });
    const got = (await answered(async () => own)) as Response;
    expect(got).toBe(own);
    expect([got.status, got.headers.get('porchlight-hook'), await got.text()]).toEqual([202, mark, 'taken']);
  });

  test('also one that may not be changed', async () => {
    const server = createServer((_, response) => response.writeHead(401, { 'x-own': 'a' }).end('no'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const got = (await answered(async () => await fetch(`http://127.0.0.1:${port}/`))) as Response;
    expect([got.status, got.headers.get('x-own'), got.headers.get('porchlight-hook'), await got.text()]).toEqual([
      401,
      'a',
      mark,
      'no',
    ]);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('an answer that cannot be marked is given as it is:', () => {
  const locked = () => {
    const response = Response.redirect('https://home.example/', 302);
    Object.defineProperty(response, 'body', { value: new ReadableStream({}) });
    response.body?.getReader();
    return response;
  };
  const strange: readonly (readonly [string, () => unknown])[] = [
    ['an error', () => Response.error()],
    ['one whose body somebody reads, and which may not be changed', locked],
    ['one of another library', () => Object.freeze({ status: 202, headers: Object.freeze({}) })],
    ['one of a status that none can be made with', () => ({ status: 101, headers: new Map() })],
    ['nothing', () => undefined],
  ];
  test.each(strange)('%s', async (_, make) => {
    const own = make();
    expect(await answered(async () => own)).toBe(own);
  });
});

test('what the app throws is the app’s', async () => {
  await expect(
    answered(async () => {
      throw new RangeError('its own');
    }),
  ).rejects.toThrow('its own');
});
