// A real PeerTube, by the path of its folder, as the peer of a home that sleeps: it finds the owner by its address, follows and unfollows at
// night, both are taken at the first try, and in the morning the Accept of home is taken by it.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { freePort } from '../support/ports.ts';
import { type Program, until } from '../support/processes.ts';
import { type Owner, PeerTube, Stores } from '../support/servers/peertube.ts';
import { tlsFront } from '../support/servers/tls-front.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

const program = process.env.PORCHLIGHT_PEERTUBE;

if (program === undefined) {
  test('PeerTube itself as a peer: not run (PORCHLIGHT_PEERTUBE names no folder of it)', () => {
    process.stdout.write('PeerTube itself as a peer: not run (PORCHLIGHT_PEERTUBE names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('PeerTube at the door of a sleeping home', () => nightAt(program));
}

function nightAt(path: string): void {
  let folder: string;
  let domain: Domain;
  let stores: Stores;
  let server: PeerTube;
  let closeFront: () => Promise<void>;
  let running: Program;
  let root: Owner;
  let owner: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-peertube-peer-'));
    const certificates = await makeCertificates(folder);
    stores = await Stores.start();
    await PeerTube.makeDatabase(stores);
    const [port, publicPort] = [await freePort(), await freePort()];
    const { caFile } = certificates;
    server = new PeerTube({ program: path, folder: join(folder, 'peertube'), publicPort, port, caFile }, stores);
    closeFront = await tlsFront(publicPort, port, certificates);
    running = server.start();
    await server.comesUp(running);
    root = await server.signIn('root');
    domain = await Domain.start({ folder, certificates, peerOrigins: [`https://${server.host}`] });
    domain.startHome();
    const get = trustingFetch(readFileSync(caFile, 'utf8'));
    const webFinger = `${domain.origin}/.well-known/webfinger?resource=acct:owner@${domain.host}`;
    await until('WebFinger', async () => ((await get(webFinger)).status === 200 ? true : null), 60_000);
    await domain.sleep();
    owner = `${domain.origin}/users/owner`;
  }, 240_000);
  afterAll(async () => {
    await domain?.end();
    await running?.kill();
    await closeFront?.();
    await stores?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the embedded home holds. */
  function followers(): string[] {
    const database = new DatabaseSync(join(domain.homeFolder, 'home', 'actor', 'actor.sqlite'), { readOnly: true });
    try {
      return database
        .prepare('select actor from followers')
        .all()
        .map((row) => String(row.actor));
    } finally {
      database.close();
    }
  }

  /** Its requests to home's inbox and what the edge said, as its own database of jobs has them. */
  async function states(): Promise<readonly { state: string; score: number }[]> {
    return await server.rows(
      `select f.state, f.score from "actorFollow" f join actor a on a.id = f."targetActorId" where a.url = '${owner}'`,
    );
  }

  /** Deliveries that failed, of all kinds. */
  async function failures(): Promise<unknown> {
    const { data } = (await root.ask('GET', '/api/v1/jobs/failed')) as { data: readonly unknown[] };
    return data;
  }

  test('at night it finds the owner and follows; the follow waits for its answer', {
    timeout: 120_000,
  }, async () => {
    // By its actor's address: for WebFinger its library would ask localhost without TLS.
    await root.ask('GET', `/api/v1/search/video-channels?search=${encodeURIComponent(owner)}`);
    expect(await server.rows(`select "preferredUsername" as name from actor where url = '${owner}'`)).toEqual([
      { name: 'owner' },
    ]);
    await root.ask('POST', '/api/v1/server/following', { hosts: [], handles: [`owner@${domain.host}`] });
    const [follow] = await until(
      'the follow',
      async () => {
        const all = await states();
        return all.length === 1 ? all : null;
      },
      60_000,
    );
    expect(follow?.state).toBe('pending');
    await until(
      'the follow at the edge',
      () => (domain.edge.log.includes('"event":"delivery-stored"') ? true : null),
      60_000,
    );
    expect(await failures()).toEqual([]);
  });

  test('in the morning home has it, and its Accept is taken', { timeout: 120_000 }, async () => {
    domain.startHome();
    await until('the Accept', async () => ((await states())[0]?.state === 'accepted' ? true : null), 60_000);
    expect(followers()).toEqual([`https://${server.host}/accounts/peertube`]);
    await domain.sleep();
  });

  test('the next night it unfollows; in the morning that is so', { timeout: 120_000 }, async () => {
    await root.ask('DELETE', `/api/v1/server/following/owner@${domain.host}`);
    await until('no follow', async () => ((await states()).length === 0 ? true : null), 60_000);
    await until(
      'the undo at the edge',
      () => (domain.edge.log.split('"event":"delivery-stored"').length === 3 ? true : null),
      60_000,
    );
    expect(await failures()).toEqual([]);
    domain.startHome();
    await until('nobody follows', () => (followers().length === 0 ? true : null), 60_000);
  });
}
