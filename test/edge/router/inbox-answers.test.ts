// What the real Worker answers to deliveries, whatever fails. Senders give a delivery up at most answers below 500, and an
// account up at 404 and 410: so each status is here, with why it harms nobody.
//
// status                 when                                             harms nobody, because
// 202                    taken, a repetition, moot, or home will decide   the sender is done, and the spool has it
// 400, 413               no activity, or too large for home's service     no other try would change it
// 401                    not proven, or not as home's service verifies    the sender may sign in another way; who was honest can
// 403                    home blocks the domain                           its owner wants nothing from there
// 421                    nobody ever meant this name for a home           there is no inbox here, and nobody claims there is
// 429 with Retry-After   the sender has too much waiting                  it comes again
// 503 with Retry-After   whatever is our own trouble                      it comes again

import { reset, runInDurableObject, SELF } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issueClaimCode } from '../../../edge/home/issue-code.ts';
import { acceptances } from '../../../shared/acceptance/profiles.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import type { EdgePart } from '../../../shared/config/edge-part.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { altered, cavage, rfc9421, rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { addCode, migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { bindings } from '../spool/spool-rig.ts';
import { SmallHome } from './small-home.ts';

const alice = 'https://peer.example/users/alice';
let signer: Signer;
let home: SmallHome;
let host: string;
let tests = 0;
let made = 0;

beforeAll(async () => {
  signer = await rsaSigner(`${alice}#main-key`);
});

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `inbox${tests}.example`;
  home = await SmallHome.claimed(`https://${host}`);
});

/** Home leaves what the edge must know, Alice's key among it, and goes to sleep. */
async function leave(changes: Partial<Snapshot> = {}): Promise<void> {
  const snapshot = exampleSnapshot({
    services: [{ name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage', 'rfc9421'] }],
    documents: [],
    knownActors: BloomFilter.empty(100, 0.001).toData(),
    actorKeys: [{ keyId: signer.keyId, owner: alice, publicKeyPem: signer.pem }],
    ...changes,
  });
  await home.connect();
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
  await home.sleep();
}

function activity(fields: Record<string, unknown> = {}): Uint8Array<ArrayBuffer> {
  made += 1;
  const like = { id: `${alice}/${made}`, type: 'Like', actor: alice, object: `https://${host}/1`, ...fields };
  return Uint8Array.from(new TextEncoder().encode(JSON.stringify(like)));
}

async function post(signed: SignedRequest, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const { method, path, headers } = signed;
  return await SELF.fetch(`https://${host}${path}`, { method, headers: headers.map(([n, v]) => [n, v]), body });
}

/** By Alice, now. */
async function deliver(body = activity(), path = '/inbox', by: Signer = signer): Promise<Response> {
  return await post(await cavage(by, { host, path, body, at: Date.now() }), body);
}

async function spoolRows(): Promise<number> {
  const object = bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId));
  return await runInDurableObject(object, (_, state) =>
    Number(state.storage.sql.exec('select count(*) as n from delivery').one().n),
  );
}

/** Bodies, in the order in which home will get them. */
async function waiting(): Promise<readonly string[]> {
  const object = bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId));
  return await runInDurableObject(object, (_, state) => {
    const rows = state.storage.sql.exec<{ body: ArrayBuffer }>('select body from delivery where seq > 0 order by seq');
    return [...rows].map(({ body }) => text(new Uint8Array(body)));
  });
}

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

function expectTemporary(response: Response): void {
  expect([response.status, Number(response.headers.get('Retry-After')) > 0]).toEqual([503, true]);
}

describe('taken: 202', () => {
  test('what is proven, once; and a repetition of what waits', async () => {
    await leave();
    const body = activity();
    expect((await deliver(body)).status).toBe(202);
    expect((await deliver(body)).status).toBe(202);
    expect(await spoolRows()).toBe(1);
  });

  // Misskey makes the id of a Follow of both accounts, so that the second is the first, byte for byte.
  test('follow, undo, and the same follow once more: all three; and only what repeats the latest is left out', async () => {
    await leave();
    const object = `https://${host}/users/owner`;
    const follow = activity({ id: 'https://peer.example/follows/a1/b2', type: 'Follow', object });
    const undo = activity({
      id: 'https://peer.example/follows/a1/b2/undo',
      type: 'Undo',
      object: JSON.parse(text(follow)),
    });
    for (const body of [follow, undo, follow, follow]) expect((await deliver(body)).status).toBe(202);
    expect(await waiting()).toEqual([follow, undo, follow].map(text));
  });

  test('the Delete of an actor whom home never met, of which nothing is kept', async () => {
    await leave();
    expect((await deliver(activity({ type: 'Delete', object: alice }))).status).toBe(202);
    expect(await spoolRows()).toBe(0);
  });

  test('what cannot be judged now, until its origin has too much waiting: 429 with Retry-After', async () => {
    await leave({ actorKeys: [] });
    // No name resolves here: whoever would be asked for the key cannot be.
    for (let sent = 0; sent < limits.undecidedPerOrigin; sent += 1) expect((await deliver()).status).toBe(202);
    const refused = await deliver();
    expect([refused.status, Number(refused.headers.get('Retry-After')) > 0]).toEqual([429, true]);
    expect(await spoolRows()).toBe(limits.undecidedPerOrigin);
  });
});

