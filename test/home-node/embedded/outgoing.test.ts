// What the embedded home asks of the world: public addresses only, not for long, and not much.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { guardOutgoing } from '../../../home-node/embedded/outgoing.ts';
import { causeOf } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a fetch of the embedded home', () => {
  let server: Server;
  let port: number;
  let asked = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked += 1;
      if (request.url === '/large') response.end('x'.repeat(limits.keyBytes + 1));
      else if (request.url === '/slow') response.write('{');
      else response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function failure(url: string): Promise<string> {
    try {
      return `answered: ${await (await fetch(url)).text()}`;
    } catch (thrown) {
      return causeOf(thrown);
    }
  }

  test.each([
    'http://127.0.0.1',
    'http://localhost',
    'http://2130706433',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://10.0.0.1',
    'http://169.254.169.254',
    'http://0.0.0.0',
  ])('never reaches %s', async (address) => {
    guardOutgoing(false);
    const before = asked;
    await expect(fetch(`${address}:${port}/`)).rejects.toMatchObject({ cause: { code: 'address-not-public' } });
    expect(asked).toBe(before);
  });

  test('reaches this machine in development', async () => {
    guardOutgoing(true);
    expect(await failure(`http://localhost:${port}/`)).toBe('answered: ok');
  });

  test('ends when the answer is too large', async () => {
    guardOutgoing(true);
    expect(await failure(`http://127.0.0.1:${port}/large`)).toContain('max size');
  });

  test(
    'ends when the answer takes too long',
    async () => {
      guardOutgoing(true);
      expect(await failure(`http://127.0.0.1:${port}/slow`)).toMatch(/timeout/i);
    },
    4 * limits.keyFetchMs,
  );
});
