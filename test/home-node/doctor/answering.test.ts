// What answers at the owner's names: the right edge, another one, Cloudflare without a Worker, a bot challenge, a rewriting
// rule. The world is handed in, because none of it can be had on one machine.

import { describe, expect, test } from 'vitest';
import { addressesCheck } from '../../../home-node/doctor/checks/addresses.ts';
import { callersCheck } from '../../../home-node/doctor/checks/callers.ts';
import { clockCheck, clockOffMs } from '../../../home-node/doctor/checks/clock.ts';
import { edgeCheck } from '../../../home-node/doctor/checks/edge.ts';
import { versionsCheck } from '../../../home-node/doctor/checks/versions.ts';
import type { Answer, Question } from '../../../home-node/doctor/ports.ts';
import { limits } from '../../../shared/limits.ts';
import {
  answerOf,
  configOf,
  edgePorts,
  examOf,
  findingsOf,
  nodeReport,
  now,
  portsOf,
  problemOf,
  production,
  theEdge,
} from './exams.ts';

const exam = examOf(production);
const html = { 'content-type': 'text/html; charset=UTF-8' };
const challenge = answerOf(403, '<html>Just a moment...</html>', {
  ...html,
  'cf-mitigated': 'challenge',
  server: 'cloudflare',
});
/** The same to every question. */
const always = (answer: Answer) => portsOf({ lookup: async () => ['104.16.0.1'], ask: async () => answer });

describe('the edge', () => {
  const door = (answer: Answer) => edgePorts(async () => await Promise.resolve(answer));

  test('that knows this home by this name is well', async () => {
    const targets: string[] = [];
    const ports = edgePorts(async ({ target }) => {
      targets.push(target);
      return await Promise.resolve(problemOf(426, 'not-a-websocket'));
    });
    expect(await findingsOf(edgeCheck, exam, ports)).toMatchObject([{ subject: 'example.org', verdict: 'well' }]);
    expect(targets).toEqual(['/.porchlight/v1/link?home=h1']);
  });

  test('that does not know it there is another one, or the name was never claimed', async () => {
    expect(await findingsOf(edgeCheck, exam, door(problemOf(403, 'not-this-home')))).toMatchObject([
      { verdict: 'fault', cure: expect.stringContaining('another edge than https://example.org') },
    ]);
  });

  test('whose door is kept by somebody else says so', async () => {
    expect(await findingsOf(edgeCheck, exam, door(answerOf(403, 'no', html)))).toMatchObject([
      { verdict: 'fault', cure: expect.stringContaining('exempt') },
    ]);
  });

  test('before a claim cannot be told from any other', async () => {
    const unclaimed = examOf(production, { claimed: null });
    const ports = edgePorts(async () => await Promise.reject(new Error('not asked')));
    expect(await findingsOf(edgeCheck, unclaimed, ports)).toMatchObject([{ verdict: 'unchecked' }]);
  });

  test('that is older than the question is one all the same', async () => {
    const ports = portsOf({
      lookup: async () => ['104.16.0.1'],
      ask: async ({ target }) =>
        target.startsWith('/.porchlight/v1/link') ? problemOf(426, 'not-a-websocket') : problemOf(404, 'no-such-call'),
    });
    expect(await findingsOf(edgeCheck, exam, ports)).toMatchObject([{ verdict: 'well' }]);
    expect(await findingsOf(versionsCheck, exam, ports)).toMatchObject([
      { verdict: 'warning', cure: expect.stringContaining('update') },
    ]);
  });

  test.each([
    [
      'a web server',
      answerOf(200, '<html>hello</html>', { ...html, server: 'nginx' }),
      'from nginx',
      'remove the old record',
    ],
    [
      'one that calls itself otherwise',
      answerOf(200, { ...theEdge, software: 'x' }),
      'no Porchlight edge',
      'point to the edge',
    ],
    [
      'one with an unreadable report',
      answerOf(200, { ...theEdge, version: 1 }),
      'no Porchlight edge',
      'point to the edge',
    ],
    [
      'Cloudflare without a Worker',
      answerOf(530, 'error 1016', { 'cf-ray': '1', server: 'cloudflare' }),
      '530',
      'not by the Worker',
    ],
    ['a redirect', answerOf(301, '', { location: 'https://www.example.org/' }), 'https://www.example.org/', 'redirect'],
    ['a bot challenge', challenge, '403 text/html from cloudflare', 'bot challenge'],
  ])('that is %s is none, with its cure', async (_, answer, found, cure) => {
    expect(await findingsOf(edgeCheck, exam, always(answer))).toMatchObject([
      { verdict: 'fault', found: expect.stringContaining(found), cure: expect.stringContaining(cure) },
    ]);
  });
});

