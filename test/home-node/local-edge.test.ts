// The program that runs the edge on this machine: what it keeps when things are killed, and what it may reach.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { writeProbe } from './local-edge-probe.ts';

interface Stored {
  readonly object: readonly string[];
  readonly d1: readonly string[];
  readonly r2: readonly string[];
}

interface Ready {
  readonly origin: string;
  readonly pid: number;
  readonly workerdPid: number;
  readonly code?: string;
}

const program = join(import.meta.dirname, '..', '..', 'local', 'edge.ts');
// Processes start and end here, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let bundlePath: string;
let cleanups: (() => unknown)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-edge-'));
  bundlePath = writeProbe(folder);
  cleanups = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

async function started(options: Partial<Parameters<typeof startEdge>[0]> = {}): Promise<LocalEdge> {
  const edge = await startEdge({ port: 0, dataDir: join(folder, 'data'), bundlePath, ...options });
  cleanups.push(() => edge.stop());
  return edge;
}

/** The program as a process group of its own, so that all of it can be killed at one stroke. */
async function launched(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<[Ready, ChildProcess]> {
  const child = spawn(process.execPath, [program, '--data', join(folder, 'data'), '--bundle', bundlePath, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  cleanups.push(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  });
  for await (const line of createInterface({ input: child.stdout })) return [JSON.parse(line) as Ready, child];
  throw new Error('The edge ended before it was ready.');
}

async function write(origin: string, value: string): Promise<void> {
  const response = await fetch(`${origin}/write?value=${value}`);
  expect(await response.text()).toBe('written');
}

async function read(origin: string): Promise<Stored> {
  return (await (await fetch(`${origin}/read`)).json()) as Stored;
}

async function probeFetch(origin: string, url: string): Promise<{ text?: string; refused?: string }> {
  const response = await fetch(`${origin}/fetch?value=${encodeURIComponent(url)}`);
  return (await response.json()) as { text?: string; refused?: string };
}

async function listening(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('what is committed', () => {
  test('is there after workerd was killed, which comes back by itself on the same port', async () => {
    const edge = await started();
    await write(edge.origin, 'one');
    const before = edge.workerdPid;
    expect(before).toBeGreaterThan(0);
    process.kill(before ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect((await read(edge.origin)).object).toEqual(['one']), { timeout: 30_000 });
    expect(await read(edge.origin)).toEqual({ object: ['one'], d1: ['one'], r2: ['one'] });
    expect(edge.workerdPid).not.toBe(before);
    await write(edge.origin, 'two');
    expect(await edge.query('SELECT home_id FROM homes ORDER BY home_id')).toEqual([
      { home_id: 'one' },
      { home_id: 'two' },
    ]);
  });

  test('is there when workerd is killed again while it starts', async () => {
    const edge = await started();
    await write(edge.origin, 'one');
    let killed = 0;
    let last: number | undefined;
    await vi.waitFor(
      () => {
        const pid = edge.workerdPid;
        if (pid !== undefined && pid !== last) {
          last = pid;
          killed += 1;
          process.kill(pid, 'SIGKILL');
        }
        expect(killed).toBe(4);
      },
      { timeout: 30_000, interval: 1 },
    );
    await vi.waitFor(async () => expect((await read(edge.origin)).object).toEqual(['one']), { timeout: 30_000 });
  });

  test('is there after every process was killed at once and the program was started anew', async () => {
    const [first, processes] = await launched([]);
    await write(first.origin, 'one');
    process.kill(-first.pid, 'SIGKILL');
    await once(processes, 'exit');
    const [second] = await launched(['--port', new URL(first.origin).port]);
    expect(second.origin).toBe(first.origin);
    expect(await read(second.origin)).toEqual({ object: ['one'], d1: ['one'], r2: ['one'] });
  });

  test('is there when only the program was killed: the next one ends the workerd that was left behind', async () => {
    const [first, processes] = await launched([]);
    await write(first.origin, 'one');
    process.kill(first.pid, 'SIGKILL');
    await once(processes, 'exit');
    const [second] = await launched(['--port', new URL(first.origin).port]);
    expect(second.workerdPid).not.toBe(first.workerdPid);
    expect((await read(second.origin)).object).toEqual(['one']);
  });
});

describe('the program', () => {
  test('prints one line with its origin, its processes and a claim code, and ends cleanly when asked', async () => {
    const [ready, processes] = await launched(['--hosts', 'a.test,b.test']);
    expect(ready.code).toMatch(/^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    expect((await fetch(ready.origin)).status).toBe(200);
    processes.kill('SIGTERM');
    expect(await once(processes, 'exit')).toEqual([0, null]);
    expect(() => process.kill(ready.workerdPid, 0)).toThrow('ESRCH');
  });

  test('refuses a folder on which another edge runs', async () => {
    const [ready] = await launched([]);
    await expect(started()).rejects.toThrow(`process ${ready.pid} already runs`);
  });

  test('stores a claim code as its hash only', async () => {
    const edge = await started();
    const code = await edge.issueClaimCode(['A.test', 'garten-für-alle.test', 'localhost:8780']);
    const rows = await edge.query<Record<string, unknown>>('SELECT * FROM claim_codes');
    expect(rows).toMatchObject([
      { hosts: '["a.test","xn--garten-fr-alle-nsb.test","localhost:8780"]', replaces: null },
    ]);
    expect(JSON.stringify(rows)).not.toContain(code.replaceAll('-', ''));
    for (const host of ['https://a.test', 'a.test/path', 'a b', 'user@a.test', 'a.test?x', '']) {
      await expect(edge.issueClaimCode([host])).rejects.toThrow('is not a host name');
    }
  });

  test('keeps the book of migrations as Wrangler does and applies each once', async () => {
    const edge = await started();
    const book = async (): Promise<unknown[]> => await edge.query('SELECT id, name FROM d1_migrations');
    const names = readdirSync('migrations/edge').sort((a, b) => (a < b ? -1 : 1));
    expect(await book()).toEqual(names.map((name, at) => ({ id: at + 1, name })));
    await edge.stop();
    cleanups.pop();
    const again = await started();
    expect(await again.query('SELECT id, name FROM d1_migrations')).toHaveLength(names.length);
  });

  test('speaks HTTPS with a certificate of its own, and the Worker sees that origin', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const edge = await started({ tls: { key, cert } });
    const seen = await new Promise<string>((resolve, reject) => {
      const request = https.get(`${edge.origin}/where`, { rejectUnauthorized: false }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      });
      request.once('error', reject);
    });
    expect(JSON.parse(seen)).toMatchObject({ url: `https://localhost:${edge.port}/where` });
  });
});

describe('the network of the local edge', () => {
  test('does not reach this machine, by address, by name or by a redirect from a named origin', async () => {
    const secret = await listening(http.createServer((_, response) => response.end('secret')));
    const redirecting = await listening(
      http.createServer((_, response) => {
        response.writeHead(302, { Location: `http://127.0.0.1:${secret}/` }).end();
      }),
    );
    const edge = await started({ devKeyOrigins: [`http://127.0.0.1:${redirecting}`] });
    for (const url of [
      `http://127.0.0.1:${secret}/`,
      `http://localhost:${secret}/`,
      `http://[::1]:${secret}/`,
      `http://10.0.0.1/`,
      `http://169.254.169.254/latest/meta-data/`,
      `http://127.0.0.1:${redirecting}/`,
    ]) {
      const answer = await probeFetch(edge.origin, url);
      expect(answer.text, url).toBeUndefined();
      expect(answer.refused, url).toBeDefined();
    }
  });

  test('reaches the origins named for development and a resolver on loopback', async () => {
    const named = await listening(http.createServer((_, response) => response.end('a key')));
    const resolver = await listening(http.createServer((_, response) => response.end('a record')));
    const dnsResolver = `http://127.0.0.1:${resolver}/dns-query`;
    const edge = await started({ devKeyOrigins: [`http://localhost:${named}`], dnsResolver });
    expect((await probeFetch(edge.origin, `http://localhost:${named}/key`)).text).toBe('a key');
    expect((await probeFetch(edge.origin, `${dnsResolver}?name=a.test`)).text).toBe('a record');
    expect((await probeFetch(edge.origin, `http://127.0.0.1:${named}/key`)).refused).toBeDefined();
    const { vars } = (await (await fetch(edge.origin)).json()) as { vars: string[] };
    expect(vars).toEqual([dnsResolver, `http://localhost:${named}`]);
  });

  test('trusts a certificate authority named by NODE_EXTRA_CA_CERTS, and no other unknown one', async () => {
    const ca = await generate([{ name: 'commonName', value: 'An authority' }], {
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      ca: { key: ca.private, cert: ca.cert },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const authority = join(folder, 'ca.pem');
    writeFileSync(authority, ca.cert);
    const port = await listening(https.createServer({ key, cert }, (_, response) => response.end('over TLS')));
    const named = `https://localhost:${port}`;
    const [trusting] = await launched(['--dev-key-origins', named], { NODE_EXTRA_CA_CERTS: authority });
    expect((await probeFetch(trusting.origin, named)).text).toBe('over TLS');
    const wary = await started({ dataDir: join(folder, 'other'), devKeyOrigins: [named] });
    expect((await probeFetch(wary.origin, named)).text).toBeUndefined();
  });
});
