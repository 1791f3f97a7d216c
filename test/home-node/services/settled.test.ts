// A service that forgets what it took when it is stopped is stopped when it is at rest, or when there is no more time.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { peertube } from '../../../home-node/adapters/peertube.ts';
import { workOf } from '../../../home-node/leaving/server-work.ts';
import type { Driver } from '../../../home-node/services/driver.ts';
import { stoppedAtRest } from '../../../home-node/services/settled.ts';
import { systemClock } from '../../../shared/clock.ts';

interface Step {
  readonly done: number;
  readonly waiting: number;
}

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
});

/** Says how far it is, one step at each question and the last for ever; a fresh one only at an address that is new. */
async function peerTubeAt(steps: readonly (Step | string)[]): Promise<{ base: URL; asked: () => readonly string[] }> {
  const remembered = new Map<string, string>();
  const asked: string[] = [];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const step = steps[Math.min(remembered.size, steps.length - 1)] ?? '';
    const fresh =
      typeof step === 'string'
        ? step
        : JSON.stringify({
            totalActivityPubMessagesProcessed: step.done,
            totalActivityPubMessagesWaiting: step.waiting,
          });
    if (!remembered.has(path)) remembered.set(path, fresh);
    asked.push(path);
    response.setHeader('content-type', 'application/json');
    response.end(remembered.get(path));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { base: new URL(`http://127.0.0.1:${port}`), asked: () => asked };
}

async function stopsAfter(steps: readonly (Step | string)[], mostMs = 10_000): Promise<[asked: number, log: string]> {
  const { base, asked } = await peerTubeAt(steps);
  const said: string[] = [];
  const log = {
    error: () => undefined,
    warn: (text: string) => void said.push(text),
    info: () => undefined,
    debug: (text: string) => void said.push(text),
  };
  let askedBefore = -1;
  const driver: Driver = {
    name: 'tube',
    driver: 'process',
    origin: () => base.origin,
    start: () => undefined,
    stop: async () => {
      askedBefore = asked().length;
      await Promise.resolve();
    },
  };
  const report = peertube.work;
  if (report === undefined) throw new Error('PeerTube says nothing of its work');
  let now = systemClock.now();
  const atRest = stoppedAtRest(driver, {
    work: async (at, signal) => {
      now += 1;
      return await workOf({ base: at, host: 'tube.example.org', signal }, report, now);
    },
    clock: systemClock,
    log,
    mostMs,
    quietMs: 60,
    everyMs: 10,
  });
  await atRest.stop();
  return [askedBefore, said.join('\n')];
}

describe('PeerTube, before it is stopped', () => {
  test('is let work on what it took', async () => {
    const busy = Array.from({ length: 20 }, (_, done) => ({ done, waiting: 0 }));
    const [asked, log] = await stopsAfter([...busy, { done: 20, waiting: 0 }]);
    expect(asked).toBeGreaterThan(20);
    expect(log).toBe('');
  });

  test('is waited for while it says that something waits, though nothing more is done', async () => {
    const slow = Array.from({ length: 30 }, () => ({ done: 3, waiting: 2 }));
    const [asked, log] = await stopsAfter([...slow, { done: 5, waiting: 0 }]);
    expect(asked).toBeGreaterThan(30);
    expect(log).toBe('');
  });

  test('is waited for although it says nothing once, as one that is busy', async () => {
    const busy = Array.from({ length: 10 }, (_, done) => ({ done, waiting: 2 }));
    const [asked] = await stopsAfter([
      ...busy,
      '<html>',
      ...busy.map(({ done }) => ({ done: 10 + done, waiting: 1 })),
      {
        done: 30,
        waiting: 0,
      },
    ]);
    expect(asked).toBeGreaterThan(20);
  });

  test('is not waited for any longer than there is time, and the log says what may be lost', async () => {
    const [, log] = await stopsAfter([{ done: 3, waiting: 2 }], 200);
    expect(log).toMatch(/^tube was still at work .*--replay-since/);
  });

  test.each([
    ['nothing of it', '{}'],
    ['something else', '<html>'],
    ['texts', '{"totalActivityPubMessagesProcessed":"3","totalActivityPubMessagesWaiting":"0"}'],
  ])('is stopped at once where it says %s', async (_what, body) => {
    const [asked, log] = await stopsAfter([body]);
    expect(asked).toBe(1);
    expect(log).toContain('tube does not say whether it is at work');
  });
});
