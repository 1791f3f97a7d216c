// The operator's client before the edge as it is on this machine, and before what else may answer there.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { claim } from '../../../home-node/claim.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import type { KeyPair } from '../../../home-node/key-file.ts';
import { OperatorClient } from '../../../home-node/operator/client.ts';
import { openOperatorKey, operatorKeyVariable, readOperatorKey } from '../../../home-node/operator/operator-key.ts';
import { type LocalEdge, startEdge } from '../../../local/edge.ts';
import { type Clock, systemClock, systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let edge: LocalEdge;
let key: KeyPair;
const clients: OperatorClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-operator-'));
  key = await openOperatorKey(join(folder, 'operator-key.json'));
  const operatorKey = operatorKeyVariable(key.publicKey);
  edge = await startEdge({ port: 0, dataDir: join(folder, 'edge'), operatorKey });
});

afterAll(async () => {
  await edge?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

function client(change: { edge?: string; key?: KeyPair; clock?: Clock } = {}): OperatorClient {
  const made = new OperatorClient({
    edge: edge.origin,
    key,
    clock: systemClock,
    random: systemRandom,
    retryMs: 1,
    ...change,
  });
  clients.push(made);
  return made;
}

/** A home that claims these hosts. */
async function claimed(...hosts: string[]): Promise<string> {
  const home = mkdtempSync(join(folder, 'home-'));
  const { code } = await client().issueCode(hosts);
  return (await claim(home, edge.origin, await openHomeKey(home), code)).homeId;
}

describe('the operator’s client', () => {
  test('issues codes that let a home in, lists them, and drops them by code or by hash', async () => {
    const operator = client();
    const homeId = await claimed('one.test', 'www.one.test');
    expect(await operator.homes()).toMatchObject([{ homeId, hosts: ['one.test', 'www.one.test'], revokedAt: null }]);
    const first = await operator.issueCode(['two.test']);
    expect(first).toMatchObject({ code: expect.stringMatching(/^(\w{4}-){6}\w{4}$/), hosts: ['two.test'] });
    expect((await operator.issueCode(['one.test'])).replaces).toBe(homeId);
    const [left, right] = await operator.codes();
    await operator.dropCode(first.code.toLowerCase());
    await operator.dropCode([left, right].find((code) => code?.replaces === homeId)?.hashPrefix ?? '');
    expect(await operator.codes()).toEqual([]);
    await expect(operator.dropCode('nonsense')).rejects.toMatchObject({ reason: 'no-code' });
    await expect(operator.dropCode('odd!')).rejects.toMatchObject({ code: 'claim-code-malformed' });
    await expect(operator.issueCode([])).rejects.toMatchObject({ reason: 'code-hosts' });
  });

  test('revokes by home or host, and releases a host for another home', async () => {
    const operator = client();
    const homeId = await claimed('three.test', 'x.three.test');
    expect(await operator.revoke('three.test')).toMatchObject({ homeId, revokedAt: expect.any(Number) });
    expect(await operator.revoke(homeId)).toMatchObject({ homeId });
    expect(await operator.release('x.three.test')).toMatchObject({ homeId });
    expect(await claimed('x.three.test')).not.toBe(homeId);
    await expect(operator.release('nobody.test')).rejects.toMatchObject({ code: 'no-home' });
    await expect(operator.revoke('nobody.test')).rejects.toMatchObject({ code: 'no-home' });
  });

  test('by a wrong clock is told both times', async () => {
    const clock = { now: () => systemClock.now() + 2 * limits.operatorClockOffMs };
    await expect(client({ clock }).homes()).rejects.toMatchObject({
      code: 'operator-clock',
      message: expect.stringMatching(/signed at .*Z, by this edge's clock it is .*Z; set the clock/),
    });
  });

  test('with a key that this edge does not know is told which one to set', async () => {
    const other = await openOperatorKey(join(folder, 'other-key.json'));
    await expect(client({ key: other }).homes()).rejects.toMatchObject({
      code: 'operator-unknown',
      message: expect.stringContaining(`OPERATOR_KEY of the Worker to ${other.publicKey.x}`),
    });
  });

  test('at an edge that is not there says so', async () => {
    await expect(client({ edge: 'http://127.0.0.1:9' }).homes()).rejects.toMatchObject({ code: 'edge-unreachable' });
  });
});

describe('before something else', () => {
  let server: Server;
  let listener: RequestListener;
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    server = createServer((request, response) => {
      asked += 1;
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const there = (): OperatorClient => client({ edge: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  test('that is no edge, or has no operator, the client says what to do', async () => {
    listener = (_, response) => response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Parked</h1>');
    await expect(there().codes()).rejects.toMatchObject({
      code: 'not-an-edge',
      message: expect.stringContaining('is no Porchlight edge'),
    });
    listener = (_, response) => response.writeHead(404).end('{"code":"no-operator"}');
    await expect(there().codes()).rejects.toMatchObject({ code: 'operator-unknown' });
  });

  test('that breaks off or fails, the client asks again, with the same code', async () => {
    const paths = new Set<string | undefined>();
    listener = (request, response) => {
      paths.add(request.url);
      if (asked === 1) request.socket.destroy();
      else if (asked === 2) response.writeHead(503).end('{"code":"internal"}');
      else response.end('{"hosts":["a.test"],"expiresAt":1,"replaces":null}');
    };
    expect(await there().issueCode(['a.test'])).toMatchObject({ hosts: ['a.test'] });
    expect([asked, paths.size]).toEqual([3, 1]);
    listener = (_, response) => response.writeHead(500).end('{"code":"internal"}');
    await expect(there().homes()).rejects.toMatchObject({ code: 'edge-refused', reason: 'internal' });
  });
});

describe('the operator’s key', () => {
  test('is a file that only its owner may read, made once, and missed by name when it is read', async () => {
    const path = join(folder, 'operator-key.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await readOperatorKey(path)).publicKey).toEqual(key.publicKey);
    expect(operatorKeyVariable(key.publicKey)).toMatch(/^[\w-]{43}$/);
    expect(readFileSync(path, 'utf8')).not.toContain('undefined');
    await expect(readOperatorKey(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'operator-key-file' });
  });
});
