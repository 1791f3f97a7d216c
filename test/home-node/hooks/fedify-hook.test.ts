// The hook for Fedify apps and Hollo, with the real Fedify: loaded before the app, and as a function that the app calls.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherNodes } from '../../support/other-nodes.ts';
import { besideQuery, honest, hour, type Signing, unwanted, wanted, withReceipt } from './late-requests.ts';
import { type Started, startService } from './service-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const hookAt = (name: string): string => join(root, 'home-node', 'hooks', name);
const app = join(import.meta.dirname, 'apps', 'fedify-app.mjs');

// What Fedify needs in a body to look for a key.
const body = JSON.stringify({
  '@context': 'https://www.w3.org/ns/activitystreams',
  id: 'https://peer.example/follows/1',
  type: 'Follow',
  actor: 'https://peer.example/actor',
  object: 'https://home.example/users/owner',
});
const signings: readonly Signing[] = ['date', 'rfc9421'];
const now = Date.now();
const WRAPPER = pathToFileURL(hookAt('porchlight-fedify.mjs')).href;
const NODE_OPTIONS = `--require ${hookAt('porchlight-hook.cjs')}`;

describe.each([
  ['loaded before the app', process.execPath, 'plain', { NODE_OPTIONS }],
  ['loaded before the app, in Node 22', otherNodes.lowest, 'plain', { NODE_OPTIONS }],
  ['called by the app', process.execPath, 'wrapped', { WRAPPER }],
] as const)('the hook for Fedify, %s', (_how, node, mode, env) => {
  let hooked: Started;
  let bare: Started;
  beforeAll(async () => {
    [hooked, bare] = await Promise.all([
      startService({ command: [node, app, mode], env }),
      startService({ command: [node, app, 'plain'] }),
    ]);
  });
  afterAll(async () => await Promise.all([hooked?.stop(), bare?.stop()]));

  test('says that it is there', () => {
    expect(hooked.log()).toContain('Fedify: late deliveries with a receipt are judged by their time of arrival');
  });

  test.each(signings)('takes what is in time or was, signed by %s', async (signing) => {
    for (const { what, request } of wanted(signing, now, body)) {
      const isFresh = what.includes('fresh');
      const { status, headers } = await hooked.ask(request);
      expect([what, status]).toEqual([what, 202]);
      expect([what, headers.get('porchlight-hook')]).toEqual([
        what,
        what === 'a fresh one' ? undefined : 'v1 judged-at-arrival',
      ]);
      expect([what, (await bare.ask(request)).status]).toEqual([what, isFresh ? 202 : 401]);
    }
  });

  test.each(signings)('refuses every other one, signed by %s', async (signing) => {
    const cases = unwanted(signing, now, body).filter(({ what }) => what !== besideQuery);
    let refused = 0;
    for (const { what, request } of cases) {
      const [after, before] = await Promise.all([hooked.ask(request), bare.ask(request)]);
      expect([what, after.status]).toEqual([what, before.status]);
      if (after.status >= 400 && after.status < 500) refused += 1;
    }
    expect(refused).toBe(cases.length);
  });

  test('keeps requests apart that are handled at the same time', async () => {
    const signedAt = now - 16 * hour;
    const late = honest({ signing: 'date', signedAt, body });
    const receipted = withReceipt(late, { receivedAt: signedAt + 1_000 });
    const asked = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? receipted : late));
    const statuses = await Promise.all(asked.map(async (request) => (await hooked.ask(request)).status));
    expect(statuses).toEqual(asked.map((request) => (request === receipted ? 202 : 401)));
  });
});

describe('an app with a window of its own', () => {
  const WINDOW = JSON.stringify({ minutes: 10 });
  test('is judged by that at the time of arrival', async () => {
    const service = await startService({ command: [process.execPath, app, 'plain'], env: { NODE_OPTIONS, WINDOW } });
    try {
      const signedAt = now - 16 * hour;
      const late = honest({ signing: 'date', signedAt, body });
      const statusAfter = async (minutes: number): Promise<number> =>
        (await service.ask(withReceipt(late, { receivedAt: signedAt + minutes * 60_000 }))).status;
      expect(await statusAfter(9)).toBe(202);
      expect(await statusAfter(11)).toBe(401);
    } finally {
      await service.stop();
    }
  });
});

describe('a federation of another shape is left alone, and that is said:', () => {
  const taken = (): string => 'taken';
  const shapes: readonly (readonly [string, () => { fetch: () => unknown; signatureTimeWindow?: unknown }])[] = [
    ['without a window', () => ({ fetch: taken })],
    ['frozen', () => Object.freeze({ signatureTimeWindow: { hours: 1 }, fetch: taken })],
    [
      'whose fetch cannot be changed',
      () => Object.defineProperty({ signatureTimeWindow: { hours: 1 }, fetch: taken }, 'fetch', { writable: false }),
    ],
    [
      'whose window cannot be watched',
      () =>
        new Proxy(
          { signatureTimeWindow: { hours: 1 }, fetch: taken },
          {
            defineProperty: (target, name, own) => 'value' in own && Reflect.defineProperty(target, name, own),
          },
        ),
    ],
  ];
  test.each(shapes)('%s', async (_, make) => {
    const { judgedAtArrival } = (await import(WRAPPER)) as { readonly judgedAtArrival: <T>(federation: T) => T };
    const strange = make();
    const window = strange.signatureTimeWindow;
    expect(judgedAtArrival(strange)).toBe(strange);
    expect(strange.signatureTimeWindow).toBe(window);
    expect(await strange.fetch.call(strange, ...([new Request('https://home.example/')] as unknown as []))).toBe(
      'taken',
    );
  });
});
