// Who may read what a service shows only to who signs: every way to be refused, and the one to be let in.

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { admitReader } from '../../../../edge/activitypub/authorized-fetch/admit.ts';
import { readClaim } from '../../../../edge/activitypub/authorized-fetch/judge.ts';
import { isBlocked } from '../../../../shared/domain-lists.ts';
import { limits } from '../../../../shared/limits.ts';
import type { SignedRequest } from '../../../../shared/signature/request.ts';
import type { Snapshot } from '../../../../shared/snapshot.ts';
import { cavage, type Letter, rfc9421, rsaSigner, type Signer } from '../../../shared/signature/signing.ts';
import { document, Internet } from '../../http/internet.ts';
import { snapshotOf } from '../home.ts';
import { actorOf, FakeClock, night, serve } from '../peer.ts';
import { admitting } from './admitting.ts';

const alice = 'https://peer.example/users/alice';
const letter: Letter = {
  method: 'GET',
  host: 'home.example',
  path: '/users/me/outbox?page=true',
  body: new Uint8Array(),
  at: night,
};
const names = { headers: ['(request-target)', 'host', 'date'] };
let signer: Signer;
let other: Signer;

beforeAll(async () => {
  signer = await rsaSigner(`${alice}#main-key`);
  other = await rsaSigner(`${alice}#main-key`);
});

function asked({ method, scheme, host, path, headers }: SignedRequest): Request {
  return new Request(`${scheme}://${host}${path}`, { method, headers: headers.map(([name, value]) => [name, value]) });
}

interface Case {
  readonly snapshot?: Partial<Snapshot>;
  readonly now?: number;
  readonly peer?: (internet: Internet) => void;
}

/** Status and code of what it is told; null: it may read. */
async function told(request: Request, { snapshot = { blockedDomains: [] }, now = night, peer }: Case = {}) {
  const internet = new Internet();
  if (peer === undefined) {
    const finger = `https://peer.example/.well-known/webfinger?resource=${encodeURIComponent('acct:alice@peer.example')}`;
    const jrd = document({ subject: 'acct:alice@peer.example', links: [] }, 'application/jrd+json');
    serve(internet, 'peer.example', { [alice]: actorOf(signer, { preferredUsername: 'alice' }), [finger]: jrd });
  } else peer(internet);
  const clock = new FakeClock();
  clock.time = now;
  const refusal = await admitReader(admitting(internet, clock), 'home-1', request, snapshotOf(snapshot));
  if (refusal === null) return null;
  expect(refusal.headers.get('Cache-Control')).toBe('no-store');
  const { code } = (await refusal.json()) as { code: string };
  return [refusal.status, code, refusal.headers.get('Retry-After')];
}

describe('a signed question', () => {
  test.each<[string, () => Promise<SignedRequest>]>([
    ['as Mastodon and GoToSocial sign it', () => cavage(signer, letter, names)],
    [
      'under hs2019 with (created)',
      () =>
        cavage(signer, letter, {
          headers: ['(request-target)', '(created)', 'host'],
          algorithm: 'hs2019',
          created: night / 1000,
        }),
    ],
    ['by RFC 9421', () => rfc9421(signer, letter)],
  ])('%s may read', async (_, sign) => {
    expect(await told(asked(await sign()))).toBeNull();
  });

  test('over the path without the query may read, by draft-cavage, and that path alone', async () => {
    const bare = await cavage(signer, { ...letter, path: '/users/me/outbox' }, names);
    expect(await told(asked({ ...bare, path: letter.path }))).toBeNull();
    expect(await told(asked({ ...bare, path: '/users/you/outbox?page=true' }))).toEqual([
      401,
      'unsigned-question',
      null,
    ]);
    const other = await rfc9421(signer, { ...letter, path: '/users/me/outbox' });
    expect(await told(asked({ ...other, path: letter.path }))).toEqual([401, 'unsigned-question', null]);
  });

  test('HEAD may read too, signed as HEAD', async () => {
    expect(await told(asked(await cavage(signer, { ...letter, method: 'HEAD' }, names)))).toBeNull();
  });
});

const unproven = [401, 'unsigned-question', null];

