// Who gets the link: the home whose key is in the directory, by a proof for this socket and this edge, and its newest
// process. Everybody else is refused, and told why as far as it is theirs to know.

import { runInDurableObject } from 'cloudflare:test';
import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import type { HomeRecord } from '../../../edge/home/directory.ts';
import { admit } from '../../../edge/link/admission.ts';
import { openLink } from '../../../edge/link/door.ts';
import { LinkRecord } from '../../../edge/link/record.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { encodeFrame, encodeTextFrame, recordOf } from '../../../shared/link/codec.ts';
import { closeCodes } from '../../../shared/link/frames.ts';
import { signProof } from '../../../shared/link/handshake.ts';
import { signCall } from '../../../shared/session/call.ts';
import { bindings, edgeOrigin, LinkRig } from './link-rig.ts';

describe('a proof', () => {
  test('opens a session, and calls signed under it are home’s', async () => {
    const rig = await LinkRig.open();
    const { welcome } = await rig.openLink();
    expect(welcome).toMatchObject({ version: 1, homeId: rig.homeId, epoch: 1 });
    expect(welcome.windows.initialBytes).toBe(limits.streamInitialBytes);
    const { homeId, session, epoch } = welcome;
    const expected = { edge: edgeOrigin, method: 'GET', path: '/.porchlight/v1/spool', body: '' };
    const call = await signCall({ homeId, session, epoch, n: 1, ...expected }, rig.privateKey);
    const spool = bindings.SPOOL.get(bindings.SPOOL.idFromName(homeId));
    expect(await spool.authorise(call, expected)).toMatchObject({ ok: true });
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
  });

  test('signed by another key is refused', async () => {
    const rig = await LinkRig.open();
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const { socket, hello } = await rig.dial();
    expect(await rig.verdict(socket, await rig.proof(hello, {}, privateKey))).toBe('proof-refused');
    expect(await rig.stub.presence()).toEqual({ link: 'never' });
  });

  test('that opened one socket does not open another', async () => {
    const rig = await LinkRig.open();
    const first = await rig.dial();
    const proof = await rig.proof(first.hello);
    expect(await rig.verdict(first.socket, proof)).toBe('welcome');
    const second = await rig.dial();
    expect(await rig.verdict(second.socket, proof)).toBe('proof-refused');
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
  });

  test.each([
    ['for another edge', { edge: 'https://evil.example' }],
    ['for another home', { homeId: 'somebody' }],
    ['with a version that was not offered', { version: 9 }],
  ])('%s is refused', async (_, change) => {
    const rig = await LinkRig.open();
    const { socket, hello } = await rig.dial();
    expect(await rig.verdict(socket, await rig.proof(hello, change))).toBe('proof-refused');
  });

  test('of a home that was never claimed is refused, and home is told what to do', async () => {
    const rig = await LinkRig.open();
    const nobody = bindings.LINK.get(bindings.LINK.idFromName('nobody'));
    const { socket, hello } = await rig.dial(nobody);
    socket.send(await rig.proof(hello, { homeId: 'nobody' }));
    expect(recordOf(await socket.next('REFUSED'))).toMatchObject({
      code: 'unknown-home',
      reason: expect.stringMatching(/claim/),
    });
  });

  test('on one home’s object cannot open another home’s link', async () => {
    const mine = await LinkRig.open();
    const other = await LinkRig.open();
    const { socket, hello } = await mine.dial(other.stub);
    expect(await mine.verdict(socket, await mine.proof(hello))).toBe('proof-refused');
    const again = await mine.dial(other.stub);
    const lie = await mine.proof(again.hello, { homeId: other.homeId });
    expect(await mine.verdict(again.socket, lie)).toBe('proof-refused');
    expect(await other.stub.presence()).toEqual({ link: 'never' });
  });
});

