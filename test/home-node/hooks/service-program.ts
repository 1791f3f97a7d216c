// A service as a process of its own, started with the hook as an owner starts it, and what it answers.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboxRequest } from '../../support/forger.ts';
import { host, peer, secret } from './late-requests.ts';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Started {
  readonly ask: (request: InboxRequest) => Promise<Answer>;
  readonly port: number;
  /** What it wrote to standard error so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export interface Starting {
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** With the secret, or another file in its place; null: none is named. */
  readonly secretFile?: string | null;
}

/** Resolves when it said its port. */
export async function startService({ command, env = {}, secretFile }: Starting): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-hook-'));
  const file = join(folder, 'secret');
  writeFileSync(file, `${Buffer.from(secret).toString('base64url')}\n`, { mode: 0o600 });
  const named = secretFile === undefined ? file : secretFile;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH ?? '',
      KEYS: JSON.stringify({ [peer.keyId]: peer.keys.publicKey }),
      HOST_NAME: host,
      ...(named === null ? {} : { PORCHLIGHT_RECEIPT_SECRET_FILE: named }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
  });
  const port = await portOf(child, () => said);
  return {
    port,
    ask: async (request) => await ask(port, request),
    log: () => said,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

async function portOf(child: ChildProcess, said: () => string): Promise<number> {
  return await new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.on('data', (part) => {
      out += String(part);
      const port = /^(\d+)\n/m.exec(out)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`It ended with ${code} and said:\n${said()}`)));
  });
}

/** Word for word: a client library would mend what is wrong with it. */
async function ask(port: number, request: InboxRequest): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(Buffer.from(part)));
    socket.on('error', reject);
    socket.on('end', () => {
      const text = Buffer.concat(parts).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
      const headers = lines.map((line): [string, string] => {
        const at = line.indexOf(':');
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
      });
      resolve({ status, headers: new Map(headers), body: text.slice(end + 4) });
    });
    const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = `POST ${request.path} HTTP/1.1\r\n${lines}Content-Length: ${request.body.length}\r\nConnection: close\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), request.body]));
  });
}
