// How the embedded home judges deliveries: by this moment, or by the time of arrival that home vouches for; and what it
// refuses whoever sends it.

import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeReceipt, receiptHeader } from '../../../home-node/receipts/receipt.ts';
import { limits } from '../../../shared/limits.ts';
import { type InboxRequest, send, signedRequest } from '../../support/forger.ts';
import { type Asked, type Signer, signed, startSigner, subjectOf } from '../receipts/signed.ts';
import { EmbeddedHomeUnderTest } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const minute = 60_000;
const night = 16 * 60 * minute;

describe('the embedded home judges a delivery', () => {
  let home: EmbeddedHomeUnderTest;
  let signer: Signer;
  let inbox: URL;
  let count = 0;

  beforeAll(async () => {
    home = await EmbeddedHomeUnderTest.make();
    inbox = new URL(`${home.actor}/inbox`);
    signer = await startSigner();
    await home.start();
  });
  afterAll(async () => {
    signer.stop();
    await home.end();
  });

  /** A new Like of something of the owner's. */
  function like(origin = signer.origin, actor = signer.actor): { readonly id: string; readonly body: string } {
    count += 1;
    const id = `${origin}/likes/${count}`;
    const context = 'https://www.w3.org/ns/activitystreams';
    const activity = { '@context': context, id, type: 'Like', actor, object: `${home.actor}/posts/x` };
    return { id, body: JSON.stringify(activity) };
  }

  const request = (kind: Asked['kind'], signedAt: number, body = like().body): InboxRequest =>
    signed({ kind, signer, inbox, body, signedAt });

  function withReceipt(it: InboxRequest, receivedAt: number, secret = home.secret, madeAt = Date.now()): InboxRequest {
    const receipt = makeReceipt(secret, subjectOf(it, inbox), { receivedAt, madeAt });
    return { ...it, headers: [...it.headers, [receiptHeader, receipt]] };
  }

  const isKept = (id: string): boolean =>
    home.rows<{ activity: string }>('SELECT activity FROM inbox').some(({ activity }) => activity === id);

  describe.each(['cavage', 'rfc9421'] as const)('signed with %s', (kind) => {
    test('fresh, with and without a receipt: taken', async () => {
      const now = Date.now();
      expect(await send(home.port, request(kind, now))).toBe(202);
      expect(await send(home.port, withReceipt(request(kind, now), now))).toBe(202);
    });

    test.each([
      ['16 hours', night],
      ['40 days', 40 * 24 * 60 * minute],
    ])('signed %s ago: refused without a receipt, taken with the receipt of its arrival', async (_, ago) => {
      const signedAt = Date.now() - ago;
      const { id, body } = like();
      const old = request(kind, signedAt, body);
      expect(await send(home.port, old)).toBe(401);
      expect(isKept(id)).toBe(false);
      expect(await send(home.port, withReceipt(old, signedAt + minute))).toBe(202);
      expect(isKept(id)).toBe(true);
    });

    test('signed 16 hours ago, with a receipt that is not its own: refused', async () => {
      const signedAt = Date.now() - night;
      const receivedAt = signedAt + minute;
      const old = request(kind, signedAt);
      const good = withReceipt(old, receivedAt);
      const receipt = good.headers.at(-1)?.[1] ?? '';
      const [, , made = '', mac = ''] = receipt.split(' ');
      const others = old.headers.filter(([name]) => name !== 'Host');
      const statuses = {
        'wrong secret': await send(home.port, withReceipt(old, receivedAt, new Uint8Array(32))),
        'other time': await send(home.port, {
          ...old,
          headers: [...old.headers, [receiptHeader, `v2 ${receivedAt + 1} ${made} ${mac}`]],
        }),
        'other body': await send(home.port, { ...good, body: new TextEncoder().encode(like().body) }),
        'other path': await send(home.port, { ...good, path: '/inbox' }),
        'other host': await send(home.port, { ...good, headers: [['Host', 'example.com'], ...good.headers.slice(1)] }),
        'another request': await send(home.port, {
          ...request(kind, signedAt),
          headers: [...request(kind, signedAt).headers, [receiptHeader, receipt]],
        }),
        'two receipts': await send(home.port, { ...good, headers: [...good.headers, [receiptHeader, receipt]] }),
        'no host at all': await send(home.port, { ...good, headers: [...others, [receiptHeader, receipt]] }),
      };
      expect(statuses).toEqual({
        'wrong secret': 401,
        'other time': 401,
        'other body': 401,
        'other path': 401,
        'other host': 401,
        'another request': 401,
        'two receipts': 401,
        'no host at all': 400,
      });
    });

    test.each([
      ['long ago', -limits.receiptMs - minute],
      ['in the future, by a clock that was set back since', limits.receiptMs + minute],
    ])('with a true receipt that was made %s: asked to come again, and nothing is kept', async (_, difference) => {
      const signedAt = Date.now() - night;
      const { id, body } = like();
      const it = withReceipt(request(kind, signedAt, body), signedAt, home.secret, Date.now() + difference);
      expect(await send(home.port, it)).toBe(503);
      expect(isKept(id)).toBe(false);
    });

    test('with a true receipt of an arrival two hours after it was signed: refused', async () => {
      const signedAt = Date.now() - night;
      const late = withReceipt(request(kind, signedAt), signedAt + 2 * limits.signedTimeSkewMs);
      expect(await send(home.port, late)).toBe(401);
    });

    test('with a true receipt and a wrong key: refused, because a receipt is about time alone', async () => {
      const other = await startSigner();
      const signedAt = Date.now() - night;
      const keys = { keyId: signer.keyId, keys: other.keys };
      const forged = signed({ kind, signer: keys, inbox, body: like().body, signedAt });
      expect(await send(home.port, withReceipt(forged, signedAt))).toBe(401);
      other.stop();
    });

    test('by a key of another origin that says it belongs to the actor: refused', async () => {
      const thief = await startSigner(signer.actor);
      const forged = signed({ kind, signer: thief, inbox, body: like().body, signedAt: Date.now() });
      expect(await send(home.port, forged)).toBe(401);
      thief.stop();
    });
  });

  test('whose actor hides behind a context: nothing of it is kept', async () => {
    const thief = await startSigner(signer.actor);
    const { id, body } = like();
    const hidden = {
      ...(JSON.parse(body) as Record<string, unknown>),
      '@context': [
        'https://www.w3.org/ns/activitystreams',
        { actor: 'urn:x', as: 'https://www.w3.org/ns/activitystreams#' },
      ],
      actor: thief.actor,
      'as:actor': { '@id': signer.actor },
    };
    const forged = signed({ kind: 'cavage', signer: thief, inbox, body: JSON.stringify(hidden), signedAt: Date.now() });
    await send(home.port, forged);
    expect(isKept(id)).toBe(false);
    thief.stop();
  });

  test('that takes an id of another origin: nothing of it is kept', async () => {
    const { id, body } = like('https://elsewhere.example');
    expect(await send(home.port, request('cavage', Date.now(), body))).toBe(202);
    expect(isKept(id)).toBe(false);
  });

  test('signed without its body’s digest, or without the host: refused', async () => {
    const { keyId, keys } = signer;
    for (const covered of [
      ['(request-target)', 'host', 'date'],
      ['(request-target)', 'date', 'digest'],
    ]) {
      const common = { host: inbox.host, path: inbox.pathname, keyId, privateKey: keys.privateKey, covered };
      expect(await send(home.port, signedRequest({ ...common, body: like().body }))).toBe(401);
    }
  });

  test('signed for another host: refused', async () => {
    const elsewhere = new URL('http://other.example/users/owner/inbox');
    const it = signed({ kind: 'cavage', signer, inbox: elsewhere, body: like().body, signedAt: Date.now() });
    expect(await send(home.port, it)).toBe(401);
  });

  test('whose key cannot be had now: asked to come again; once it can be had: taken', async () => {
    const away = await startSigner();
    away.status = 503;
    const { id, body } = like(away.origin, away.actor);
    const it = signed({ kind: 'cavage', signer: away, inbox, body, signedAt: Date.now() });
    expect(await send(home.port, it)).toBe(503);
    away.status = 200;
    // What Fedify remembers of the failure ends by itself after ten minutes; here, by a restart without memory.
    await home.stop();
    const other = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    other.exec('DELETE FROM kv');
    other.close();
    await home.start();
    expect(await send(home.port, it)).toBe(202);
    expect(isKept(id)).toBe(true);
    away.stop();
  });

  test('whose key is not there: refused', async () => {
    const nobody = await startSigner();
    nobody.status = 404;
    const { body } = like(nobody.origin, nobody.actor);
    expect(await send(home.port, signed({ kind: 'cavage', signer: nobody, inbox, body, signedAt: Date.now() }))).toBe(
      401,
    );
    nobody.stop();
  });

  test.each([
    ['not JSON', '{"type":"Like"'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['nested 10,000 deep', `{"object":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['nested a little too deep', `{"object":${'['.repeat(limits.jsonDepth)}${']'.repeat(limits.jsonDepth)}}`],
    ['no activity', '{"@context":"https://www.w3.org/ns/activitystreams","type":"Note","content":"x"}'],
  ])('whose body is %s: refused for good', async (_what, body) => {
    expect(await send(home.port, request('cavage', Date.now(), body))).toBe(400);
  });

  test('that is larger than a delivery may be: refused for good', async () => {
    const body = JSON.stringify({ large: 'x'.repeat(limits.inboxBodyBytes) });
    expect((await fetch(inbox, { method: 'POST', body })).status).toBe(413);
  });

  test('whose key is on a private network: refused, and nobody is asked there', async () => {
    const asked = signer.asked;
    const open = new URL('https://home.example/users/owner/inbox');
    const guarded = await EmbeddedHomeUnderTest.make();
    await guarded.start(['--origin', open.origin]);
    const it = signed({ kind: 'cavage', signer, inbox: open, body: like().body, signedAt: Date.now() });
    expect(await send(guarded.port, it)).toBe(401);
    expect(signer.asked).toBe(asked);
    await guarded.end();
  });
});
