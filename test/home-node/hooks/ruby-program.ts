// Mastodon's class, or one of its shape, in a Ruby process with the initializer or without it: what it says of a request.

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { InboxRequest } from '../../support/forger.ts';
import { isThere } from '../../support/needed.ts';
import { peer, secret } from './late-requests.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const hook = join(root, 'home-node', 'hooks', 'zz_porchlight.rb');
export const inboxProgram = join(import.meta.dirname, 'ruby', 'inbox.rb');

export const hasRuby = isThere(spawnSync('ruby', ['--version']).status === 0, 'Ruby is not there (Debian: ruby)');

export interface RubyAnswer {
  readonly status: number;
  readonly why?: string;
  readonly judged: string | null;
}

interface Ready {
  readonly rails: boolean;
  readonly rfc9421: boolean;
}

/** Stop it. */
export class Ruby {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;
  log = '';

  private constructor(folder: string, child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#folder = folder;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on('data', (part) => {
      this.log += String(part);
    });
  }

  static async start(env: Readonly<Record<string, string>>, hooked = true): Promise<Ruby & { readonly ready: Ready }> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-ruby-'));
    const file = join(folder, 'secret');
    writeFileSync(file, `${Buffer.from(secret).toString('base64url')}\n`);
    const child = spawn('ruby', [inboxProgram], {
      env: {
        PATH: process.env.PATH ?? '',
        // Where linzer lies, if it is no gem of this machine.
        RUBYLIB: process.env.RUBYLIB ?? '',
        KEYS: JSON.stringify({ [peer.keyId]: peer.keys.publicKey }),
        PORCHLIGHT_RECEIPT_SECRET_FILE: file,
        ...(hooked ? { HOOK: hook } : {}),
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const ruby = new Ruby(folder, child);
    return Object.assign(ruby, { ready: (await ruby.#line()) as Ready });
  }

  async ask({ path, headers, body }: InboxRequest): Promise<RubyAnswer> {
    this.#child.stdin.write(`${JSON.stringify({ path, headers, body: Buffer.from(body).toString('base64') })}\n`);
    return (await this.#line()) as RubyAnswer;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
    rmSync(this.#folder, { recursive: true });
  }

  async #line(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`Ruby ended:\n${this.log}`);
    return JSON.parse(value);
  }
}
