// A real edge whose embedded home came once, left what the edge must know, and sleeps: what is accepted meanwhile stays as
// a row. Two origins hand out keys, each the same one for all of its actors.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { type KeyPair, makeKeyPair } from './forger.ts';
import { hostileOrigin, hostileResolver, type Listening } from './hostile-origin.ts';
import { Program, until } from './processes.ts';

export class SleepingEdge {
  readonly edge: LocalEdge;
  readonly host: string;
  readonly homeId: string;
  /** Whose keys `keys` and `otherKeys` hand out. */
  readonly alice: KeyPair;
  readonly mallory: KeyPair;
  readonly keys: Listening;
  readonly otherKeys: Listening;
  readonly resolver: Listening;
  readonly #folder: string;

  private constructor(
    parts: Pick<SleepingEdge, 'edge' | 'host' | 'homeId' | 'alice' | 'mallory' | 'keys' | 'otherKeys' | 'resolver'>,
    folder: string,
  ) {
    this.edge = parts.edge;
    this.host = parts.host;
    this.homeId = parts.homeId;
    this.alice = parts.alice;
    this.mallory = parts.mallory;
    this.keys = parts.keys;
    this.otherKeys = parts.otherKeys;
    this.resolver = parts.resolver;
    this.#folder = folder;
  }

  /** `names`: what the resolver says of names. */
  static async start(names: Readonly<Record<string, readonly string[]>> = {}): Promise<SleepingEdge> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-forgeries-'));
    const [alice, mallory] = [makeKeyPair(), makeKeyPair()];
    const keys = await hostileOrigin(alice.publicKey);
    const otherKeys = await hostileOrigin(mallory.publicKey);
    const resolver = await hostileResolver(names as Record<string, string[]>);
    const edge = await startEdge({
      port: 0,
      dataDir: join(folder, 'edge'),
      devKeyOrigins: [keys, otherKeys].map(({ port }) => `http://localhost:${port}`),
      dnsResolver: `http://127.0.0.1:${resolver.port}/dns-query`,
    });
    const host = `localhost:${edge.port}`;
    await leaveSnapshot(edge, host, join(folder, 'home'));
    const [home] = await edge.query<{ home_id: string }>('select home_id from homes');
    if (home === undefined) throw new Error('no home has claimed');
    return new SleepingEdge({ edge, host, homeId: home.home_id, alice, mallory, keys, otherKeys, resolver }, folder);
  }

  get origin(): string {
    return `http://localhost:${this.keys.port}`;
  }

  get otherOrigin(): string {
    return `http://localhost:${this.otherKeys.port}`;
  }

  /** Deliveries in the spool. */
  async rows(): Promise<number> {
    const sql = 'select count(*) as n from delivery';
    const [counted] = await this.edge.queryObject<{ n: number }>('SpoolObject', this.homeId, sql);
    return counted?.n ?? Number.NaN;
  }

  async stop(): Promise<void> {
    await this.edge.stop();
    await Promise.all([this.keys.close(), this.otherKeys.close(), this.resolver.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Home comes once, leaves what the edge must know, and goes to sleep. */
async function leaveSnapshot(edge: LocalEdge, host: string, home: string): Promise<void> {
  mkdirSync(home);
  writeFileSync(
    join(home, 'porchlight.toml'),
    `domain = "${host}"\nedge = "http://${host}"\n[development]\nallow_private_addresses = true\n`,
  );
  const code = await edge.issueClaimCode([host]);
  const program = new Program('home', ['home-node/main.ts', '--home', home, '--claim', code]);
  await until('the snapshot', async () => {
    const answer = await fetch(`http://${host}/.well-known/webfinger?resource=acct:owner@${host}`);
    return answer.status === 200 ? true : null;
  });
  if ((await program.stop()) !== 0) throw new Error(program.log);
}
