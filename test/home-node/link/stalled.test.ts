// The attack on everything that is real: more visitors than the link has streams, over TCP, who ask and do not read, or
// begin to send and stop. The time is the real limit, because that is what an honest visitor waits.

import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { type Home, LinkStage } from './link-stage.ts';

let stage: LinkStage;
let home: Home;
/** Requests that the service has before it. */
let open = 0;

beforeAll(async () => {
  stage = await LinkStage.open((request, response) => {
    if (request.url === '/small') {
      response.end('small');
      return;
    }
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
    if (request.url === '/endless') {
      const write = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', write);
      write();
    } else {
      request.resume();
      if (request.url === '/begun') response.write('begun');
    }
  });
  home = await stage.openHome();
}, 120_000);
afterAll(async () => await stage?.close());

test('visitors who stop, more than there are streams, do not keep an honest one from its answer', async () => {
  const sockets: Socket[] = [];
  /** Visitors whose answer had begun, and was broken off. */
  let broken = 0;
  const visitor = (request: string): Socket => {
    const socket = stage.visitor(`${request} HTTP/1.1\r\nHost: ${stage.host}\r\n`);
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  const upload = (path: string): void => {
    const socket = visitor(`POST ${path}`);
    let hasBegun = false;
    socket.on('data', (bytes) => {
      hasBegun ||= bytes.includes('begun');
    });
    socket.on('close', () => {
      if (hasBegun) broken += 1;
    });
    socket.write('Content-Length: 1000\r\n\r\n0123456789');
  };
  const readers = 16;
  for (let n = 0; n < readers; n++) visitor('GET /endless').pause().write('\r\n');
  for (let n = 0; n < limits.linkStreams; n++) upload('/begun');
  await vi.waitUntil(() => open === limits.linkStreams, { timeout: 60_000, interval: 20 });
  expect(await (await stage.get('/small')).json()).toEqual({ failed: 'busy' });
  const small = async (): Promise<boolean> => (await (await stage.get('/small')).text()) === 'small';
  await vi.waitUntil(small, { timeout: 2 * limits.streamStalledCrowdedMs, interval: 200 });
  // Who gives way is cut off, at the service too; and whoever takes the place at once gains nothing by it.
  for (let n = 0; n < 2 * readers; n++) {
    await vi.waitUntil(() => open < limits.linkStreams, { timeout: 10_000, interval: 2 });
    upload('/silent');
    await vi.waitUntil(() => open === limits.linkStreams, { timeout: 10_000, interval: 2 });
    await vi.waitUntil(small, { timeout: 2 * limits.streamStalledCrowdedMs, interval: 200 });
  }
  await vi.waitUntil(() => broken > 0, { timeout: 10_000, interval: 20 });
  // All of it on one link: whoever stops must not be able to break it either.
  expect(home.states.map(({ link }) => link)).toEqual(['dialling', 'open']);
  for (const socket of sockets) socket.destroy();
  await vi.waitUntil(() => open === 0, { timeout: 30_000, interval: 20 });
}, 120_000);