describe('401, so that it signs anew', () => {
  test('without a signature, and says what to sign', async () => {
    const request = new Request('https://home.example/users/me');
    expect(await told(request)).toEqual(unproven);
    const ports = admitting(new Internet(), new FakeClock());
    const refusal = await admitReader(ports, 'home-1', request, snapshotOf({ blockedDomains: [] }));
    expect(refusal?.headers.get('WWW-Authenticate')).toBe('Signature headers="(request-target) host date"');
  });

  test.each<[string, () => Promise<SignedRequest>]>([
    ['of another key', () => cavage(other, letter, names)],
    ['that does not cover the target', () => cavage(signer, letter, { headers: ['host', 'date'] })],
    ['that does not cover the host', () => cavage(signer, letter, { headers: ['(request-target)', 'date'] })],
    ['that covers no time', () => cavage(signer, letter, { headers: ['(request-target)', 'host'] })],
    ['by RFC 9421 without its method', () => rfc9421(signer, letter, { components: ['@target-uri'] })],
  ])('with a signature %s', async (_, sign) => {
    expect(await told(asked(await sign()))).toEqual(unproven);
  });

  test('with a signature for another address, method or host', async () => {
    const signed = await cavage(signer, letter, names);
    for (const change of [{ path: '/users/me' }, { method: 'HEAD' }, { host: 'www.home.example' }]) {
      expect(await told(asked({ ...signed, ...change })), JSON.stringify(change)).toEqual(unproven);
    }
  });

  test('with a signature of another hour', async () => {
    const signed = await cavage(signer, letter, names);
    for (const offset of [limits.signedTimeSkewMs + 1000, -limits.signedTimeSkewMs - 1000]) {
      expect(await told(asked(signed), { now: night + offset })).toEqual(unproven);
    }
  });

  test('with a key that is gone, that is no key, or that belongs to somebody at another host', async () => {
    const signed = asked(await cavage(signer, letter, names));
    const gone = (internet: Internet) =>
      serve(internet, 'peer.example', { [alice]: new Response(null, { status: 410 }) });
    const garbage = (internet: Internet) => serve(internet, 'peer.example', { [alice]: { id: alice, publicKey: 'x' } });
    const foreign = (internet: Internet) =>
      serve(internet, 'peer.example', {
        [alice]: actorOf(signer, {
          publicKey: { id: signer.keyId, owner: 'https://good.example/users/x', publicKeyPem: signer.pem },
        }),
      });
    for (const peer of [gone, garbage, foreign]) expect(await told(signed.clone(), { peer })).toEqual(unproven);
  });
});

describe('403', () => {
  test.each(['peer.example', 'example'])('to who is of a domain that home blocks: %s', async (domain) => {
    const signed = asked(await cavage(signer, letter, names));
    expect(await told(signed, { snapshot: { blockedDomains: ['elsewhere.example', domain] } })).toEqual([
      403,
      'blocked',
      null,
    ]);
  });

  test.each<[readonly string[], boolean]>([
    [['peer.example'], true],
    [['*.example'], true],
    [['*.peer.example'], false],
    [['alice.peer.example'], false],
  ])('but not to who is spared of it: %j', async (sparedDomains, is) => {
    const signed = asked(await cavage(signer, letter, names));
    const answer = await told(signed, { snapshot: { blockedDomains: ['example'], sparedDomains } });
    expect(answer).toEqual(is ? null : [403, 'blocked', null]);
  });

  test('is said without asking for the key', async () => {
    const internet = new Internet();
    let asks = 0;
    internet.add('peer.example', () => {
      asks += 1;
      return document(actorOf(signer));
    });
    const clock = new FakeClock();
    const request = asked(await cavage(signer, letter, names));
    const snapshot = snapshotOf({ blockedDomains: ['peer.example'] });
    const refusal = await admitReader(admitting(internet, clock), 'home-1', request, snapshot);
    expect([refusal?.status, asks]).toEqual([403, 0]);
  });

  test.each(['er.example', 'eer.example', 'alice.peer.example', 'peer.example.org'])(
    'not to who is of another domain: %s',
    async (domain) => {
      const signed = asked(await cavage(signer, letter, names));
      expect(await told(signed, { snapshot: { blockedDomains: [domain] } })).toBeNull();
    },
  );
});

