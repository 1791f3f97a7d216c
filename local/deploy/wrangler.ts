// Calls the wrangler that package.json pins: the only way to Cloudflare there is here. It is never asked a question (CI=1),
// reports nothing home, and tells of its failures in a file of lines in JSON.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { failureOf } from './wrangler-failure.ts';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js');

export interface Ran {
  readonly out: string;
  readonly err: string;
  /** Lines of its own report: what was deployed, how large it is, why it failed. */
  readonly report: readonly JsonObject[];
  readonly failed: boolean;
}

export class Wrangler {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #running = new Set<ChildProcess>();
  /** Id of the account that it works in. */
  account: string | null = null;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** Throws what failureOf() makes of a failure. */
  async run(...args: readonly string[]): Promise<Ran> {
    const ran = await this.attempt(...args);
    if (ran.failed) throw failureOf(args, ran);
    return ran;
  }

  /** What it prints with --json. */
  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.run(...args, '--json')).out) as T;
  }

  async attempt(...args: readonly string[]): Promise<Ran> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-wrangler-'));
    const reportFile = join(folder, 'report.ndjson');
    try {
      const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...this.#env, ...quiet, ...this.#accountEnv(), WRANGLER_OUTPUT_FILE_PATH: reportFile },
      });
      this.#running.add(child);
      const out = textOf(child.stdout);
      const err = textOf(child.stderr);
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      this.#running.delete(child);
      return { out: out(), err: err(), report: readReport(reportFile), failed: code !== 0 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** For whoever breaks the deployment off: nothing goes on behind it. */
  kill(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }

  #accountEnv(): Readonly<Record<string, string>> {
    return this.account === null ? {} : { CLOUDFLARE_ACCOUNT_ID: this.account };
  }
}

const quiet = {
  CI: '1',
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  // With the banner goes the question whether there is a newer wrangler: the pinned one is the right one.
  WRANGLER_HIDE_BANNER: 'true',
};

function textOf(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  return () => stripVTControlCharacters(Buffer.concat(parts).toString());
}

function readReport(path: string): readonly JsonObject[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    // It ended before it wrote a line.
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): unknown => JSON.parse(line)).filter(isObject);
}
