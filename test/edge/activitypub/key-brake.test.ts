// One network names keys that cannot be had: how often the edge asks for them.

import { beforeEach, describe, expect, test } from 'vitest';
import type { KeyResolver, Naming } from '../../../edge/activitypub/keys.ts';
import { limits } from '../../../shared/limits.ts';
import { rsaSigner } from '../../shared/signature/signing.ts';
import { Internet } from '../http/internet.ts';
import { actorOf, FakeClock, keysOn, serve, somebody } from './peer.ts';

const forger: Naming = { ...somebody, network: '192.0.2.66' };
const honest: Naming = { ...somebody, network: '198.51.100.7' };
let internet: Internet;
let clock: FakeClock;
let keys: KeyResolver;
beforeEach(() => {
  internet = new Internet();
  clock = new FakeClock();
  keys = keysOn(internet, clock);
});

const invented = (n: number, host = 'peer.example') => `https://${host}/users/invented${n}#main-key`;

/** Names so many keys that are none; what the edge asked of it. */
async function name(count: number, naming: Naming, host?: string): Promise<number> {
  internet.asked.length = 0;
  for (let n = 0; n < count; n++) await keys.resolve(invented(n, host), naming);
  return internet.asked.length;
}

describe('a network that names keys which are none', () => {
  test('makes the edge ask limits.keyMissesPerOrigin times at one origin', async () => {
    serve(internet, 'peer.example', {});
    expect(await name(100, forger)).toBe(limits.keyMissesPerOrigin);
    expect(await keys.resolve(invented(100), forger)).toMatchObject({ key: 'limited' });
  });

  test('and limits.keyMissesPerNetwork times in all', async () => {
    let asked = 0;
    for (let host = 0; host < 20; host++) {
      serve(internet, `p${host}.example`, {});
      asked += await name(limits.keyMissesPerOrigin, forger, `p${host}.example`);
    }
    expect(asked).toBe(limits.keyMissesPerNetwork);
  });

  test.each([500, 403])('and limits.keyTroublesPerOrigin times where it is answered %i', async (status) => {
    internet.add('peer.example', () => new Response(null, { status }));
    await name(100, forger);
    expect(new Set(internet.asked).size).toBe(limits.keyTroublesPerOrigin);
  });

  test('holds back nobody else, and itself for limits.keyFailureMs', async () => {
    const alice = 'https://peer.example/users/alice';
    const signer = await rsaSigner(`${alice}#main-key`);
    serve(internet, 'peer.example', { [alice]: actorOf(signer) });
    await name(limits.keyMissesPerOrigin, forger);
    expect(await keys.resolve(signer.keyId, forger)).toMatchObject({ key: 'limited' });
    expect(await keys.resolve(`${alice}/2#k`, { ...forger, homeId: 'home-2' })).toMatchObject({ key: 'not-found' });
    expect(await keys.resolve(signer.keyId, honest)).toMatchObject({ key: 'found' });
    // What was found is there for everybody.
    expect(await keys.resolve(signer.keyId, forger)).toMatchObject({ key: 'found' });
    clock.time += limits.keyFailureMs;
    expect(await keys.resolve(`${alice}/3#k`, forger)).toMatchObject({ key: 'not-found' });
  });
});

test('keys that are found are not counted', async () => {
  const actors = Array.from({ length: 3 * limits.keyMissesPerOrigin }, (_, n) => `https://peer.example/users/${n}`);
  const signer = await rsaSigner('unused');
  const documents = actors.map((actor) => [actor, actorOf({ ...signer, keyId: `${actor}#main-key` })]);
  serve(internet, 'peer.example', Object.fromEntries(documents));
  for (const actor of actors) expect(await keys.resolve(`${actor}#main-key`, honest)).toMatchObject({ key: 'found' });
});
