// What the edge tells anybody of this home, as `porchlight status` asks for it; and whatever else may answer there.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { askPublicStatus } from '../../../home-node/edge-api/public-status.ts';
import { limits } from '../../../shared/limits.ts';

let server: Server | null = null;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

/** Origin and host of what answers so. */
async function answering(listener: RequestListener): Promise<[edge: string, host: string]> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(made.address() as AddressInfo).port}`;
  return [`http://${host}`, host];
}

async function said(status: number, body: unknown) {
  const place = await answering((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  return await askPublicStatus(...place);
}

const asleep = {
  at: '2026-11-24T01:00:00.000Z',
  pagesAsOf: '2026-11-23T22:00:00.000Z',
  home: { state: 'asleep', since: '2026-11-23T22:00:00.000Z', expectedBack: '2026-11-24T07:30:00.000Z' },
  waiting: { upTo: 10, since: null },
};

describe("the edge's word on a home", () => {
  test('is its state, since when, until when, and how much waits', async () => {
    expect(await said(200, asleep)).toEqual({
      says: {
        state: 'asleep',
        since: Date.parse('2026-11-23T22:00:00Z'),
        expectedBack: Date.parse('2026-11-24T07:30:00Z'),
        waitingUpTo: 10,
        at: Date.parse('2026-11-24T01:00:00Z'),
        pagesAsOf: Date.parse('2026-11-23T22:00:00Z'),
      },
      silence: null,
    });
  });

  test.each([
    [404, { code: 'no-such-call' }, 'turned off'],
    [421, { code: 'unknown-host' }, 'no home of this name'],
    [503, { code: 'busy' }, 'it answered 503 (busy)'],
    [502, { code: 'x\u001b[2J' }, 'it answered 502'],
    [500, 'sorry', 'it answered 500'],
    [200, { hello: 'world' }, 'no Porchlight edge'],
    [200, { ...asleep, home: { ...asleep.home, state: 'on \u001b[31mfire' } }, 'no Porchlight edge'],
    [200, { ...asleep, waiting: { upTo: '10' } }, 'no Porchlight edge'],
    [200, [asleep], 'no Porchlight edge'],
  ])('is silence when it answers %d with %j', async (status, body, why) => {
    const { says, silence } = await said(status, body);
    expect(says).toBeNull();
    expect(silence).toContain(why);
    expect(silence).not.toMatch(/\p{Cc}/u);
  });

  test('is silence when nobody listens', async () => {
    const [edge, host] = await answering(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    server = null;
    expect(await askPublicStatus(edge, host)).toMatchObject({
      says: null,
      silence: expect.stringContaining('REFUSED'),
    });
  });

  test('is waited for as long as is said, limits.statusAskMs if nothing else, because a person waits', async () => {
    expect(limits.statusAskMs).toBeLessThanOrEqual(5_000);
    const place = await answering(() => undefined);
    expect(await askPublicStatus(...place, 50)).toMatchObject({ silence: 'it does not answer within 0.05 s' });
  });

  test('that drips without end is left in the same time', async () => {
    const place = await answering((_, response) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.once('close', () => clearInterval(timer));
    });
    expect(await askPublicStatus(...place, 100)).toMatchObject({ silence: 'it does not answer within 0.1 s' });
  });

  test('that is longer than limits.statusAnswerBytes is not read to its end', async () => {
    const { says, silence } = await said(200, { ...asleep, more: 'x'.repeat(limits.statusAnswerBytes) });
    expect(says).toBeNull();
    expect(silence).toContain(`longer than ${limits.statusAnswerBytes} bytes`);
  });
});
