// A night of a home whose service shows its documents only to who signs: through a real edge, over HTTP, real libraries ask
// for them, honestly and not. Plain HTTP on loopback: what is shown is who is answered, not TLS.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  getAuthenticatedDocumentLoader,
  type HttpMessageSignaturesSpec,
  type HttpMessageSignaturesSpecDeterminer,
} from '@fedify/fedify';
import { FetchError } from '@fedify/vocab-runtime';
import httpSignature from '@peertube/http-signature';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { setOff } from '../support/peers/matrix/evening-clock.ts';
import { type Question, type QuestionSigner, questionSigners } from '../support/peers/question-signers.ts';
import { SecureService } from '../support/peers/secure-service.ts';
import { freePort } from '../support/ports.ts';
import { Program, until } from '../support/processes.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const activityJson = 'application/activity+json';
const hour = 3_600_000;
const newKeys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const keys = newKeys();
const other = newKeys();

let folder: string;
let edge: LocalEdge;
let host: string;
let code: string;
let service: SecureService;
let peers: Server;
let peerOrigin: string;
let home: Program | null = null;

/** People at the peers' server, by name; what their server answers for them, and for their names. */
const people: Readonly<Record<string, (id: string) => readonly [status: number, body?: unknown]>> = {
  ann: (id) => [200, actorOf(id)],
  // Her name is of a domain that home blocks.
  eve: (id) => [200, actorOf(id)],
  // Her key says that it is somebody's elsewhere.
  una: (id) => [200, actorOf(id, 'https://elsewhere.example/users/una')],
  gone: () => [410],
  nobody: () => [404],
  failing: () => [500],
  garbage: () => [200, { type: 'Person' }],
  // Shown only to who signs.
  sue: (id) => [200, actorOf(id)],
};

function actorOf(id: string, owner = id): unknown {
  const publicKey = { id: `${id}#main-key`, owner, publicKeyPem: keys.publicKey };
  return { id, type: 'Person', preferredUsername: id.split('/').at(-1), inbox: `${id}/inbox`, publicKey };
}

const personOf = (name: string): string => `${peerOrigin}/users/${name}`;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Over HTTP to the edge, whatever Host it names. */
async function ask(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: edge.port, path, method, headers: { host, ...headers } };
    httpRequest(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

async function documentAt(address: string): Promise<unknown> {
  const { origin, pathname, host: named } = new URL(address);
  if (origin === peerOrigin) return (await fetch(address)).json();
  return JSON.parse((await ask(pathname, { host: named, accept: activityJson })).body);
}

/** What a person's server shows; the edge's own signature is looked at where it wants one. */
async function startPeers(): Promise<void> {
  peers = createServer((request, response) => {
    const url = new URL(request.url ?? '/', peerOrigin);
    const say = (status: number, body: unknown, type = activityJson): void => {
      response.writeHead(status, { 'content-type': type }).end(body === undefined ? '' : JSON.stringify(body));
    };
    if (url.pathname === '/.well-known/webfinger') {
      const name = /^acct:(\w+)@/.exec(url.searchParams.get('resource') ?? '')?.[1] ?? '';
      const domain = name === 'eve' ? 'evil.example' : url.host;
      say(name in people ? 200 : 404, { subject: `acct:${name}@${domain}`, links: [] }, 'application/jrd+json');
      return;
    }
    const name = url.pathname.replace('/users/', '');
    const [status, body] = people[name]?.(personOf(name)) ?? [404];
    if (name !== 'sue') {
      say(status, body);
      return;
    }
    let parsed: ReturnType<typeof httpSignature.parseRequest>;
    try {
      const wanted = ['(request-target)', 'host', 'date'];
      parsed = httpSignature.parseRequest(request, { headers: wanted, authorizationHeaderName: 'signature' });
    } catch {
      say(401, undefined);
      return;
    }
    void documentAt(parsed.keyId).then((document) => {
      const { publicKey } = document as { publicKey: { publicKeyPem: string } };
      const holds = httpSignature.verifySignature(parsed, publicKey.publicKeyPem);
      say(holds ? status : 401, holds ? body : undefined);
    });
  });
  const port = await freePort();
  peerOrigin = `http://localhost:${port}`;
  await new Promise<void>((resolve) => peers.listen(port, '127.0.0.1', resolve));
}

async function awake(): Promise<void> {
  const args = ['home-node/main.ts', '--home', join(folder, 'home'), '--claim', code, '--log', 'debug'];
  const started = new Program('home', args);
  home = started;
  await until('the service answers through the edge', async () => {
    const answer = await ask('/users/zoe', { accept: activityJson });
    return answer.body === SecureService.refusal ? true : null;
  });
  await until('home has left a snapshot', () => (started.log.includes('Left snapshot') ? true : null));
}

/** Its documents are at the edge then. */
async function asleep(): Promise<void> {
  await home?.stop();
  home = null;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-signed-questions-'));
  await startPeers();
  edge = await startEdge({
    port: 0,
    dataDir: join(folder, 'edge'),
    devKeyOrigins: [peerOrigin],
    onLine: () => undefined,
  });
  host = `localhost:${edge.port}`;
  code = await edge.issueClaimCode([host, `www.${host}`]);
  const [port, databaseFile] = [await freePort(), join(folder, 'service.db')];
  service = await SecureService.start({ port, origin: `http://${host}`, databaseFile, documentAt });
  service.blocks(['evil.example', 'wicked.example']);
  mkdirSync(join(folder, 'home'));
  writeFileSync(
    join(folder, 'home', 'porchlight.toml'),
    `domain = "www.${host}"
edge = "http://${host}"
[development]
allow_private_addresses = true
[[services]]
name = "social"
kind = "gotosocial"
hosts = ["${host}"]
url = "http://127.0.0.1:${port}"
database = "${databaseFile}"
authorized_fetch = true
`,
  );
  await awake();
  await asleep();
});

