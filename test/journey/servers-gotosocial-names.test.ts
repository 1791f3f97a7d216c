// A real GoToSocial, by the path of its program, at the only name of its home, and behind the domain that its people have after the
// @ (there on PostgreSQL): it shows nothing to who does not sign, and takes each of these names for its own, so that home asks it as
// its own actor. At night the edge has what is for all, and nothing that is not.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../home-node/leaving/cluster.ts';
import { activityJson } from '../support/embedded-home.ts';
import { ask } from '../support/processes.ts';
import { type Person, type Said, withGoToSocial } from '../support/servers/gotosocial.ts';
import { GoToSocialHome, type Layout } from '../support/servers/gotosocial-home.ts';

withGoToSocial('GoToSocial itself at other names and on PostgreSQL', (program) => {
  describe('GoToSocial at the only name of its home', () =>
    nightsOf(program, async () => await Promise.resolve({ names: 'the domain' })));
  describe('GoToSocial whose people have the domain after the @, on PostgreSQL', () => {
    let cluster: Cluster | null = null;
    nightsOf(program, async () => {
      cluster = await Cluster.start();
      const postgres = new URL(await cluster.database('gotosocial', 'SELECT 1'));
      return { names: 'one below, with the domain after the @', postgres };
    });
    afterAll(() => cluster?.stop());
  });
  describe('GoToSocial whose private keys home may not read', () => nightOfReader(program));
});

/** Posts that are not for all, by what was asked of the API for them. */
const hidden: Readonly<Record<string, object>> = {
  followers: { visibility: 'private' },
  mutuals: { visibility: 'mutuals_only' },
  direct: { visibility: 'direct' },
  'local only': { local_only: true },
  'local only, unlisted': { local_only: true, visibility: 'unlisted' },
};

function nightsOf(path: string, layout: () => Promise<Layout>): void {
  let house: GoToSocialHome;
  let anna: Person;
  /** By what is special about it. */
  const said = new Map<string, Said>();

  beforeAll(async () => {
    house = await GoToSocialHome.open(path, await layout());
    await house.server.prepare(['anna'], async () => {
      anna = await house.server.signIn('anna');
      const post = async (name: string, more: Readonly<Record<string, unknown>> = {}): Promise<Said> => {
        const made = await anna.post(`The word is ${wordOf(name)}.`, more);
        said.set(name, made);
        return made;
      };
      const first = await post('public');
      await post('unlisted', { visibility: 'unlisted' });
      await post('to be hidden');
      await post('to be deleted');
      await post('reply', { in_reply_to_id: first.id });
      for (const [name, more] of Object.entries(hidden)) await post(name, { ...more });
      await post('local reply', { in_reply_to_id: first.id, local_only: true });
      for (const name of ['public', 'local only', 'followers']) {
        await anna.ask('POST', `/api/v1/statuses/${said.get(name)?.id}/pin`);
      }
    });
  }, 240_000);
  afterAll(async () => await house?.end());

  const wordOf = (name: string): string => `word-${name.replaceAll(/\W+/g, '-')}-${house.domain.edgePort}`;
  const uriOf = (name: string): string => said.get(name)?.uri ?? expect.fail(name);

  /** As a peer that signs, as PeerTube does. */
  async function signed(address: string): Promise<{ readonly status: number; readonly body: string }> {
    return await ask(house.asker, 'get', { address });
  }

  async function shown(address: string): Promise<Record<string, unknown>> {
    const { status, body } = await signed(address);
    expect([address, status]).toEqual([address, 200]);
    return JSON.parse(body) as Record<string, unknown>;
  }

  async function listed(): Promise<string> {
    const outbox = await shown(`${house.actor('anna')}/outbox`);
    return JSON.stringify(await shown(String(outbox.first)));
  }

  const webFinger = (): string =>
    `https://${house.domain.host}/.well-known/webfinger?resource=acct:anna@${house.domain.host}`;

  async function evening(): Promise<void> {
    await house.comesUp();
    await house.isHeard();
  }

  async function night(): Promise<void> {
    await house.domain.sleep();
    expect(await house.server.isUp()).toBe(false);
  }

  test('goes to sleep', { timeout: 240_000 }, async () => {
    await evening();
    await night();
  });

  test('at night a peer that signs finds the account, the actor, the outbox, what is pinned, and the posts for all', async () => {
    const descriptor = (await (await house.get(webFinger())).json()) as { links: { rel: string; href?: string }[] };
    const self = descriptor.links.find(({ rel }) => rel === 'self')?.href ?? '';
    expect(self).toBe(house.actor('anna'));
    const looked = await ask<{ isActor: boolean } | null>(house.asker, 'lookup', { address: self, signed: true });
    expect(looked?.isActor).toBe(true);
    const actor = await shown(self);
    const page = await listed();
    for (const name of ['public', 'to be deleted', 'to be hidden']) expect(page).toContain(uriOf(name));
    expect([(await shown(String(actor.featured))).orderedItems].flat()).toEqual([uriOf('public')]);
    for (const name of ['public', 'unlisted', 'reply', 'to be hidden', 'to be deleted']) {
      const content = expect.stringContaining(wordOf(name)) as unknown;
      expect(await shown(uriOf(name))).toMatchObject({ id: uriOf(name), content });
    }
    expect(await shown(String(actor.followers))).toMatchObject({ totalItems: 0 });
  });

  test('at night who does not sign is shown nothing of it', async () => {
    for (const address of [house.actor('anna'), uriOf('public'), `${house.actor('anna')}/outbox`]) {
      expect([address, (await house.get(address, activityJson)).status]).toEqual([address, 401]);
    }
  });

  test('no post that is not for all is there, in no list, and nowhere at the edge', { timeout: 60_000 }, async () => {
    const actor = await shown(house.actor('anna'));
    const read = [await listed(), JSON.stringify(await shown(String(actor.featured)))];
    const replies = `${uriOf('public')}/replies`;
    for (const address of [replies, `${replies}?limit=20&only_other_accounts=false`]) {
      read.push((await signed(address)).body);
    }
    for (const name of [...Object.keys(hidden), 'local reply']) {
      expect([name, (await signed(uriOf(name))).status]).toEqual([name, 503]);
      expect(read.join('\n')).not.toContain(uriOf(name));
      expect([name, holding(wordOf(name), join(house.folder, 'edge'))]).toEqual([name, []]);
      expect([name, holding(uriOf(name), join(house.folder, 'edge'))]).toEqual([name, []]);
    }
    // That way to look finds what is there.
    expect(holding(wordOf('public'), join(house.folder, 'edge'))).not.toEqual([]);
  });

  test('the keys of those who live there are nowhere but in its database', async () => {
    const rows = await house.server.sql<{ secret: string }>(
      'SELECT CAST(private_key AS TEXT) AS secret FROM accounts WHERE domain IS NULL',
    );
    expect(rows.length).toBe(2);
    for (const { secret } of rows) {
      const [, digits = ''] = /"D":\s*"?(\d+)/.exec(secret) ?? [];
      expect(digits.length).toBeGreaterThan(300);
      const hex = BigInt(digits).toString(16);
      const base64 = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
      for (const text of [digits.slice(0, 60), hex.slice(0, 60), base64.slice(0, 40)]) {
        expect(holding(text, join(house.folder, 'edge'))).toEqual([]);
        expect(holding(text, house.domain.homeFolder)).toEqual([]);
        expect(house.domain.edge.log).not.toContain(text);
        expect(house.log).not.toContain(text);
      }
    }
  });

  test('the next night what was hidden and what was deleted meanwhile is there no more', {
    timeout: 240_000,
  }, async () => {
    // Its API hides nothing afterwards; who does it in the database does it while it does not run.
    await house.server.sql(`UPDATE statuses SET visibility = 4 WHERE uri = '${uriOf('to be hidden')}'`);
    await evening();
    await anna.ask('DELETE', `/api/v1/statuses/${said.get('to be deleted')?.id}`);
    await night();
    const page = await listed();
    expect(page).toContain(uriOf('public'));
    for (const name of ['to be hidden', 'to be deleted']) {
      expect([name, (await signed(uriOf(name))).status]).toEqual([name, 503]);
      expect(page).not.toContain(uriOf(name));
      expect([name, holding(wordOf(name), join(house.folder, 'edge'))]).toEqual([name, []]);
    }
    expect(await shown(uriOf('public'))).toMatchObject({ id: uriOf('public') });
  });
}