describe('versions', () => {
  const at = (says: object) => always(answerOf(200, { ...theEdge, ...says }));

  test('that are the same are well', async () => {
    expect(await findingsOf(versionsCheck, exam, at({}))).toMatchObject([
      { verdict: 'well', found: 'home is 1.2.3, the edge 1.2.3 (build abc); link version 1' },
    ]);
  });

  test.each([
    ['1.3.0', 'Porchlight at home'],
    ['1.2.10', 'Porchlight at home'],
    ['1.2.2', 'the edge'],
    ['0.9.9', 'the edge'],
  ])('of which the edge’s is %s: %s is to be updated', async (version, which) => {
    const [finding] = await findingsOf(versionsCheck, exam, at({ version }));
    expect(finding).toMatchObject({ verdict: 'warning', cure: expect.stringContaining(`update ${which}`) });
    const [apart] = await findingsOf(versionsCheck, exam, at({ version, linkVersions: [77] }));
    expect(apart).toMatchObject({ verdict: 'fault', cure: `Update ${which}.` });
  });

  test('of a home node that was not started again', async () => {
    const running = examOf(production, { node: nodeReport({ version: '1.0.0' }) });
    expect(await findingsOf(versionsCheck, running, at({}))).toMatchObject([
      { subject: 'home node', verdict: 'warning', cure: expect.stringContaining('again') },
      { verdict: 'well' },
    ]);
  });
});

describe("home's clock", () => {
  /** The edge says this time; home's clock stands at `now`. */
  const at = (edgeTime: number) => edgePorts(async () => answerOf(200, {}, { date: new Date(edgeTime).toUTCString() }));

  test.each([
    ['agrees', 0, 'well'],
    ['agrees, nearly', limits.clockWarnMs, 'well'],
    ['is ahead', -(limits.clockWarnMs + 2_000), 'warning'],
    ['is behind', limits.clockWarnMs + 2_000, 'warning'],
    ['is far ahead', -(limits.homeClockOffMs + 2_000), 'fault'],
    ['is far behind', limits.homeClockOffMs + 2_000, 'fault'],
  ] as const)('that %s', async (_, edgeAheadMs, verdict) => {
    const [finding] = await findingsOf(clockCheck, exam, at(now + edgeAheadMs));
    expect(finding?.verdict).toBe(verdict);
    if (verdict === 'well') return;
    expect(finding?.found).toContain(edgeAheadMs > 0 ? 'behind' : 'ahead of');
    expect(finding?.cure).toContain('set-ntp');
  });

  test('is not blamed for an answer that took long', () => {
    const answer = { ...answerOf(200, '', { date: new Date(now).toUTCString() }), askedAt: now - 7_000 };
    expect(clockOffMs({ ...answer, answeredAt: now + 7_000 })).toBe(0);
  });

  test('cannot be judged without a time to compare it with', async () => {
    expect(
      await findingsOf(
        clockCheck,
        exam,
        edgePorts(async () => answerOf(200, {})),
      ),
    ).toMatchObject([{ verdict: 'unchecked' }]);
    expect(await findingsOf(clockCheck, exam, always(challenge))).toMatchObject([{ verdict: 'unchecked' }]);
  });
});

