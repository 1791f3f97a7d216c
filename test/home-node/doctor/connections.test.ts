// Before real sockets: certificates that do not hold, doors that are shut, answers that never end. Each is told apart.

import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { edgeCheck } from '../../../home-node/doctor/checks/edge.ts';
import { connectionTroubleOf } from '../../../home-node/doctor/connection-trouble.ts';
import { type SystemPorts, systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { selfSigned } from '../../support/certificates.ts';
import { development, examOf, findingsOf, theEdge } from './exams.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function ports(options: { readonly ca?: string; readonly askMs?: number } = {}): SystemPorts {
  const made = systemPorts({ clock: systemClock, nameServers: ['127.0.0.1:1'], ...options });
  cleanups.push(() => made.close());
  return made;
}

/** An edge that knows this home, behind this certificate. */
const knows: RequestListener = (request, response) => {
  if (request.url === '/.porchlight/v1/edge') return response.end(JSON.stringify(theEdge));
  response.writeHead(426, { 'content-type': 'application/problem+json' });
  return response.end('{"code":"not-a-websocket"}');
};

async function findingAt(origin: string, with_ = ports()) {
  const findings = await findingsOf(edgeCheck, examOf(development(origin)), with_);
  return { findings, first: findings[0] };
}

describe('an edge behind TLS', () => {
  async function behind(made: { key: string; cert: string }, trusted = true) {
    const port = await listen(createHttpsServer(made, knows));
    return await findingAt(`https://localhost:${port}`, ports(trusted ? { ca: made.cert } : {}));
  }

  test('whose certificate holds is well', async () => {
    const { findings } = await behind(await selfSigned(-1, 60));
    expect(findings).toMatchObject([{ verdict: 'well', found: expect.stringContaining('version 1.2.3') }]);
  });

  test('whose certificate ends within limits.certificateEndsMs is warned of', async () => {
    const days = limits.certificateEndsMs / (24 * 3_600_000);
    const { findings } = await behind(await selfSigned(-1, days - 0.5));
    expect(findings).toMatchObject([
      { verdict: 'well' },
      { verdict: 'warning', found: 'its certificate ends in 6 days', cure: expect.stringContaining('renewed') },
    ]);
    expect((await behind(await selfSigned(-1, days + 0.5))).findings).toHaveLength(1);
  });

  test.each([
    ['has expired', -3, -1],
    ['is not yet valid', 1, 3],
  ])('whose certificate %s: home’s clock is named, because that may be why', async (words, from, to) => {
    const { first } = await behind(await selfSigned(from, to));
    expect(first?.verdict).toBe('fault');
    expect(first?.found).toMatch(new RegExp(`its certificate ${words} by home's clock, which says \\d{4}-`));
    expect(first?.cure).toContain('set-ntp');
  });

  test('whose certificate is for another name: the clock is not named', async () => {
    const { first } = await behind(await selfSigned(-1, 60, ['other.example']));
    expect(first).toMatchObject({ verdict: 'fault', cure: expect.stringContaining('custom domain') });
    expect(first?.found).toContain('for other names');
  });

  test('whose certificate is by nobody that this machine knows', async () => {
    const { first } = await behind(await selfSigned(-1, 60), false);
    expect(first).toMatchObject({ verdict: 'fault', cure: expect.stringContaining('captive portal') });
  });

  test('that speaks no TLS at all', async () => {
    const port = await listen(createServer(knows));
    const { first } = await findingAt(`https://localhost:${port}`);
    expect(first).toMatchObject({ verdict: 'fault', found: expect.stringContaining('no TLS') });
  });
});

describe('a door', () => {
  test('that is shut', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const { first } = await findingAt(`http://localhost:${port}`);
    expect(first).toMatchObject({ verdict: 'fault', found: expect.stringContaining('connection refused') });
  });

  test('that closes without a word', async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()));
    const { first } = await findingAt(`http://localhost:${port}`);
    expect(first).toMatchObject({ verdict: 'fault', found: expect.stringContaining('the connection broke') });
  });

  test('behind which nobody speaks is left after limits.doctorAskMs if nothing else is said', async () => {
    const port = await listen(createTcpServer((socket) => cleanups.push(() => socket.destroy())));
    const trouble = await ports({ askMs: 50 })
      .ask({ origin: `http://127.0.0.1:${port}`, target: '/' })
      .catch((thrown: unknown) => connectionTroubleOf(thrown, systemClock));
    expect(trouble).toMatchObject({ kind: 'silent', found: 'no answer came in time' });
  });

  test.each([
    ['ENOTFOUND', 'name'],
    ['EAI_AGAIN', 'name'],
    ['ENETUNREACH', 'no-route'],
    ['EHOSTUNREACH', 'no-route'],
    ['ETIMEDOUT', 'silent'],
    ['EPROTO', 'tls'],
    ['ESOMETHING', 'broken'],
  ])('%s is %s', (code, kind) => {
    const thrown = Object.assign(new Error('x'), { code });
    expect(connectionTroubleOf(thrown, systemClock)).toMatchObject({ kind, cure: expect.stringMatching(/.{20}/) });
  });
});

describe('an answer', () => {
  test('without end is read to limits.doctorAnswerBytes and no further', async () => {
    const port = await listen(
      createServer((_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      }),
    );
    const answer = await ports().ask({ origin: `http://127.0.0.1:${port}`, target: '/' });
    expect(answer.body).toHaveLength(limits.doctorAnswerBytes);
  });

  test('is asked for by the target as it stands, and a redirect is not followed', async () => {
    const asked: (string | undefined)[] = [];
    const port = await listen(
      createServer((request, response) => {
        asked.push(request.url);
        response.writeHead(302, { location: '/elsewhere' }).end();
      }),
    );
    const target = "/a//b/./%41%2e/..;:@!$'()*,=+?b=2&a=1&&c=+";
    const answer = await ports().ask({ origin: `http://127.0.0.1:${port}`, target });
    expect([answer.status, answer.headers.location, asked]).toEqual([302, '/elsewhere', [target]]);
  });
});