/** The edge asks, under a name that GoToSocial does not have. */
function nightOfReader(path: string): void {
  let cluster: Cluster;
  let house: GoToSocialHome;
  const said: Record<string, Said> = {};

  beforeAll(async () => {
    cluster = await Cluster.start();
    const postgres = new URL(await cluster.database('gotosocial', "CREATE ROLE reader LOGIN PASSWORD 'reads'"));
    const readAs = new URL(postgres);
    [readAs.username, readAs.password] = ['reader', 'reads'];
    house = await GoToSocialHome.open(path, { names: 'one below', postgres, readAs });
    await house.server.prepare(['anna'], async () => {
      const anna = await house.server.signIn('anna');
      said.public = await anna.post('The word is for all.');
      said.followers = await anna.post('The word is for followers.', { visibility: 'private' });
      said.local = await anna.post('The word is for this server.', { local_only: true });
      const columns = await house.server.sql<{ name: string }>(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'accounts'",
      );
      const readable = columns.flatMap(({ name }) => (name === 'private_key' ? [] : [`"${name}"`]));
      await house.server.sql(`GRANT SELECT (${readable.join(', ')}) ON accounts TO reader`);
      await house.server.sql('GRANT SELECT ON users, statuses, domain_blocks, domain_allows TO reader');
    });
  }, 240_000);
  afterAll(async () => {
    await house?.end();
    cluster?.stop();
  });

  test('home says so, and the edge asks as its own actor for what is there at night', {
    timeout: 240_000,
  }, async () => {
    await house.comesUp();
    await house.isHeard();
    await house.domain.sleep();
    expect(house.log).toContain('Cannot bring the edge what is shown to who signs alone');
    const statuses = async (address: string | undefined): Promise<number> =>
      (await ask<{ status: number }>(house.asker, 'get', { address })).status;
    expect(await statuses(house.actor('anna'))).toBe(200);
    expect(await statuses(`${house.actor('anna')}/outbox`)).toBe(200);
    expect(await statuses(said.public?.uri)).toBe(200);
    expect([await statuses(said.followers?.uri), await statuses(said.local?.uri)]).toEqual([503, 503]);
    expect(holding('for this server', join(house.folder, 'edge'))).toEqual([]);
    expect(holding('for all', join(house.folder, 'edge'))).not.toEqual([]);
  });
}

/** Files below `folder` in which `text` stands. */
function holding(text: string, folder: string): readonly string[] {
  try {
    const found = execFileSync('grep', ['-rlaF', '--', text, folder], { encoding: 'utf8' });
    return found.split('\n').filter((line) => line !== '');
  } catch (thrown) {
    // grep, exit status: 1 when there is none.
    if ((thrown as { status?: unknown }).status === 1) return [];
    throw thrown;
  }
}