describe('addresses', () => {
  const echoPath = '/.porchlight/v1/echo/';
  const rewriting = (rewrite: (target: string) => string) =>
    edgePorts(async ({ target }) => answerOf(200, { url: echoPath + rewrite(target.slice(echoPath.length)) }));
  const decoded = (target: string): string =>
    target
      .replace(/%(4[1-9a-f]|5[\da]|6[1-9a-f]|7[\da]|3\d|2d|2e|5f|7e)/gi, (code) => decodeURIComponent(code))
      .replace(/%[\da-f]{2}/gi, (code) => code.toUpperCase());

  test('that come back as they were sent are well, by one question', async () => {
    let asked = 0;
    const ports = rewriting((target) => {
      asked += 1;
      return target;
    });
    expect(await findingsOf(addressesCheck, exam, ports)).toMatchObject([{ verdict: 'well' }]);
    expect(asked).toBe(1);
  });

  test('that Cloudflare normalises by RFC 3986 are named, with the switch', async () => {
    const [finding] = await findingsOf(addressesCheck, exam, rewriting(decoded));
    expect(finding).toMatchObject({ verdict: 'fault', cure: expect.stringContaining('"Normalize incoming URLs" off') });
    for (const what of ['letters and digits', '- _ ~', 'dot is decoded', 'hexadecimal']) {
      expect(finding?.found).toContain(what);
    }
    expect(finding?.found).not.toContain('slashes');
  });

  test.each([
    ['two slashes', (target: string) => target.replace(/\/\/+/g, '/')],
    ['slash or colon', (target: string) => target.replace(/%2f/gi, '/')],
    ['dots at an end', (target: string) => target.replace(/\.+(?=\/|$)/g, '')],
    ['the query is changed', (target: string) => target.replace(/\?b=2&a=1/, '?a=1&b=2')],
    ['signs that need no', (target: string) => target.replaceAll("'", '%27')],
    ['not be told apart', (target: string) => (target.startsWith('a//b/%41') ? `${target}&more` : target)],
  ])('that are changed otherwise: %s', async (what, rewrite) => {
    const [finding] = await findingsOf(addressesCheck, exam, rewriting(rewrite));
    expect(finding).toMatchObject({ verdict: 'fault', found: expect.stringContaining(what) });
  });

  test('cannot be checked where no edge says them back', async () => {
    for (const answer of [problemOf(404, 'no-such-call'), answerOf(200, '"text"'), answerOf(200, { url: 5 })]) {
      expect(
        await findingsOf(
          addressesCheck,
          exam,
          edgePorts(async () => answer),
        ),
      ).toMatchObject([{ verdict: 'unchecked', cure: 'Update the edge.' }]);
    }
  });
});

