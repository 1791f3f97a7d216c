// How many deliveries a minute are let through to keys and spool.

import { describe, expect, test } from 'vitest';
import { ArrivalRates } from '../../../edge/activitypub/arrival-rates.ts';
import type { NamedBy } from '../../../edge/activitypub/new-hosts.ts';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import { cavage } from '../../shared/signature/signing.ts';
import { arriving, bytesOf } from './home.ts';
import { alice, body, inboxRig, letter } from './inbox-rig.ts';

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

  test('all networks together bring limits.arrivalsPerHome to one home, and that holds back no other home', () => {
    const rates = new ArrivalRates();
    const many = (homeId: string) =>
      passing(
        rates,
        10_000,
        () => peer,
        (n) => from(`n${n % 100}`, homeId),
      );
    expect(many('home-1')).toBe(limits.arrivalsPerHome);
    expect(many('home-2')).toBe(limits.arrivalsPerHome);
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
  expect([refused?.status, refused?.headers.get('Retry-After')]).toEqual([429, '300']);
  expect(await refused?.json()).toMatchObject({ code: 'over-quota' });
  expect(rig.internet.asked).toEqual([]);
  expect((await ask(bytesOf({ id: `${alice}#d`, type: 'Delete', actor: alice, object: alice })))?.status).toBe(202);
});
