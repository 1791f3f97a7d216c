// An embedded home and its neighbours as processes of their own, for tests: started on a folder that outlives them, so
// that they can be killed and started again.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { freePort } from '../../support/ports.ts';
import { Program } from '../../support/processes.ts';

const root = join(import.meta.dirname, '..', '..', '..');

export class EmbeddedHomeUnderTest {
  readonly folder: string;
  readonly port: number;
  readonly origin: string;
  readonly actor: string;
  readonly secret: Uint8Array;
  #program: Program | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    this.origin = `http://localhost:${port}`;
    this.actor = `${this.origin}/users/owner`;
    this.secret = openSecret(this.#secretFile, systemRandom);
  }

  static async make(): Promise<EmbeddedHomeUnderTest> {
    return new EmbeddedHomeUnderTest(makeFolder(), await freePort());
  }

  get #secretFile(): string {
    return join(this.folder, 'receipt-secret');
  }

  get siteFolder(): string {
    return join(this.folder, 'site');
  }

  get program(): Program {
    if (this.#program === null) throw new Error('The embedded home is not running.');
    return this.#program;
  }

  async start(args: readonly string[] = ['--allow-private-addresses']): Promise<void> {
    this.#program = new Program('embedded', [
      join(root, 'home-node', 'embedded', 'main.ts'),
      ...['--folder', this.folder, '--port', String(this.port), '--origin', this.origin],
      ...['--receipt-secret-file', this.#secretFile, '--title', 'Rosa & Ben'],
      ...args,
    ]);
    await this.#program.line((line) => line.listening === this.port);
  }

  async kill(): Promise<void> {
    await this.#program?.kill();
    this.#program = null;
  }

  async stop(): Promise<number | null> {
    const code = await this.program.stop();
    this.#program = null;
    return code;
  }

  /** Kills it and removes its folder. */
  async end(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Rows of its database, read beside it. */
  rows<Row>(sql: string): Row[] {
    const database = new DatabaseSync(this.databaseFile, { readOnly: true });
    try {
      return database.prepare(sql).all() as Row[];
    } finally {
      database.close();
    }
  }

  /** Changes its database beside it. */
  change(sql: string): void {
    const database = new DatabaseSync(this.databaseFile, { timeout: 10_000 });
    database.exec(sql);
    database.close();
  }

  get databaseFile(): string {
    return join(this.folder, 'actor', 'actor.sqlite');
  }

  followers(): readonly string[] {
    return this.rows<{ actor: string }>('SELECT actor FROM followers').map(({ actor }) => actor);
  }
}

export interface NeighbourUnderTest {
  readonly program: Program;
  readonly origin: string;
  readonly actor: string;
  readonly handle: string;
}

export async function startNeighbour(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<NeighbourUnderTest> {
  const program = new Program('neighbour', [join(root, 'local', 'neighbour.ts'), ...args], env);
  const ready = await program.line<{ origin: string; actor: string; handle: string }>((line) => 'listening' in line);
  return { program, origin: ready.origin, actor: ready.actor, handle: ready.handle };
}

export interface Heard {
  readonly received: {
    readonly type: string;
    readonly actor: string;
    readonly object: string | null;
    readonly activity: string;
    readonly document: Readonly<Record<string, unknown>>;
  };
}

/** The next activity of this type that the neighbour's server verified and took. */
export async function hears(neighbour: NeighbourUnderTest, type: string): Promise<Heard['received']> {
  const { received } = await neighbour.program.line<{ received: Heard['received'] }>(
    (line) => (line as Partial<Heard>).received?.type === type,
  );
  return received;
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-embedded-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}
