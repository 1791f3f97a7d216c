// How many deliveries a minute are let through to keys and spool.

import { describe, expect, test } from 'vitest';
import { ArrivalRates } from '../../../edge/activitypub/arrival-rates.ts';
import type { NamedBy } from '../../../edge/activitypub/new-hosts.ts';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import { cavage } from '../../shared/signature/signing.ts';
import { arriving, bytesOf, homeWith, snapshotOf } from './home.ts';
import { alice, body, inboxRig, letter } from './inbox-rig.ts';
import { night } from './peer.ts';

const minute = 60_000;
const peer = 'https://peer.example';
const from = (network: string | null, homeId = 'home-1'): NamedBy => ({ homeId, network });

/** How many of so many are let through. */
function passing(
  rates: ArrivalRates,
  count: number,
  origin: (n: number) => string,
  by: (n: number) => NamedBy,
  now = 0,
) {
  let passed = 0;
  for (let n = 0; n < count; n++) if (rates.refusal(origin(n), by(n), now) === null) passed += 1;
  return passed;
}

describe('within a minute', () => {
  test('one network brings limits.arrivalsPerOrigin of one origin, and more after it', () => {
    const rates = new ArrivalRates();
    const flood = (now: number) =>
      passing(
        rates,
        2_000,
        () => peer,
        () => from('192.0.2.1'),
        now,
      );
    expect(flood(0)).toBe(limits.arrivalsPerOrigin);
    expect(flood(minute - 1)).toBe(0);
    expect(flood(minute)).toBe(limits.arrivalsPerOrigin);
  });

  test('and limits.arrivalsPerNetwork of all origins, however many it invents', () => {
    const passed = passing(
      new ArrivalRates(),
      5_000,
      (n) => `https://n${n}.example`,
      () => from('192.0.2.1'),
    );
    expect(passed).toBe(limits.arrivalsPerNetwork);
  });

  test.each([1, 2, 3, 10, 100])('%i networks that bring all they can leave as much as each has to another', (count) => {
    const rates = new ArrivalRates();
    const brought = (from_: (n: number) => NamedBy): number =>
      passing(rates, 10 * limits.arrivalsPerHome, (n) => `https://n${n}.example`, from_);
    const all = brought((n) => from(`n${n % count}`));
    expect(all).toBeLessThan(limits.arrivalsPerHome);
    const share = Math.min(limits.arrivalsPerNetwork, limits.arrivalsPerHome / (count + 1));
    expect(Math.abs(all / count - share)).toBeLessThanOrEqual(1);
    // Somebody else, who brought nothing yet, finds room, and half of what is left.
    const left = limits.arrivalsPerHome - all;
    expect(brought(() => from('honest'))).toBe(Math.min(limits.arrivalsPerNetwork, Math.ceil(left / 2)));
  });

  test('a network that waits for its own minute to end has no second share of that of all', () => {
    const rates = new ArrivalRates();
    const by = () => from('a');
    const name = (n: number) => `https://n${n}.example`;
    expect(rates.refusal(peer, from('b'), 0)).toBeNull();
    expect(passing(rates, 5_000, name, by, minute / 2)).toBe(limits.arrivalsPerNetwork);
    // The minute of all began with b's.
    expect(passing(rates, 5_000, name, by, minute - 1)).toBe(0);
    expect(passing(rates, 5_000, name, by, minute)).toBe(limits.arrivalsPerNetwork);
    expect(passing(rates, 5_000, name, by, 1.5 * minute)).toBe(0);
  });

  test('all networks together bring limits.arrivalsPerHome to one home at most, and that holds back no other home', () => {
    const rates = new ArrivalRates();
    const many = (homeId: string) =>
      passing(
        rates,
        10_000,
        () => peer,
        (n) => from(`n${n}`, homeId),
      );
    expect(many('home-1')).toBe(limits.arrivalsPerHome);
    expect(many('home-2')).toBe(limits.arrivalsPerHome);
  });

  test('however many origins a network invents, what it and others brought is not forgotten', () => {
    const rates = new ArrivalRates();
    const brought = (network: string, count: number) =>
      passing(
        rates,
        count,
        (n) => `https://${network}${n}.example`,
        () => from(network),
      );
    expect(brought('a', 5_000)).toBe(limits.arrivalsPerNetwork);
    brought('b', 2 * limits.memoryEntries);
    expect(brought('a', 5_000)).toBe(0);
  });

  test('whoever uses another’s name uses up nothing of the other’s', () => {
    const rates = new ArrivalRates();
    passing(
      rates,
      5_000,
      () => peer,
      () => from('192.0.2.66'),
    );
    expect(rates.refusal(peer, from('198.51.100.7'), 0)).toBeNull();
  });

  test('where the network is not known nothing is counted', () => {
    expect(
      passing(
        new ArrivalRates(),
        5_000,
        () => peer,
        () => from(null),
      ),
    ).toBe(5_000);
  });
});

