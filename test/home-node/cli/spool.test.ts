// `porchlight spool`, on a domain whose service takes, puts off or refuses as the test wants.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as spoolCommands from '../../../home-node/cli/commands/spool.ts';
import { ControlServer } from '../../../home-node/control/server.ts';
import type { DeadLetter, HeldDelivery, WaitingDelivery } from '../../../shared/lease/messages.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { porchlight, type Ran, untilAwake } from '../../support/porchlight.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let house: RecordedDomain;
let service: Server;
/** What the service answers to a delivery, and whose it has seen. */
let answer = 202;
const seen: string[] = [];

beforeAll(async () => {
  service = createServer((request, response) => {
    if (request.method !== 'POST') return response.end('up\n');
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(parts).toString()) as { id: string };
      seen.push(id.split('/').at(-1) ?? '');
      // Not before somebody hurries it.
      response.writeHead(answer, answer === 503 ? { 'Retry-After': '3600' } : {}).end();
    });
    return undefined;
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as AddressInfo;
  const servicesToml = `[[services]]\nname = "social"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
  house = await RecordedDomain.start(
    'spool',
    ['alice', 'bob', 'carol'],
    async () => await Promise.resolve({ servicesToml }),
  );
  house.domain.startHome(['--log', 'debug']);
  await untilAwake(house.domain.homeFolder);
}, 60_000);

afterAll(async () => {
  await house?.end();
  service?.closeAllConnections();
  service?.close();
});

const spool = async (...args: string[]): Promise<Ran> =>
  await porchlight(['spool', ...args], { env: { PORCHLIGHT_HOME: house.domain.homeFolder } });

async function listed<T>(...args: string[]): Promise<readonly T[]> {
  const { out } = await spool('list', '--json', ...args);
  return (JSON.parse(out) as { deliveries: T[] }).deliveries;
}

async function only<T>(fits: (one: T) => boolean, ...args: string[]): Promise<T> {
  const found = async (): Promise<T | undefined> => (await listed<T>(...args)).find(fits);
  return (await vi.waitUntil(found, { timeout: 20_000 })) as T;
}

async function arrive(from: string, id: string): Promise<void> {
  expect(await house.deliver(from, `${house.peerOrigin}/creates/${id}`)).toBe(202);
}

async function held(name: string): Promise<HeldDelivery> {
  return JSON.parse((await spool('show', name, '--json')).out) as HeldDelivery;
}

const times = (id: string): number => seen.filter((one) => one === id).length;

describe('spool, of what waits', { timeout: 60_000 }, () => {
  let one: WaitingDelivery;

  test('lists nothing when nothing waits', async () => {
    expect((await spool('list')).out).toBe('Nothing waits at the edge.\n');
    expect((await spool('list', '--dead')).out).toBe('There are no dead letters.\n');
    expect(JSON.parse((await spool('list', '--json')).out)).toEqual({ deliveries: [], next: null });
  });

  test('lists it with who sent it, how often it was tried, and why it waits', async () => {
    answer = 503;
    await arrive('alice', 'late');
    one = await only<WaitingDelivery>(({ attempts }) => attempts > 0);
    expect(one).toMatchObject({ service: 'social', sender: house.actor('alice'), reason: 'the service answered 503' });
    expect((await spool('list')).out).toMatch(
      new RegExp(
        `^seq +waits +service +size +tries +from\n${one.seq} +\\d+ s +social +\\d+ bytes +\\d+ +https\\S+alice\n {2}the service answered 503\n$`,
      ),
    );
  });

  test('shows one by seq or by id, and says what is wrong with a name that is neither', async () => {
    const { out } = await spool('show', String(one.seq));
    expect(out).toMatch(new RegExp(`^delivery +${one.id}\nseq +${one.seq}\nstate +waiting\n`));
    expect(out).toMatch(/^next try +\d{4}-/m);
    expect(out).toMatch(/^signature +keyId=/m);
    expect(await held(one.id)).toMatchObject({ state: 'waiting', delivery: { seq: one.seq } });
    const { code, err } = await spool('show', '12');
    expect(code).toBe(4);
    expect(err).toMatch(/^Cannot show delivery "12": none waits, is kept or is dead/);
  });

  test('retries one now, without waiting for its time', async () => {
    answer = 202;
    expect((await spool('retry', String(one.seq))).out).toBe(`${one.id} is tried now.\n`);
    await vi.waitUntil(async () => (await held(one.id)).state === 'kept', { timeout: 20_000 });
  });

  test('discards one: not where nobody can be asked, not with --dry-run, for good with --yes', async () => {
    answer = 503;
    await arrive('bob', 'unwanted');
    const { seq, id } = await only<WaitingDelivery>(({ attempts }) => attempts > 0);
    const name = String(seq);
    const unasked = await spool('discard', name);
    expect(unasked).toMatchObject({ code: 1, err: expect.stringContaining('say --yes.') });
    expect((await spool('discard', name, '--dry-run')).out).toMatch(
      /^Would throw away .*waiting.*Nothing was done\.\n$/,
    );
    expect(JSON.parse((await spool('discard', name, '--dry-run', '--json')).out)).toEqual({ discarded: false, seq });
    expect(await listed()).toHaveLength(1);
    expect((await spool('discard', id, '--yes')).out).toContain(`${id} is gone.\n`);
    expect(await listed()).toEqual([]);
    answer = 202;
  });
});

describe('spool, of what a service took', { timeout: 60_000 }, () => {
  test('delivers one once more', async () => {
    await arrive('alice', 'kept');
    await vi.waitUntil(() => times('kept') === 1, { timeout: 20_000 });
    // Nothing lists what is kept; its id stands in the log.
    const id = [...house.domain.home.log.matchAll(/delivery=(\S+) step=answered/g)].at(-1)?.[1] ?? '';
    await vi.waitUntil(async () => (await held(id)).state === 'kept', { timeout: 20_000 });
    for (const args of [
      ['retry', id],
      ['discard', id, '--yes'],
    ]) {
      expect(await spool(...args)).toMatchObject({ code: 1, err: expect.stringContaining('its service took it') });
    }
    expect((await spool('replay', id)).out).toBe('1 delivery goes to its service once more.\n');
    await vi.waitUntil(() => times('kept') === 2, { timeout: 20_000 });
  });

  test('delivers all once more that arrived since a time', async () => {
    const before = seen.length;
    const reply = JSON.parse((await spool('replay', '--since', '1h', '--json')).out) as { replayed: number };
    expect(reply.replayed).toBeGreaterThanOrEqual(2);
    await vi.waitUntil(() => seen.length === before + reply.replayed, { timeout: 20_000 });
    expect((await spool('replay', '--since', '2030-01-01T00:00')).code).toBe(2);
  });

  test('wants one delivery or a time, and not both', async () => {
    for (const args of [[], ['12', '--since', '1h']]) {
      expect(await spool('replay', ...args)).toMatchObject({ code: 2, err: expect.stringContaining('and not both') });
    }
  });
});

describe('spool, of dead letters', { timeout: 60_000 }, () => {
  let dead: DeadLetter;

  test('lists them with the reason', async () => {
    answer = 400;
    await arrive('carol', 'refused');
    dead = await only<DeadLetter>(() => true, '--dead');
    expect(dead).toMatchObject({ service: 'social', sender: house.actor('carol'), reason: 'the service answered 400' });
    const { out, err } = await spool('list', '--dead');
    expect(out).toMatch(
      /^seq +died +service +tries +from\n\d+ +\d+ s ago +social .*carol\n {2}the service answered 400\n$/,
    );
    expect(err).toContain('spool retry SEQ');
  });

  test('replays none of them, and says what to do instead', async () => {
    const { code, err } = await spool('replay', dead.id);
    expect(code).toBe(1);
    expect(err).toContain(`it is dead; try: porchlight spool retry ${dead.id}`);
  });

  test('retries one: it waits again under a new number, and its service gets it', async () => {
    answer = 202;
    const { seq } = JSON.parse((await spool('retry', dead.id, '--json')).out) as { seq: number };
    expect(seq).toBeGreaterThan(dead.seq);
    await vi.waitUntil(() => times('refused') === 2, { timeout: 20_000 });
    expect(await listed('--dead')).toEqual([]);
  });

  test('discards one for good', async () => {
    answer = 400;
    await arrive('carol', 'hopeless');
    const { seq } = await only<DeadLetter>(() => true, '--dead');
    expect(JSON.parse((await spool('discard', String(seq), '--yes', '--json')).out)).toEqual({
      discarded: true,
      seq,
      wasInHand: false,
    });
    expect(await listed('--dead')).toEqual([]);
    answer = 202;
  });
});

describe('spool, where somebody sits', () => {
  test.each([
    ['n', [], 'Nothing was done.'],
    ['', [], 'Nothing was done.'],
    ['yes', ['spool-discard'], 'is gone.'],
  ])('asks before it discards; %j', async (typed, calls, said) => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-spool-asks-'));
    writeFileSync(join(folder, 'porchlight.toml'), 'domain = "example.org"\n');
    const called: string[] = [];
    const delivery = { id: 'A', seq: 1, bodyBytes: 10, sender: 'https://evil.example/\u001b[2J' };
    const server = await ControlServer.listen(folder, {
      'spool-show': async () => await Promise.resolve({ state: 'waiting', delivery }),
      'spool-discard': async () => {
        called.push('spool-discard');
        return await Promise.resolve({ wasInHand: true });
      },
    });
    try {
      const { cli, input, out, err } = fakeCli({ isTTY: true });
      const done = spoolCommands.discard(cli, '1', { home: folder });
      input.write(`${typed}\n`);
      await done;
      expect(called).toEqual(calls);
      expect(out()).toContain(said);
      expect(err()).toContain(
        'Throw away A, waiting, 10 bytes from https://evil.example/ [2J? It cannot be had again.',
      );
    } finally {
      await server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
