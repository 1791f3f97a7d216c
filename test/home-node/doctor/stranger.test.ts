// The owner's account as a stranger meets it: what is right, each way in which it can be wrong, and that nobody but this
// home is asked, whatever a document says.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fediverseCheck } from '../../../home-node/doctor/checks/fediverse.ts';
import { examine } from '../../../home-node/doctor/exam.ts';
import type { Answer, Question } from '../../../home-node/doctor/ports.ts';
import { answerOf, configOf, edgePorts, examOf, findingsOf, problemOf, production } from './exams.ts';

const actor = 'https://example.org/users/owner';
const activity = { 'content-type': 'application/activity+json; charset=utf-8' };
const webFinger = {
  subject: 'acct:owner@example.org',
  links: [
    { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: 'https://example.org/' },
    { rel: 'self', type: 'application/activity+json', href: actor },
  ],
};
const document = {
  id: actor,
  type: 'Person',
  inbox: `${actor}/inbox`,
  publicKey: { id: `${actor}#main-key`, owner: actor, publicKeyPem: '-----BEGIN PUBLIC KEY-----' },
};
const nodeInfoAddress = 'https://example.org/nodeinfo/2.1';
const well: Readonly<Record<string, Answer>> = {
  '/.well-known/webfinger?resource=acct%3Aowner%40example.org': answerOf(200, webFinger),
  '/users/owner': answerOf(200, document, activity),
  '/.well-known/nodeinfo': answerOf(200, { links: [{ rel: 'x', href: nodeInfoAddress }] }),
  '/nodeinfo/2.1': answerOf(200, { software: { name: 'porchlight', version: '1' } }),
};
const webFingerPath = Object.keys(well)[0] ?? '';
let asked: Question[] = [];

async function foundWith(changes: Readonly<Record<string, Answer>>, exam = examOf(production)) {
  asked = [];
  const ports = edgePorts(async (question) => {
    asked.push(question);
    return await Promise.resolve({ ...well, ...changes }[question.target] ?? problemOf(404, 'nothing'));
  });
  const [account, nodeInfo] = await findingsOf(fediverseCheck, exam, ports);
  return { account, nodeInfo };
}

describe('an account', () => {
  test('that is as it should be is well, and asked for as a server asks', async () => {
    const { account, nodeInfo } = await foundWith({});
    expect(account).toMatchObject({ subject: 'acct:owner@example.org', verdict: 'well' });
    expect(nodeInfo).toMatchObject({ verdict: 'well', found: 'says that porchlight runs here' });
    expect(asked.find(({ target }) => target === '/users/owner')?.headers).toEqual({
      Accept: 'application/activity+json',
    });
  });

  test.each([
    ['WebFinger does not know', { [webFingerPath]: problemOf(404, 'resource') }, 'does not know it', 'handle'],
    ['WebFinger answers with a page', { [webFingerPath]: answerOf(200, '<html>') }, 'does not know it', 'callers'],
    ['WebFinger answers with a list', { [webFingerPath]: answerOf(200, [webFinger]) }, 'does not know it', 'callers'],
    [
      'has no actor',
      { [webFingerPath]: answerOf(200, { ...webFinger, links: [] }) },
      'names no actor',
      'which service',
    ],
    ['has links that are none', { [webFingerPath]: answerOf(200, { links: [null, 5] }) }, 'names no actor', 'service'],
    ['has an actor that is a page', { '/users/owner': answerOf(200, '<html>') }, 'not to be had', 'refuse'],
    ['has an actor that is gone', { '/users/owner': problemOf(404, 'nothing') }, 'not to be had: 404', 'refuse'],
    ['has an actor of a wrong type', { '/users/owner': answerOf(200, document) }, 'application/json', 'refuse'],
    [
      'has an actor of another name',
      actorWith({ id: 'http://127.0.0.1/users/owner' }),
      'calls itself http://127',
      'public address',
    ],
    ['has an inbox elsewhere', actorWith({ inbox: 'https://other.example/in' }), 'at other.example', 'refuse'],
    ['has no inbox', actorWith({ inbox: 7 }), 'names no inbox', 'refuse'],
    ['has no key', actorWith({ publicKey: null }), 'no public key', 'refuse'],
    [
      'has another’s key',
      actorWith({ publicKey: { owner: 'https://x.example/', publicKeyPem: 'x' } }),
      'belongs to https://x.example/',
      'refuse',
    ],
  ])('that %s is a fault, with its cure', async (_, changes, found, cure) => {
    const { account } = await foundWith(changes);
    expect(account).toMatchObject({
      verdict: 'fault',
      found: expect.stringContaining(found),
      cure: expect.stringContaining(cure),
    });
  });

  test.each(['http://127.0.0.1:22/', 'https://other.example/users/owner', 'file:///etc/passwd', 'no address'])(
    'whose actor is said to be at %s: nobody is asked there',
    async (href) => {
      const links = [{ rel: 'self', type: 'application/activity+json', href }];
      const { account } = await foundWith({ [webFingerPath]: answerOf(200, { ...webFinger, links }) });
      expect(account).toMatchObject({ verdict: 'fault', found: expect.stringContaining('not at this home') });
      expect(asked.every(({ origin }) => origin === 'https://example.org')).toBe(true);
    },
  );

  test.each([problemOf(503, 'away'), problemOf(503, 'asleep'), problemOf(421, 'unknown-host')])(
    'of which the edge knows nothing yet is unchecked',
    async (answer) => {
      const { account, nodeInfo } = await foundWith({ [webFingerPath]: answer, '/.well-known/nodeinfo': answer });
      for (const finding of [account, nodeInfo]) {
        expect(finding).toMatchObject({ verdict: 'unchecked', cure: expect.stringContaining('porchlight up') });
      }
      expect((await foundWith({ '/users/owner': answer })).account?.verdict).toBe('unchecked');
    },
  );

  function actorWith(changes: object): Readonly<Record<string, Answer>> {
    return { '/users/owner': answerOf(200, { ...document, ...changes }, activity) };
  }
});

