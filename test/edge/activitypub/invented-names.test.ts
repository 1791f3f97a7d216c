// Somebody sends forged deliveries whose keys are at names that he made up: below a domain that answers at any name,
// or at servers that fail. They stand before the real spool, beside honest senders who must not notice.

import { beforeAll, beforeEach, expect, test } from 'vitest';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import { cavage, rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { Internet } from '../http/internet.ts';
import { SpoolRig } from '../spool/spool-rig.ts';
import { arriving, bytesOf, inbox, portsOf, type Reports, snapshotOf } from './home.ts';
import { actorOf, FakeClock, keysOn, night, serve } from './peer.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await rsaSigner('https://unused.example/#key');
});

let internet: Internet;
let reports: Reports;
let rig: SpoolRig;
beforeEach(async () => {
  internet = new Internet();
  const clock = new FakeClock();
  reports = portsOf(keysOn(internet, clock), clock);
  rig = await SpoolRig.open();
});

/** What the sender is told. Every actor has the same key; what differs is whether its host says so. */
async function send(actor: string, from: string, n = 0): Promise<number> {
  const body = bytesOf({ id: `${actor}/likes/${n}`, type: 'Like', actor, object: 'https://home.example/users/owner' });
  const signed = await cavage(
    { ...signer, keyId: `${actor}#key` },
    { host: 'home.example', path: inbox, body, at: night },
  );
  const home = { homeId: 'home-1', snapshot: snapshotOf(), spool: rig.client };
  const response = await answerActivityPub(reports.ports, home, arriving(signed, body, from));
  return response?.status ?? 0;
}

function serveActors(host: string, ...names: readonly string[]): void {
  const actors = names.map((name) => `https://${host}/users/${name}`);
  serve(internet, host, Object.fromEntries(actors.map((each) => [each, actorOf({ ...signer, keyId: `${each}#key` })])));
}

const forger = '192.0.2.66';

test('forged subdomains of a domain do not stop its honest ones, known or new', async () => {
  serveActors('known.victim.example', 'alice', 'bob');
  serveActors('new.victim.example', 'carol');
  expect(await send('https://known.victim.example/users/alice', '198.51.100.1')).toBe(202);

  internet.asked.length = 0;
  const told: number[] = [];
  for (let i = 0; i < 60; i++) {
    internet.add(
      `random${i}.victim.example`,
      () => new Response('<h1>Welcome</h1>', { headers: { 'Content-Type': 'text/html' } }),
    );
    told.push(await send(`https://random${i}.victim.example/users/m`, forger));
  }
  expect(internet.asked).toHaveLength(limits.keySubdomainsPerHour);
  // Asked and refused; then not asked, undecided; then more names than one address may bring.
  const undecided = limits.undecidedOriginsPerAddress;
  const refused = limits.keySubdomainsPerHour;
  const rest = 60 - refused - undecided;
  expect(told).toEqual([...Array(refused).fill(401), ...Array(undecided).fill(202), ...Array(rest).fill(429)]);

  expect(await send('https://known.victim.example/users/bob', '198.51.100.1')).toBe(202);
  expect(reports.received.at(-1)).toMatchObject({ verdict: 'spooled', undecided: null });
  expect(internet.asked.at(-1)).toBe('https://known.victim.example/users/bob');

  const asked = internet.asked.length;
  expect(await send('https://new.victim.example/users/carol', '198.51.100.2')).toBe(202);
  expect(reports.received.at(-1)).toMatchObject({ verdict: 'spooled', undecided: null });
  expect(internet.asked).toHaveLength(asked + 1);

  const home = await rig.openHome();
  const waiting = (await home.drain()).map(({ delivery }) => delivery.sender);
  expect(waiting).toHaveLength(undecided + 3);
  expect(waiting).toEqual(
    expect.arrayContaining(['https://known.victim.example/users/bob', 'https://new.victim.example/users/carol']),
  );
});

test('forged subdomains from many networks hold back a new one: its delivery is undecided, and taken', async () => {
  for (let i = 0; i < limits.keySubdomainsPerHourInAll; i++) {
    internet.add(`random${i}.victim.example`, () => new Response(null, { status: 410 }));
    expect(await send(`https://random${i}.victim.example/users/m`, `203.0.113.${i}`)).toBe(401);
  }
  serveActors('new.victim.example', 'carol');
  const asked = internet.asked.length;
  expect(await send('https://new.victim.example/users/carol', '198.51.100.2')).toBe(202);
  expect(reports.received.at(-1)).toMatchObject({
    verdict: 'spooled',
    undecided: expect.stringContaining('new hosts'),
  });
  expect(internet.asked).toHaveLength(asked);
});

test('one stranger cannot use up the room of what is undecided, whatever names he uses', async () => {
  for (let i = 0; i < 40; i++) {
    internet.add(`down${i}.example`, () => new Response(null, { status: 500 }));
    for (let n = 0; n <= limits.undecidedPerOrigin; n++) await send(`https://down${i}.example/users/m`, forger, n);
  }
  const taken = limits.undecidedOriginsPerAddress * limits.undecidedPerOrigin;
  expect(taken).toBeLessThanOrEqual(limits.undecidedTotal / 5);
  expect(await rig.rows()).toMatchObject({ waiting: taken });
  internet.add('honest.example', () => new Response(null, { status: 500 }));
  expect(await send('https://honest.example/users/alice', '198.51.100.1')).toBe(202);
  expect(await rig.rows()).toMatchObject({ waiting: taken + 1 });
});

test('when the room of what is undecided is used up, what is proven is taken all the same', async () => {
  await rig.limit({ undecidedTotal: 2 });
  for (let i = 0; i < 3; i++) {
    internet.add(`down${i}.example`, () => new Response(null, { status: 500 }));
    expect(await send(`https://down${i}.example/users/m`, forger)).toBe(i < 2 ? 202 : 429);
  }
  // In the very name of him whose undecided ones wait, too.
  for (const host of ['down0.example', 'honest.example']) {
    serveActors(host, 'alice');
    expect(await send(`https://${host}/users/alice`, forger)).toBe(202);
  }
  expect(await rig.rows()).toMatchObject({ waiting: 4 });
});