describe('callers', () => {
  const wellAnswered = (question: Question): Answer =>
    question.method === 'POST' ? problemOf(401, 'unproven') : answerOf(200, {});
  const through = (answer: (question: Question) => Answer | null) =>
    edgePorts(async (question) => await Promise.resolve(answer(question) ?? wellAnswered(question)));
  const userAgent = ({ headers }: Question): string => headers?.['User-Agent'] ?? '';

  test('that all come through are named in one line', async () => {
    const asked = new Set<string>();
    const ports = through((question) => {
      asked.add(`${question.method ?? 'GET'} ${question.target.split('?', 1)[0] ?? ''}`);
      return null;
    });
    expect(await findingsOf(callersCheck, exam, ports)).toMatchObject([
      { verdict: 'well', found: expect.stringContaining('Mastodon, GoToSocial, Lemmy, Misskey, curl') },
    ]);
    expect([...asked].sort((a, b) => a.localeCompare(b))).toEqual([
      'GET /.well-known/nodeinfo',
      'GET /.well-known/webfinger',
      'GET /users/owner',
      'POST /users/owner/inbox',
    ]);
  });

  test.each([
    ['a challenge', challenge, 'bot challenge', 'Bot Fight Mode'],
    ['a page of refusal', answerOf(403, '<html>', html), 'page instead', 'Bot Fight Mode'],
    ['a puzzle in JavaScript', answerOf(503, '<html>', html), 'page instead', 'Bot Fight Mode'],
    [
      'a redirect',
      answerOf(302, '', { location: 'https://login.example/' }),
      'sent to https://login.example/',
      'redirect',
    ],
  ])('that get %s are named with what they asked for', async (_, answer, found, cure) => {
    const ports = through((question) =>
      userAgent(question).startsWith('Lemmy') && question.target.includes('webfinger') ? answer : null,
    );
    expect(await findingsOf(callersCheck, exam, ports)).toEqual([
      {
        subject: 'example.org/.well-known/webfinger',
        verdict: 'fault',
        found: expect.stringMatching(new RegExp(`^Lemmy: .*${found}`)),
        cure: expect.stringContaining(cure),
      },
    ]);
  });

  test('that are turned away by what they call themselves are named, curl too', async () => {
    const banned = answerOf(403, 'error code: 1010', { server: 'cloudflare' });
    const ports = through((question) => (/^(curl|Lemmy)/.test(userAgent(question)) ? banned : null));
    const findings = await findingsOf(callersCheck, exam, ports);
    expect(findings).toHaveLength(4);
    for (const { verdict, found } of findings) {
      expect([verdict, found]).toEqual(['fault', expect.stringContaining('Lemmy, curl: a page instead')]);
    }
  });

  test('that take any page may be led to one, or told by one that home sleeps', async () => {
    const page = answerOf(503, '<html>asleep</html>', html);
    for (const answer of [page, answerOf(303, '', { location: 'https://example.org/' })]) {
      const ports = through((question) =>
        question.method !== 'POST' && userAgent(question).startsWith('curl') ? answer : null,
      );
      expect(await findingsOf(callersCheck, exam, ports)).toMatchObject([{ verdict: 'well' }]);
    }
  });

  test('are gathered where the same befalls them', async () => {
    const ports = through(({ method }) => (method === 'POST' ? challenge : null));
    const findings = await findingsOf(callersCheck, exam, ports);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.found).toContain('Mastodon, GoToSocial, Lemmy, Misskey, curl: a bot challenge');
  });

  test('are looked at also when the challenge stands before everything', async () => {
    const findings = await findingsOf(callersCheck, exam, always(challenge));
    expect(findings.length).toBeGreaterThan(1);
    expect(findings.every(({ verdict }) => verdict === 'fault')).toBe(true);
  });

  test('a delivery that anybody but the edge refuses is a fault', async () => {
    for (const answer of [answerOf(404, 'no'), answerOf(202, ''), answerOf(401, 'who?'), problemOf(401, 'asleep')]) {
      const [finding] = await findingsOf(
        callersCheck,
        exam,
        through(({ method }) => (method === 'POST' ? answer : null)),
      );
      expect(finding).toMatchObject({ verdict: 'fault', subject: 'example.org/users/owner/inbox' });
    }
  });

  test.each([problemOf(503, 'not-ready'), problemOf(421, 'unknown-host'), problemOf(503, 'away')])(
    'an inbox of which the edge has not heard yet is unchecked',
    async (answer) => {
      const [finding] = await findingsOf(
        callersCheck,
        exam,
        through(({ method }) => (method === 'POST' ? answer : null)),
      );
      expect(finding).toMatchObject({ verdict: 'unchecked', cure: expect.stringContaining('porchlight up') });
    },
  );

  test('the inbox of another service is its own', async () => {
    const config = configOf(
      'domain = "example.org"\n[[services]]\nname = "x"\nkind = "activitypub"\nurl = "http://127.0.0.1:3000"\ninboxes = ["/in", "/b"]\n',
    );
    const targets = new Set<string>();
    await findingsOf(
      callersCheck,
      examOf(config),
      through(({ method, target }) => {
        if (method === 'POST') targets.add(target);
        return null;
      }),
    );
    expect([...targets]).toEqual(['/in']);
  });
});