describe('503 with a time to come again', () => {
  const later = [503, 'try-again', String(limits.keyFailureMs / 1000)];

  test('beyond limits.arrivalsPerOrigin of one network in a minute, before a key is asked for, and other networks as ever', async () => {
    const internet = new Internet();
    serve(internet, 'peer.example', { [alice]: actorOf(signer) });
    const clock = new FakeClock();
    const ports = admitting(internet, clock);
    const askFrom = async (network: string, by = signer) => {
      const request = asked(await cavage(by, letter, names));
      request.headers.set('CF-Connecting-IP', network);
      const refusal = await admitReader(ports, 'home-1', request, snapshotOf({ blockedDomains: [] }));
      return [refusal?.status ?? 200, Number(refusal?.headers.get('Retry-After') ?? 0)];
    };
    expect(await askFrom('192.0.2.1')).toEqual([200, 0]);
    const by = { homeId: 'home-1', network: '192.0.2.1' };
    for (let n = 1; n < limits.arrivalsPerOrigin; n++) {
      expect(ports.questionRates.refusal('https://peer.example', by, clock.now())).toBeNull();
    }
    clock.time += 50_000;
    const before = internet.asked.length;
    const invented = { ...signer, keyId: `${alice}/2#main-key` };
    expect(await askFrom('192.0.2.1', invented)).toEqual([503, 10]);
    expect(internet.asked).toHaveLength(before);
    expect(await askFrom('198.51.100.1')).toEqual([200, 0]);
    clock.time += 10_000;
    expect(await askFrom('192.0.2.1')).toEqual([200, 0]);
  });

  test('while home did not say whom it blocks', async () => {
    expect(await told(asked(await cavage(signer, letter, names)), { snapshot: {} })).toEqual(later);
  });

  test('while the key cannot be had', async () => {
    const signed = asked(await cavage(signer, letter, names));
    const failing = (internet: Internet) =>
      serve(internet, 'peer.example', { [alice]: new Response(null, { status: 502 }) });
    const silent = (internet: Internet) =>
      internet.add('peer.example', () => {
        throw new TypeError('connection refused');
      });
    for (const peer of [failing, silent]) expect(await told(signed.clone(), { peer })).toEqual(later);
  });
});

describe('isBlocked()', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));

  test('holds for the domain and all below it, on whole labels', () => {
    fc.assert(
      fc.property(domain, label, (blocked, below) => {
        expect(isBlocked(blocked, [blocked])).toBe(true);
        expect(isBlocked(`${below}.${blocked}`, [blocked])).toBe(true);
        expect(isBlocked(`${below}.${blocked}.`, [blocked])).toBe(true);
        expect(isBlocked(`${below.toUpperCase()}.${blocked}`, [blocked])).toBe(true);
        expect(isBlocked(`${below}${blocked}`, [blocked])).toBe(false);
        expect(isBlocked(blocked, [`${below}.${blocked}`])).toBe(false);
        expect(isBlocked(blocked, [])).toBe(false);
      }),
    );
  });

  test('holds below a domain however deep, and reads a list once for all questions', () => {
    let reads = 0;
    const list = new Proxy(['bad.example', 'worse.example'], {
      get: (target, name, receiver) => {
        reads += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    expect(isBlocked(`${'x.'.repeat(500)}worse.example`, list)).toBe(true);
    const first = reads;
    for (const host of ['bad.example', 'a.bad.example', 'notbad.example']) isBlocked(host, list);
    expect(reads).toBe(first);
  });
});

test('readClaim() refuses a key whose address is too long, or none', async () => {
  for (const keyId of [`${alice}/${'x'.repeat(limits.addressLength)}`, 'acct:alice@peer.example']) {
    const request = await cavage({ ...signer, keyId }, letter, names);
    const claim = readClaim({ request, receivedAt: night, blockedDomains: [] });
    expect(claim).toMatchObject({ verdict: 'refused', kind: 'unproven' });
  }
});