afterAll(async () => {
  setOff(0);
  await home?.kill();
  await edge?.stop();
  await service?.close();
  peers?.closeAllConnections();
  await new Promise((resolve) => peers?.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function questionOf(path: string, changes: Partial<Question> & { readonly by?: string } = {}): Question {
  const { by = 'ann', ...rest } = changes;
  return {
    method: 'GET',
    url: new URL(`http://${host}${path}`),
    keyId: `${personOf(by)}#main-key`,
    privateKeyPem: keys.privateKey,
    ...rest,
  };
}

/** Signed for one question, and sent with another, or the same. */
async function sent(sign: QuestionSigner, question: Question, path = question.url.pathname): Promise<Answer> {
  const { host: _, ...headers } = await sign(question);
  return await ask(path, headers, question.method);
}

test('what the edge asked for at bedtime, it signed, and the service found that proven', () => {
  const shown = ['/users/zoe', '/users/zoe/outbox', '/users/zoe/statuses/1'].map((path) => `GET ${path} 200`);
  expect(service.answered).toEqual(expect.arrayContaining(shown));
});

describe.each(Object.entries(questionSigners))('at night, asked by %s', (_, sign) => {
  test.each(['/users/zoe', '/users/zoe/outbox', '/users/zoe/statuses/1'])('%s is given word for word', async (path) => {
    const answer = await sent(sign, questionOf(path));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, service.documents[path]]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', vary: 'Accept, Signature' });
    const head = await sent(sign, questionOf(path, { method: 'HEAD' }));
    expect([head.status, head.body]).toEqual([200, '']);
  });

  test('a peer that shows its key only to who signs is believed', async () => {
    expect((await sent(sign, questionOf('/users/zoe', { by: 'sue' }))).status).toBe(200);
  });

  test('whose name is of a blocked domain is refused, though its host is not', async () => {
    expect((await sent(sign, questionOf('/users/zoe', { by: 'eve' }))).status).toBe(403);
  });

  test.each<[string, () => Promise<Answer>]>([
    ['for another path', async () => await sent(sign, questionOf('/users/zoe/outbox'), '/users/zoe')],
    [
      'for another host',
      async () => await sent(sign, questionOf('', { url: new URL(`http://www.${host}/users/zoe`) })),
    ],
    [
      'for another method',
      async () => {
        const { host: own, ...headers } = await sign(questionOf('/users/zoe', { method: 'HEAD' }));
        expect(own).toBe(host);
        return await ask('/users/zoe', headers);
      },
    ],
    ['with another key', async () => await sent(sign, questionOf('/users/zoe', { privateKeyPem: other.privateKey }))],
    ['with a key of an owner elsewhere', async () => await sent(sign, questionOf('/users/zoe', { by: 'una' }))],
    ['with a key that is gone (410)', async () => await sent(sign, questionOf('/users/zoe', { by: 'gone' }))],
    ['with a key that is not there (404)', async () => await sent(sign, questionOf('/users/zoe', { by: 'nobody' }))],
    ['with what is no key', async () => await sent(sign, questionOf('/users/zoe', { by: 'garbage' }))],
    ['two hours ago', async () => await atHour(-2, sign)],
    ['in two hours', async () => await atHour(2, sign)],
  ])('what is signed %s is not proven', async (_what, asked) => {
    const answer = await asked();
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Signature headers="(request-target) host date"',
    ]);
  });

  test('a signature that was changed by one character is not proven', async () => {
    const { host: _host, ...headers } = await sign(questionOf('/users/zoe'));
    const signature = Object.entries(headers).find(([name]) => name.toLowerCase() === 'signature') ?? ['', ''];
    const changed = signature[1].replace(/(signature="|=:)(.)/, (_all, begin: string, first: string) => {
      return `${begin}${first === 'A' ? 'B' : 'A'}`;
    });
    expect(changed).not.toBe(signature[1]);
    expect((await ask('/users/zoe', { ...headers, [signature[0]]: changed })).status).toBe(401);
  });

  test('whose key cannot be had now is told to come again', async () => {
    const answer = await sent(sign, questionOf('/users/zoe', { by: 'failing' }));
    expect([answer.status, Number(answer.headers['retry-after']) >= 300]).toEqual([503, true]);
  });

  test('what was for followers alone, and what never was, is told alike: come again', async () => {
    const told = await Promise.all(
      ['/users/zoe/statuses/2', '/users/zoe/statuses/9'].map(async (path) => await sent(sign, questionOf(path))),
    );
    for (const { status, body } of told) expect([status, body]).toEqual([503, told[0]?.body]);
  });
});

