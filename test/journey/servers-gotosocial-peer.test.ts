// A real GoToSocial, by the path of its program, as the peer of a home that sleeps: it finds the owner, follows, replies, likes,
// boosts and takes things back at night, all of it is taken at the first try, and nothing is left in its queue. In the
// morning it is followed back by an Accept, and gets what home posts.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { EmbeddedHome } from '../support/embedded-home.ts';
import { freePort } from '../support/ports.ts';
import { Program, until } from '../support/processes.ts';
import { GoToSocial, type Person, type Said, withGoToSocial } from '../support/servers/gotosocial.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

withGoToSocial('GoToSocial itself as a peer', (program) => {
  describe('GoToSocial at the door of a sleeping home', () => nightAt(program));
});

/** What GoToSocial's log says of one of its requests. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly answer: string;
}

function nightAt(path: string): void {
  let folder: string;
  let domain: Domain;
  let server: GoToSocial;
  let running: Program;
  let anna: Person;
  let home: EmbeddedHome;
  let post: string;
  let ownerId: string;
  let noteId: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-gotosocial-peer-'));
    const certificates = await makeCertificates(folder);
    const port = await freePort();
    const host = `localhost:${port}`;
    const own = join(folder, 'gotosocial');
    server = new GoToSocial({ program: path, folder: own, host, port, caFile: certificates.caFile, tls: certificates });
    await server.prepare(['anna']);
    const [file = '', ...args] = server.command;
    running = new Program('gotosocial', args, server.environment, file);
    await until('GoToSocial', async () => ((await server.isUp()) ? true : null), 120_000, 100);
    anna = await server.signIn('anna');
    domain = await Domain.start({ folder, certificates, peerOrigins: [`https://${host}`] });
    home = new EmbeddedHome(domain, trustingFetch(readFileSync(certificates.caFile, 'utf8')));
  }, 180_000);
  afterAll(async () => {
    await domain?.end();
    await running?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Its requests to this domain, as its log tells them. */
  function asked(): Asked[] {
    return running.log.split('\n').flatMap((line) => {
      const [, method, url] = / method=(\w+) url=(\S+) /.exec(line) ?? [];
      const [, answer] = / msg="([^"]*)"$/.exec(line) ?? [];
      if (method === undefined || url === undefined || answer === undefined) return [];
      return url.startsWith(domain.origin) ? [{ method, url, answer }] : [];
    });
  }

  const posted = (): Asked[] => asked().filter(({ method }) => method === 'POST');

  /** Its queue has several workers, and forgets what waits of a post that is deleted: one after another. */
  async function delivers<What>(what: string, act: () => Promise<What>): Promise<What> {
    const before = posted().length;
    const done = await act();
    await until(`${what} delivered`, () => (posted().length > before ? true : null));
    expect([what, posted().at(-1)?.answer]).toEqual([what, '202 Accepted']);
    return done;
  }

  async function found<Kind extends 'accounts' | 'statuses'>(what: Kind, query: string): Promise<string> {
    const asked = new URLSearchParams({ q: query, resolve: 'true', type: what });
    const all = (await anna.ask('GET', `/api/v2/search?${asked}`)) as Readonly<
      Record<string, readonly { id: string }[]>
    >;
    const [one] = all[what] ?? [];
    if (one === undefined) throw new Error(`${query} is not found`);
    return one.id;
  }

  test('home posts, and goes to sleep', { timeout: 60_000 }, async () => {
    domain.startHome();
    await home.isFound();
    home.writeEntry('evening');
    post = await home.newestPost();
    await domain.sleep();
  });

  test('at night it finds the owner and the post, and whatever it delivers is taken at once', {
    timeout: 120_000,
  }, async () => {
    ownerId = await found('accounts', `@owner@${domain.host}`);
    noteId = await found('statuses', post);
    const to = `@owner@${domain.host}`;
    await delivers('follow', async () => await anna.ask('POST', `/api/v1/accounts/${ownerId}/follow`));
    const say = async (text: string): Promise<Said> => await anna.post(`${to} ${text}`, { in_reply_to_id: noteId });
    const reply = await delivers('reply', async () => await say('Good evening, are you awake?'));
    await delivers('like', async () => await anna.ask('POST', `/api/v1/statuses/${noteId}/favourite`));
    await delivers('boost', async () => await anna.ask('POST', `/api/v1/statuses/${noteId}/reblog`));
    const second = await delivers('second reply', async () => await say('Never mind.'));
    const edited = { status: `${to} Good evening!` };
    await delivers('edit', async () => await anna.ask('PUT', `/api/v1/statuses/${reply.id}`, edited));
    await delivers('deletion', async () => await anna.ask('DELETE', `/api/v1/statuses/${second.id}`));
    expect(asked().filter(({ answer }) => !/^20[02] /.test(answer))).toEqual([]);
  });

  test('in the morning home has all of it, and the Accept arrives', { timeout: 120_000 }, async () => {
    domain.startHome();
    await until('the Accept', () => (server.rows('select 1 from follows').length === 1 ? true : null), 60_000);
    expect(server.rows('select 1 from follow_requests')).toEqual([]);
    const me = `https://localhost:${new URL(server.base).port}/users/anna`;
    expect(home.rows<{ actor: string }>('select actor from followers').map(({ actor }) => actor)).toEqual([me]);
    // The deletion is what came last.
    const rows = await until('what was said', () => {
      const all = home.rows<{ kind: string; actor: string; document: string }>('select * from inbox order by kind');
      const edited = all.some(({ document }) => document.includes('Good evening!'));
      return edited && all.length === 3 ? all : null;
    });
    expect(rows.map(({ kind, actor }) => [kind, actor])).toEqual([
      ['announce', me],
      ['create', me],
      ['like', me],
    ]);
  });

  test('what home posts then reaches it', { timeout: 60_000 }, async () => {
    home.writeEntry('morning');
    const content = await until(
      'the post',
      () =>
        server.rows<{ content: string }>(
          "select content from statuses where local = false and content like '%morning%'",
        )[0]?.content ?? null,
      60_000,
    );
    expect(content).toContain('morning');
  });

  test('the next night it unfollows and takes its like back; in the morning that is so', {
    timeout: 120_000,
  }, async () => {
    await domain.sleep();
    await delivers('unlike', async () => await anna.ask('POST', `/api/v1/statuses/${noteId}/unfavourite`));
    await delivers('unfollow', async () => await anna.ask('POST', `/api/v1/accounts/${ownerId}/unfollow`));
    domain.startHome();
    await until('nobody follows', () => (home.rows('select 1 from followers').length === 0 ? true : null), 60_000);
    await until(
      'no like',
      () => (home.rows("select 1 from inbox where kind = 'like'").length === 0 ? true : null),
      60_000,
    );
  });

  test('nothing is left in its queue', async () => {
    await running.stop();
    expect(/delivery=(\d+) .*persisted queued tasks/.exec(running.log)?.[1]).toBe('0');
  });
}