const rig = inboxRig();

test('who comes through a proxy on the same machine is not counted with all others who do', async () => {
  const { ports } = rig.reports;
  for (const network of ['127.0.0.1', '::1']) {
    for (let n = 0; n < limits.arrivalsPerOrigin; n++)
      ports.arrivalRates.refusal(peer, from(network), ports.clock.now());
    const signed = await cavage(rig.signers.alice, letter);
    expect((await answerActivityPub(ports, rig.home, arriving(signed, body, network)))?.status).toBe(202);
  }
});

test('a sender is told to come when the minute is over', async () => {
  const { ports } = rig.reports;
  for (let n = 0; n < limits.arrivalsPerOrigin; n++) ports.arrivalRates.refusal(peer, from('192.0.2.1'), night);
  rig.clock.time = night + 50_000;
  const signed = await cavage(rig.signers.alice, letter);
  const refused = await answerActivityPub(ports, rig.home, arriving(signed, body, '192.0.2.1'));
  const after = Number(refused?.headers.get('Retry-After'));
  expect([refused?.status, after >= 10, after <= 15]).toEqual([429, true, true]);
  rig.clock.time += after * 1000;
  expect((await answerActivityPub(ports, rig.home, arriving(signed, body, '192.0.2.1')))?.status).toBe(202);
});

test('beyond, a sender is told to come again, before its key is asked for; strangers’ Deletes are still taken', async () => {
  const { ports } = rig.reports;
  const network = '192.0.2.1';
  for (let n = 0; n < limits.arrivalsPerOrigin; n++) {
    ports.arrivalRates.refusal(peer, from(network), ports.clock.now());
  }
  const ask = async (content: Uint8Array<ArrayBuffer>) => {
    const signed = await cavage(rig.signers.alice, { ...letter, body: content });
    return await answerActivityPub(ports, rig.home, arriving(signed, content, network));
  };
  const refused = await ask(body);
  const after = Number(refused?.headers.get('Retry-After'));
  // When the minute is over, and up to a quarter later.
  expect([refused?.status, after >= 60, after <= 75]).toEqual([429, true, true]);
  expect(await refused?.json()).toMatchObject({ code: 'over-quota' });
  expect(rig.internet.asked).toEqual([]);
  expect((await ask(bytesOf({ id: `${alice}#d`, type: 'Delete', actor: alice, object: alice })))?.status).toBe(202);
});

test('beyond, nobody asks either whether a service that defers is away: whoever signs anything at all gets so far', async () => {
  let asked = 0;
  const awayOf = async (): Promise<null> => {
    asked += 1;
    return null;
  };
  const ports = { ...rig.reports.ports, awayOf };
  const services = snapshotOf().services.map((service) => ({ ...service, defers: true as const }));
  const home = homeWith(snapshotOf({ services }));
  const send = async () => {
    const forged = await cavage(rig.signers.stranger, letter);
    return (await answerActivityPub(ports, home, arriving(forged, body, '192.0.2.1')))?.status;
  };
  expect([await send(), asked]).toEqual([401, 1]);
  for (let n = 1; n < limits.arrivalsPerOrigin; n++) ports.arrivalRates.refusal(peer, from('192.0.2.1'), night);
  expect([await send(), asked]).toEqual([429, 1]);
});
