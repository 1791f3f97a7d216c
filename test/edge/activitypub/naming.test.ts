// As whom the edge asks for a key: by an address that peers can ask back at.

import { describe, expect, test } from 'vitest';
import type { Keys } from '../../../edge/activitypub/keys.ts';
import { namingOf } from '../../../edge/activitypub/proving.ts';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { cavage } from '../../shared/signature/signing.ts';
import { arriving } from './home.ts';
import { body, inboxRig, letter } from './inbox-rig.ts';

const rig = inboxRig();

async function askedFrom(change: Partial<SignedRequest>): Promise<string[]> {
  const origins: string[] = [];
  const keys: Keys = {
    resolve: async (_keyId, { origin }) => {
      origins.push(origin);
      return await Promise.resolve({ key: 'failed', reason: 'for the test' });
    },
    refresh: async () => await Promise.resolve(null),
  };
  const signed = { ...(await cavage(rig.signers.alice, letter)), ...change };
  await answerActivityPub({ ...rig.reports.ports, keys }, rig.home, arriving(signed, body));
  return origins;
}

describe('who asks for the key of a delivery', () => {
  test('is an actor at the host that was delivered to, by https', async () => {
    expect(await askedFrom({})).toEqual(['https://home.example']);
  });

  test('is so too when the delivery came without encryption', async () => {
    expect(await askedFrom({ scheme: 'http' })).toEqual(['https://home.example']);
  });

  test.each([
    ['http', 'home.example', '203.0.113.7', 'https://home.example', '203.0.113.7'],
    ['https', 'home.example', null, 'https://home.example', null],
    ['http', 'localhost:8787', '127.0.0.1', 'http://localhost:8787', null],
    ['https', 'localhost:8787', '::1', 'https://localhost:8787', null],
  ])('by %s at %s from %s: %s', (scheme, host, from, origin, network) => {
    expect(namingOf('home-1', { scheme, host }, from)).toEqual({ homeId: 'home-1', network, origin });
  });
});