async function atHour(hours: number, sign: QuestionSigner): Promise<Answer> {
  setOff(hours * hour);
  try {
    return await sent(sign, questionOf('/users/zoe'));
  } finally {
    setOff(0);
  }
}

test('who does not sign is told to, whatever is there or not; keys are for all', async () => {
  const told: Answer[] = [];
  for (const path of ['/users/zoe', '/users/zoe/statuses/1', '/users/zoe/statuses/2', '/users/zoe/statuses/9']) {
    told.push(await ask(path, { accept: activityJson }));
  }
  for (const { status, body } of told) expect([status, body]).toEqual([401, told[0]?.body]);
  const key = await ask('/users/zoe/main-key', { accept: activityJson });
  expect([key.status, JSON.parse(key.body)]).toMatchObject([200, { id: `http://${host}/users/zoe` }]);
});

/** Which kind of signature it knocks with first, and what it remembers of the edge. */
class Knocks implements HttpMessageSignaturesSpecDeterminer {
  remembered: string | null = null;
  readonly #first: HttpMessageSignaturesSpec;
  constructor(first: HttpMessageSignaturesSpec) {
    this.#first = first;
  }
  determineSpec(): HttpMessageSignaturesSpec {
    return this.#first;
  }
  rememberSpec(_origin: string, spec: HttpMessageSignaturesSpec): void {
    this.remembered = spec;
  }
}

async function loaded(by: string, path: string, first: HttpMessageSignaturesSpec, privateKeyPem = keys.privateKey) {
  const { privateKey } = await keyPairOf(privateKeyPem);
  const specDeterminer = new Knocks(first);
  const keyId = new URL(`${personOf(by)}#main-key`);
  const loader = getAuthenticatedDocumentLoader({ keyId, privateKey }, { allowPrivateAddress: true, specDeterminer });
  try {
    return { document: (await loader(`http://${host}${path}`)).document, remembered: specDeterminer.remembered };
  } catch (thrown) {
    if (thrown instanceof FetchError) return { status: Number(/\b(\d{3})\b/.exec(thrown.message)?.[1]) };
    throw thrown;
  }
}

describe('Fedify’s authenticated document loader, at night,', () => {
  test.each(['draft-cavage-http-signatures-12', 'rfc9421'] as const)('knocking with %s first', async (first) => {
    for (const path of ['/users/zoe', '/users/zoe/statuses/1']) {
      expect(await loaded('ann', path, first)).toMatchObject({ document: service.documents[path] });
    }
    expect(await loaded('sue', '/users/zoe', first)).toMatchObject({ document: service.documents['/users/zoe'] });
    expect(await loaded('eve', '/users/zoe', first)).toEqual({ status: 403 });
    expect(await loaded('ann', '/users/zoe', first, other.privateKey)).toEqual({ status: 401 });
    expect(await loaded('failing', '/users/zoe', first)).toEqual({ status: 503 });
  });
});

async function keyPairOf(pem: string) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return { privateKey: await crypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']) };
}

describe('after another day, on which home blocked the peers’ host', () => {
  beforeAll(async () => {
    service.blocks(['localhost']);
    await awake();
  });

  test('the service itself answers while it is awake', async () => {
    const { '@peertube/http-signature': sign } = questionSigners;
    if (sign === undefined) throw new Error('There is no such signer.');
    const answer = await sent(sign, questionOf('/users/zoe'));
    // It is asked by its own library, and knows nothing of blocks.
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, service.documents['/users/zoe']]);
    expect(answer.headers).not.toHaveProperty('cache-status');
    expect((await ask('/users/zoe', { accept: activityJson })).body).toBe(SecureService.refusal);
    // Its library knows draft-cavage alone: after a first knock by RFC 9421 Fedify knocks again.
    expect(await loaded('ann', '/users/zoe', 'rfc9421')).toEqual({
      document: service.documents['/users/zoe'],
      remembered: 'draft-cavage-http-signatures-12',
    });
  });

  test('all of them are refused at night, proven or not, and who does not sign is told to', async () => {
    await asleep();
    const { '@peertube/http-signature': any } = questionSigners;
    if (any === undefined) throw new Error('There is no such signer.');
    // The edge remembers for a few seconds what home left before.
    await until('the edge goes by what home left now', async () => {
      return (await sent(any, questionOf('/users/zoe'))).status === 403 ? true : null;
    });
    for (const [name, sign] of Object.entries(questionSigners)) {
      for (const by of ['ann', 'sue', 'failing', 'gone']) {
        expect([name, by, (await sent(sign, questionOf('/users/zoe', { by }))).status]).toEqual([name, by, 403]);
      }
    }
    expect((await ask('/users/zoe', { accept: activityJson })).status).toBe(401);
  });
});
