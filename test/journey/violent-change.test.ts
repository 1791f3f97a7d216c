// Changes through violent times: home and edge are killed with SIGKILL while they start as a new version on the data of
// the one before, while their owner saves settings again and again, and while a backup comes back. Peers deliver all the
// while. What test/journey/violent-night.test.ts demands of deliveries holds here too; claim and change of key are killed in
// test/journey/keys.test.ts.
//
// PORCHLIGHT_SEED=n throws the same dice again; PORCHLIGHT_ROUNDS makes it longer, however long that takes. Otherwise a
// busy machine gets fewer rounds, and of each change at least one.

import { cpSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { type Before, unpackBefore } from '../support/before.ts';
import { KillBook, type Seen } from '../support/kill-book.ts';
import { Program, until } from '../support/processes.ts';
import { linesOf, RecordedDomain } from '../support/recorded-domain.ts';
import { Seeded } from '../support/seeded.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';
import { countWrites } from '../support/writes.ts';

const wantedRounds = Number(process.env.PORCHLIGHT_ROUNDS ?? 3);
const isPatient = process.env.PORCHLIGHT_ROUNDS !== undefined;
const startedAt = performance.now();
/** Is there time for a further round, of what should be over so many seconds after the beginning? */
const isTimeFor = (round: number, seconds: number): boolean =>
  round < wantedRounds && (round === 0 || isPatient || performance.now() - startedAt < seconds * 1000);
const dice = new Seeded(Number(process.env.PORCHLIGHT_SEED ?? Date.now() % 1_000_000));
const night = `seed ${dice.seed}`;
const senders = ['alice', 'bob', 'carol'] as const;
const command = join(import.meta.dirname, '..', '..', 'home-node', 'cli', 'index.ts');

let house: RecordedDomain;
let before: Before;
let book: KillBook;
let edgeFolder: string;
let get: (path: string) => Promise<Response>;
/** How many each sender has sent. */
let sent: Map<string, number>;
/** Writes of home from its start until it has taken what waits, in peace. */
let homeWrites: number;

beforeAll(async () => {
  house = await RecordedDomain.start('violent-change', senders, async (folder) => {
    before = unpackBefore(folder);
    return { edgeProgram: before.edge };
  });
  edgeFolder = join(house.folder, 'edge');
  sent = new Map(senders.map((name) => [name, 0]));
  book = new KillBook(house.domain, house.folder);
  const trusting = trustingFetch(readFileSync(house.caFile, 'utf8'));
  get = async (path) => await trusting(house.domain.origin + path);
});

beforeEach(() => {
  onTestFailed(() => console.error(`The same dice again: PORCHLIGHT_SEED=${dice.seed}`));
});

afterAll(async () => await house?.end());

const seen = (): Seen[] => linesOf(house.record).map((line) => JSON.parse(line) as Seen);

/** One more of this sender; every sixth is larger than a row takes. */
async function deliver(name: string): Promise<void> {
  const at = sent.get(name) ?? 0;
  sent.set(name, at + 1);
  const id = `${house.actor(name)}/activities/${at}`;
  const content = 'a'.repeat(at % 6 === 3 ? 2 * limits.inlineBodyBytes : dice.between(1, 500));
  const object = { type: 'Note', id: `${id}/note`, content };
  const activity = { id, type: 'Create', actor: house.actor(name), object };
  await book.deliver(house.peer, name, activity);
}

async function deliverEach(): Promise<void> {
  await Promise.all(senders.map(deliver));
}

function allIsSeen(): boolean {
  const total = [...sent.values()].reduce((sum, count) => sum + count, 0);
  return new Set(seen().map(({ id }) => id)).size === total;
}

/** Everything that was sent is at the service, in order, and no repeat is without its kill. */
async function allIsThere(when: string): Promise<void> {
  await until(`all deliveries, ${when}, ${night}`, () => (allIsSeen() ? true : null), 40_000).catch(
    (thrown: unknown) => {
      throw new Error(`${String(thrown)}\nHome said:\n${house.domain.home.log.slice(-3000)}`);
    },
  );
  book.checkOrder(seen(), `${night}, ${when}`);
  book.checkRepeats(seen(), `${night}, ${when}`);
  expect(book.endedOtherwise, night).toEqual([]);
}

/** Starts it and kills it at the n-th write to its folder, or when `start` is over. */
async function killedAtWrite(folder: string, n: number, start: () => Promise<unknown>, kill: () => Promise<void>) {
  const writes = countWrites(folder);
  // A start that is killed ends with an error that says so.
  const started = start().catch(() => undefined);
  await Promise.race([writes.at(n), started]);
  await kill();
  await started;
  writes.end();
}

async function edgeKilledAtWrite(n: number): Promise<void> {
  const kill = async (): Promise<void> => await book.killing('edge', async () => await house.domain.killEdge());
  await killedAtWrite(edgeFolder, n, async () => await house.domain.startEdge(), kill);
}

async function homeKilledAtWrite(n: number): Promise<void> {
  const start = async (): Promise<void> => {
    const home = book.startHome();
    await until('everything', () => (allIsSeen() || home.child.signalCode !== null ? true : null));
  };
  await killedAtWrite(house.domain.homeFolder, n, start, async () => await house.domain.killHome());
}

describe('a first start of the new version on the data of the one before', () => {
  let data: string;
  let sentBefore: Map<string, number>;
  /** Writes of a start in peace. */
  let edgeWrites: number;

  beforeAll(async () => {
    house.domain.startHome([], before.home);
    await until('home', async () => ((await get('/x')).status === 200 ? true : null));
    await deliverEach();
    await until('what was sent by day', () => (seen().length === senders.length ? true : null));
    await house.domain.sleep();
    for (let n = 0; n < 4; n += 1) await deliverEach();
    await house.domain.killEdge();
    house.domain.useEdge();
    data = join(house.folder, 'data-before');
    for (const name of ['edge', 'home']) cpSync(join(house.folder, name), join(data, name), { recursive: true });
    cpSync(house.record, join(data, 'record'));
    sentBefore = new Map(sent);
  });

  function asBefore(): void {
    sent = new Map(sentBefore);
    for (const name of ['edge', 'home']) {
      rmSync(join(house.folder, name), { recursive: true });
      cpSync(join(data, name), join(house.folder, name), { recursive: true });
    }
    // The service has its record open, and appends.
    truncateSync(house.record, 0);
    writeFileSync(house.record, readFileSync(join(data, 'record')), { flag: 'a' });
    book.forgetKills();
  }

  test('in peace, delivers what waited', async () => {
    const ofEdge = countWrites(edgeFolder);
    await house.domain.startEdge();
    edgeWrites = ofEdge.count;
    ofEdge.end();
    const ofHome = countWrites(house.domain.homeFolder);
    book.startHome();
    await allIsThere('in peace');
    homeWrites = ofHome.count;
    ofHome.end();
    await house.domain.killHome();
    await house.domain.killEdge();
    expect(edgeWrites).toBeGreaterThan(5);
    expect(homeWrites).toBeGreaterThan(5);
  });

  test('killed at any of its writes, starts again', async () => {
    for (let round = 0; isTimeFor(round, 25); round += 1) {
      asBefore();
      for (let n = 0; n < 2; n += 1) await edgeKilledAtWrite(dice.between(1, edgeWrites));
      const more = deliverEach();
      await house.domain.startEdge();
      await homeKilledAtWrite(dice.between(1, homeWrites));
      await homeKilledAtWrite(dice.between(1, homeWrites));
      await book.killing('edge', async () => await house.domain.killEdge());
      book.startHome();
      await house.domain.startEdge();
      await more;
      await deliverEach();
      await allIsThere(`violent update ${round}`);
      await house.domain.killHome();
      await house.domain.killEdge();
    }
  });
});

describe('settings that are saved while everything is killed', () => {
  let toml: string;
  let saved = 0;

  const path = (): string => join(house.domain.homeFolder, 'porchlight.toml');
  const text = (): string => `title = "Title ${saved}"\n${toml}`;

  /** In place, or beside and renamed over it, as editors do. */
  function save(): void {
    saved += 1;
    if (dice.next() < 0.5) writeFileSync(path(), text());
    else {
      writeFileSync(`${path()}~`, text());
      renameSync(`${path()}~`, path());
    }
  }

  /** The title that strangers are shown; null while nobody answers them. */
  async function shown(): Promise<number | null> {
    const page = await get('/.porchlight/status').catch(() => null);
    const found = /Title (\d+)/.exec((await page?.text()) ?? '')?.[1];
    return found === undefined ? null : Number(found);
  }

  function version(): number {
    const ledger = new DatabaseSync(join(house.domain.homeFolder, 'ledger.sqlite'), { readOnly: true });
    try {
      return Number(ledger.prepare("SELECT value FROM numbers WHERE name = 'config-version'").get()?.value ?? 0);
    } finally {
      ledger.close();
    }
  }

  test('hold at the edge in the end as they were saved last; versions only rise, and the file is as its owner wrote it', async () => {
    toml = readFileSync(path(), 'utf8');
    await house.domain.startEdge();
    save();
    book.startHome();
    await until('the first title', async () => ((await shown()) === saved ? true : null));
    const titles: number[] = [];
    const versions: number[] = [];
    let going = true;
    const look = async (): Promise<void> => {
      while (going) {
        const title = await shown();
        if (title !== null) titles.push(title);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    };
    const looking = look();
    for (let kill = 0; isTimeFor(Math.floor(kill / 4), 45); kill += 1) {
      const more = deliver(dice.pick(senders));
      for (let n = dice.between(1, 3); n > 0; n -= 1) {
        save();
        await new Promise((resolve) => setTimeout(resolve, dice.between(0, 120)));
      }
      if (dice.pick(['home', 'edge'] as const) === 'edge') {
        await book.killing('edge', async () => await house.domain.killEdge());
        save();
        await house.domain.startEdge();
      } else {
        await house.domain.killHome();
        versions.push(version());
        save();
        const home = book.startHome();
        // Most often it is let in before it is killed again.
        if (dice.next() < 0.7) await until('the link', () => (home.log.includes('Connected') ? true : null));
      }
      expect(readFileSync(path(), 'utf8')).toBe(text());
      await more;
    }
    await until(`title ${saved} at the edge, ${night}`, async () => ((await shown()) === saved ? true : null));
    going = false;
    await looking;
    expect(readFileSync(path(), 'utf8')).toBe(text());
    expect(titles, night).toEqual(titles.toSorted((a, b) => a - b));
    expect(new Set(titles).size).toBeGreaterThan(1);
    expect(versions, night).toEqual(versions.toSorted((a, b) => a - b));
    await allIsThere('while settings were saved');
    await house.domain.killHome();
    writeFileSync(path(), toml);
  });
});

describe('a backup that comes back', () => {
  test('brings everything that came after it, whenever the restored home is killed', async () => {
    const { homeFolder } = house.domain;
    const env = { NODE_EXTRA_CA_CERTS: house.caFile };
    const run = async (...args: string[]): Promise<number | null> =>
      await new Program('porchlight', [command, ...args, '--home', homeFolder], env).exited;
    book.startHome();
    await deliverEach();
    await allIsThere('before the backup');
    const file = join(house.folder, 'backup.sqlar');
    expect(await run('backup', file)).toBe(0);
    // The service's data is on the same disk, and in the same backup.
    cpSync(house.record, join(house.folder, 'record-backup'));
    for (let n = 0; n < 3; n += 1) await deliverEach();
    await allIsThere('after the backup');
    for (let round = 0; isTimeFor(round, 60); round += 1) {
      await house.domain.killHome();
      await book.killing('service', async () => await house.service.kill());
      cpSync(join(house.folder, 'record-backup'), house.record);
      await house.restartService();
      rmSync(homeFolder, { recursive: true });

      const restoring = new Program('restore', [command, 'restore', file, '--home', homeFolder], env);
      await until('the folder', () => (existsSync(join(homeFolder, 'ledger.sqlite')) ? true : null), 20_000, 1);
      await restoring.kill();
      await homeKilledAtWrite(dice.between(1, homeWrites));
      await deliver(dice.pick(senders));
      await homeKilledAtWrite(dice.between(1, homeWrites));
      book.startHome();
      await allIsThere(`restored, round ${round}`);
    }
  });
});