describe('NodeInfo', () => {
  test.each([
    ['is not there', { '/.well-known/nodeinfo': problemOf(404, 'nothing') }],
    ['has no links', { '/.well-known/nodeinfo': answerOf(200, { links: 'x' }) }],
    [
      'leads elsewhere',
      { '/.well-known/nodeinfo': answerOf(200, { links: [{ href: 'https://other.example/' }, null] }) },
    ],
    ['has no document', { '/nodeinfo/2.1': problemOf(404, 'nothing') }],
    ['names no software', { '/nodeinfo/2.1': answerOf(200, { software: 'x' }) }],
  ])('that %s is a warning', async (_, changes) => {
    const { nodeInfo } = await foundWith(changes);
    expect(nodeInfo).toMatchObject({ verdict: 'warning', cure: expect.stringContaining('sign of life') });
    expect(asked.every(({ origin }) => origin === 'https://example.org')).toBe(true);
  });
});

describe('accounts of other services', () => {
  const toml =
    'domain = "example.org"\n[[services]]\nname = "x"\nkind = "activitypub"\nurl = "http://127.0.0.1:3000"\ninboxes = ["/inbox"]\n';
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-stranger-'));
    writeFileSync(join(folder, 'porchlight.toml'), toml);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('that Porchlight cannot know are unchecked', async () => {
    const { account } = await foundWith({}, examOf(configOf(toml)));
    expect(account).toMatchObject({ subject: 'service x', verdict: 'unchecked' });
    expect(asked).toEqual([]);
  });

  test('that the service left at the edge are looked up, the first few', async () => {
    const accounts = [1, 2, 3, 4, 5].map((at) => ({ subject: `acct:a${at}@example.org`, aliases: [], links: [] }));
    writeFileSync(join(folder, 'leavings.json'), JSON.stringify({ x: { accounts } }));
    await foundWith({}, await examine(folder));
    const named = asked.filter(({ target }) => target.includes('webfinger')).map(({ target }) => target.slice(-20));
    expect(named).toHaveLength(3);
  });

  test('are looked up by the name that their owner gives them, and of two services with one name the owner is told', async () => {
    const second = toml.slice(toml.indexOf('[[')).replace('"x"', '"y"').replace('"/inbox"', '"/y/inbox"');
    const split = (host: string): string => `hosts = ["${host}.example.org"]\naccount_domain = "example.org"\n`;
    writeFileSync(join(folder, 'porchlight.toml'), `${toml}${split('x')}${second}${split('y')}`);
    const at = (host: string) => ({ accounts: [{ subject: `acct:me@${host}.example.org`, aliases: [], links: [] }] });
    writeFileSync(join(folder, 'leavings.json'), JSON.stringify({ x: at('x'), y: at('y') }));
    const exam = await examine(folder);
    expect([...exam.accounts.values()]).toEqual([['acct:me@example.org'], ['acct:me@example.org']]);
    expect(
      await findingsOf(
        fediverseCheck,
        exam,
        edgePorts(async () => answerOf(404)),
      ),
    ).toContainEqual(
      expect.objectContaining({
        subject: 'accounts',
        verdict: 'fault',
        found: expect.stringContaining('of x and of y'),
      }),
    );
    writeFileSync(join(folder, 'leavings.json'), JSON.stringify({ x: at('x') }));
    expect((await examine(folder)).accountFaults).toEqual([]);
  });

  test.each(['{"x": {"accounts": [', '{"x": null}', '[]', '5'])(
    'a damaged copy of them (%s) is no failure',
    async (text) => {
      writeFileSync(join(folder, 'leavings.json'), text);
      expect((await foundWith({}, await examine(folder))).account).toMatchObject({ verdict: 'unchecked' });
    },
  );
});