describe('refused, and nothing is kept', () => {
  const kinds: readonly (readonly [what: string, status: number, send: () => Promise<Response>])[] = [
    ['no activity', 400, async () => await deliver(Uint8Array.from([0x5b, 0x5d]))],
    [
      'what is too large',
      413,
      async () => {
        const body = new Uint8Array(limits.inboxBodyBytes + 1).fill(0x20);
        return await deliver(body);
      },
    ],
    [
      'no signature',
      401,
      async () => {
        const body = activity();
        const signed = await cavage(signer, { host, path: '/inbox', body, at: Date.now() });
        return await post(altered(signed, { signature: undefined }), body);
      },
    ],
    ["somebody else's key", 401, async () => await deliver(activity({ actor: 'https://peer.example/users/bob' }))],
  ];
  test.each(kinds)('%s: %i', async (_, status, send) => {
    await leave();
    const response = await send();
    expect(response.status).toBe(status);
    expect(await spoolRows()).toBe(0);
    expect((await deliver()).status).toBe(202);
  });

  test('signed as home’s service cannot verify: 401, and the other way is taken', async () => {
    const social = { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage', 'rfc9421'] as const };
    await leave({ services: [{ ...social, accepts: acceptances.gotosocial }] });
    const body = activity();
    const letter = { host, path: '/inbox', body, at: Date.now() };
    const refused = await post(await rfc9421(signer, letter), body);
    expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([
      401,
      expect.stringContaining('Signature'),
    ]);
    expect(await spoolRows()).toBe(0);
    expect((await deliver(body)).status).toBe(202);
  });

  test('larger, or deeper, than home’s service takes: 413, 400', async () => {
    const social = { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const };
    await leave({ services: [{ ...social, accepts: acceptances.misskey }] });
    expect((await deliver(activity({ content: 'a'.repeat(64 * 1024) }))).status).toBe(413);
    await leave({ version: 2, services: [{ ...social, accepts: acceptances.pixelfed }] });
    const deep = JSON.parse(`${'['.repeat(8)}${']'.repeat(8)}`) as unknown;
    expect((await deliver(activity({ tag: deep }))).status).toBe(400);
    expect(await spoolRows()).toBe(0);
    expect((await deliver(activity({ tag: (deep as unknown[])[0] }))).status).toBe(202);
  });

  test('from a domain that home blocks: 403', async () => {
    await leave({ blockedDomains: ['peer.example'] });
    expect((await deliver()).status).toBe(403);
    expect(await spoolRows()).toBe(0);
  });

  test('for a name that nobody claims: 421', async () => {
    await leave();
    host = 'nobody.example';
    expect((await deliver()).status).toBe(421);
  });

  test('for a name whose code ran out before anybody claimed it: 421', async () => {
    await leave();
    await addCode(makeClaimCode(systemRandom), ['late.example'], Date.now() - 1);
    host = 'late.example';
    expect((await deliver()).status).toBe(421);
  });
});

describe('our own trouble: 503 with Retry-After, never a final status', () => {
  test('home has not said yet what it takes', async () => {
    expectTemporary(await deliver());
  });

  test('the directory cannot be read', async () => {
    await bindings.DIRECTORY.exec('DROP TABLE hosts');
    const response = await deliver();
    expectTemporary(response);
    expect(await response.json()).toEqual({ title: expect.any(String), status: 503, code: 'not-taken' });
  });

  test('the spool cannot write', async () => {
    await leave();
    const object = bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId));
    await runInDurableObject(object, (_, state) => {
      state.storage.sql.exec('drop table delivery');
    });
    expectTemporary(await deliver());
  });

  test('what home left cannot be read', async () => {
    await leave();
    const { objects } = await bindings.STORE.list({ prefix: '' });
    for (const { key } of objects) if (key.includes('snapshot')) await bindings.STORE.put(key, '{');
    expectTemporary(await deliver());
  });

  describe('a host between homes', () => {
    const expectUnsettled = async (): Promise<void> => {
      const response = await deliver();
      expectTemporary(response);
      expect(await response.json()).toMatchObject({ code: 'host-unsettled' });
      // A question loses nothing, and whoever put the host here by mistake sees it at once.
      expect((await SELF.fetch(`https://${host}/users/owner`)).status).toBe(421);
    };

    test('whose claim has ended', async () => {
      // Not yet remembered by the Worker.
      host = `claimed${tests}.example`;
      await SmallHome.claimed(`https://${host}`);
      await bindings.DIRECTORY.prepare('DELETE FROM hosts WHERE host = ?').bind(host).run();
      await expectUnsettled();
    });

    test('which has a code, and no home yet', async () => {
      host = `soon${tests}.example`;
      await issueClaimCode(bindings.DIRECTORY, ['elsewhere.example', host], systemClock, systemRandom);
      await expectUnsettled();
    });

    test('which its owner has left out', async () => {
      host = `in${tests}.example`;
      home = await SmallHome.claimed(`https://${host}`, `out${tests}.example`);
      await leave();
      await home.connect();
      const part: EdgePart = { version: 1, language: 'en', title: 't', hosts: [host], services: [], statusPage: true };
      expect((await home.leaveConfig(part)).status).toBe(200);
      host = `out${tests}.example`;
      await expectUnsettled();
    });

    test('of which no service at home wants to know', async () => {
      await leave();
      await home.connect();
      home.answer = () => ({ cancel: 'not-served' });
      const response = await deliver(activity(), '/other/inbox');
      expectTemporary(response);
      expect(await response.json()).toMatchObject({ code: 'host-unsettled' });
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        expect((await SELF.fetch(`https://${host}/other`, { method })).status, method).toBe(421);
      }
    });
  });

  test('nobody is there to say whether this is an inbox', async () => {
    await leave();
    expectTemporary(await deliver(activity(), '/users/of-yesterday/inbox'));
  });
});