describe('a new socket', () => {
  test.each([
    ['junk', new Uint8Array([1, 2, 3])],
    ['another frame', encodeTextFrame('RESPONSE', '{"status":200,"headers":[]}', 1)],
    ['a proof and more in one message', new Uint8Array([...encodeTextFrame('PROOF', 'x'), ...encodeFrame('DATA', 1)])],
  ])('that begins with %s is closed', async (_, message) => {
    const rig = await LinkRig.open();
    const { socket } = await rig.dial();
    socket.send(message);
    expect((await socket.closing()).code).toBe(closeCodes.protocol);
  });

  test('that goes on talking while its proof is looked at is closed', async () => {
    const rig = await LinkRig.open();
    const { socket, hello } = await rig.dial();
    socket.send(await rig.proof(hello));
    socket.send(await rig.proof(hello));
    expect((await socket.closing()).code).toBe(closeCodes.protocol);
  });

  test('that proves nothing gives way when others come, and an open link does not', async () => {
    const rig = await LinkRig.open();
    const { socket: open } = await rig.openLink();
    const idle = [];
    for (let n = 0; n < limits.unprovenSockets + 2; n++) idle.push((await rig.dial()).socket);
    expect((await idle[0]?.closing())?.code).toBe(closeCodes.crowded);
    expect((await idle[1]?.closing())?.code).toBe(closeCodes.crowded);
    expect(idle.slice(2).map((socket) => socket.closed)).toEqual(idle.slice(2).map(() => null));
    expect(open.closed).toBeNull();
    const sockets = await rig.inside(
      (_, state) => state.getWebSockets().filter((socket) => socket.readyState === 1).length,
    );
    expect(sockets).toBe(limits.unprovenSockets + 1);
  });

  test('can still prove itself after the object was evicted', async () => {
    const rig = await LinkRig.open();
    const { socket, hello } = await rig.dial();
    await rig.hibernate();
    expect(await rig.verdict(socket, await rig.proof(hello))).toBe('welcome');
  });
});

describe('an epoch', () => {
  test('stays the same for a process that dials again, and its older socket is closed', async () => {
    const rig = await LinkRig.open();
    const first = await rig.openLink();
    const second = await rig.openLink({ epoch: first.welcome.epoch });
    expect(second.welcome.epoch).toBe(first.welcome.epoch);
    expect(second.welcome.session).not.toBe(first.welcome.session);
    expect((await first.socket.closing()).code).toBe(closeCodes.replaced);
    expect(first.socket.waiting.filter((frame) => frame.name === 'REFUSED')).toEqual([]);
  });

  test('rises for another process, and the older one is told that it is superseded and cannot come back', async () => {
    const rig = await LinkRig.open();
    const first = await rig.openLink();
    const second = await rig.openLink({ process: 'process-2' });
    expect(second.welcome.epoch).toBe(first.welcome.epoch + 1);
    expect(recordOf(await first.socket.next('REFUSED'))).toMatchObject({ code: 'superseded' });
    expect((await first.socket.closing()).code).toBe(closeCodes.replaced);
    const { socket, hello } = await rig.dial();
    expect(await rig.verdict(socket, await rig.proof(hello, { epoch: first.welcome.epoch }))).toBe('superseded');
    expect(second.socket.closed).toBeNull();
  });

  test('is one for each of two processes that knock at once', async () => {
    const rig = await LinkRig.open();
    const dialled = await Promise.all([rig.dial(), rig.dial()]);
    const proofs = await Promise.all(dialled.map(async ({ hello }, n) => await rig.proof(hello, { process: `p${n}` })));
    const verdicts = await Promise.all(
      dialled.map(async ({ socket }, n) => await rig.verdict(socket, proofs[n] ?? new Uint8Array())),
    );
    expect(verdicts).toContain('welcome');
    const open = dialled.filter(({ socket }) => socket.closed === null);
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    expect(open.length).toBeGreaterThanOrEqual(1);
    const next = await rig.openLink({ process: 'p9' });
    expect(next.welcome.epoch).toBe(3);
  });

  test('is written once per session: a process that comes back after a loss costs no row', async () => {
    const rig = await LinkRig.open();
    const writes = async (): Promise<number> =>
      await rig.inside(
        (_, state) => [...state.storage.sql.exec('SELECT total_changes() AS n')].map((row) => Number(row.n))[0] ?? 0,
      );
    const { welcome } = await rig.openLink();
    const before = await writes();
    await rig.openLink({ epoch: welcome.epoch });
    expect((await writes()) - before).toBe(0);
    await rig.openLink({ process: 'another' });
    expect((await writes()) - before).toBe(1);
  });
});

describe('a change of keys', () => {
  const why = { code: 'key-changed', reason: 'Cannot keep the link: as the test says.' };
  const keyOf = async (rig: LinkRig): Promise<string> => {
    return await rig.inside((_, state) => {
      const [key] = state
        .getWebSockets()
        .map((own) => (own.deserializeAttachment() as { session: { key: string } }).session.key);
      return key ?? '';
    });
  };

  test('ends the link that another key opened, and tells it why; its own stays', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink();
    await rig.stub.keepOnly(await keyOf(rig), why);
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    await rig.hibernate();
    await rig.stub.keepOnly('another', why);
    expect(recordOf(await socket.next('REFUSED'))).toEqual(why);
    expect((await socket.closing()).code).toBe(closeCodes.refused);
    expect(await rig.stub.presence()).toMatchObject({ link: 'lost' });
  });

  test('ends a link whose key was never written down, and one that is being opened', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink();
    await rig.inside((_, state) => {
      const [own] = state.getWebSockets();
      const attachment = own?.deserializeAttachment() as { session: { key?: string } };
      delete attachment.session.key;
      own?.serializeAttachment(attachment);
    });
    await rig.hibernate();
    await rig.stub.keepOnly('any', why);
    await socket.next('REFUSED');
    const second = await rig.dial();
    await rig.inside((_, state) => {
      for (const own of state.getWebSockets()) own.serializeAttachment({ state: 'checking' });
    });
    await rig.stub.keepOnly('any', why);
    expect(await second.socket.closing()).toEqual({ code: closeCodes.refused, reason: 'key-changed' });
  });

  test('while a proof is looked at opens no session for it', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const hello = { versions: [1], nonce: 'n', edge: edgeOrigin };
    const claims = { nonce: 'n', edge: edgeOrigin, homeId: 'h', version: 1, process: 'p', epoch: 0 };
    const home = { homeId: 'h', hosts: ['h.example'], publicKey: await exportJWK(publicKey) };
    let isAwaited = true;
    let opened = 0;
    const admitted = async (record: HomeRecord): Promise<unknown> => {
      const rig = await LinkRig.open();
      return await rig.inside(async (_, { storage }) => {
        return await admit(
          await signProof(claims, privateKey),
          { hello, homeId: 'h' },
          {
            directory: { home: async () => record },
            spool: {
              openSession: async () => {
                opened += 1;
                return { ok: true };
              },
            },
            unwritten: () => [],
            record: new LinkRecord(storage),
            clock: systemClock,
            random: systemRandom,
            isAwaited: () => isAwaited,
          },
        );
      });
    };
    expect(await admitted(home)).toMatchObject({ admitted: { homeId: 'h', key: home.publicKey.x } });
    isAwaited = false;
    expect(await admitted(home)).toMatchObject({ refused: { code: 'key-changed' } });
    isAwaited = true;
    expect(await admitted({ ...home, revokedAt: 1 })).toMatchObject({ refused: { code: 'revoked' } });
    expect(opened).toBe(1);
  });
});

describe('the door', () => {
  const upgrade = { headers: { Upgrade: 'websocket' } };
  const ask = async (path: string, init: RequestInit = upgrade): Promise<readonly [number, unknown]> => {
    const response = await openLink(bindings.LINK, new Request(`${edgeOrigin}${path}`, init));
    return [response.status, response.status === 101 ? null : (await response.json<{ code: unknown }>()).code];
  };

  test('opens for an upgrade of a home, and for nothing else', async () => {
    const rig = await LinkRig.open();
    expect(await ask(`/.porchlight/v1/link?home=${rig.homeId}`)).toEqual([101, null]);
    expect(await ask(`/.porchlight/v1/link?home=${rig.homeId}`, {})).toEqual([426, 'not-a-websocket']);
    const post = { ...upgrade, method: 'POST' };
    expect(await ask(`/.porchlight/v1/link?home=${rig.homeId}`, post)).toEqual([405, 'method']);
    for (const query of ['', `?home=${'x'.repeat(65)}`, '?home=a%2Fb']) {
      expect(await ask(`/.porchlight/v1/link${query}`)).toEqual([400, 'home-id-malformed']);
    }
  });

  test('of an object that is no home’s cannot be made', async () => {
    const nameless = bindings.LINK.get(bindings.LINK.newUniqueId());
    await expect(runInDurableObject(nameless, () => 'made')).rejects.toMatchObject({ code: 'link-unnamed' });
  });
});
