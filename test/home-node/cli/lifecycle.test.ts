// A day with the commands: claim, up, status, sleep, wake, against a real edge, each command a process of its own.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NodeReport } from '../../../home-node/control/report.ts';
import { limits } from '../../../shared/limits.ts';
import { porchlight, type Ran } from '../../support/porchlight.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';
import { trustingFetch } from '../../support/trusting-fetch.ts';

let house: RecordedDomain;
let env: Record<string, string>;

beforeAll(async () => {
  house = await RecordedDomain.start('cli', ['alice']);
  env = { PORCHLIGHT_HOME: house.domain.homeFolder, NODE_EXTRA_CA_CERTS: house.domain.caFile };
}, 60_000);

afterAll(async () => await house.end());

async function run(...args: string[]): Promise<Ran> {
  return await porchlight(args, { env });
}

async function report(): Promise<NodeReport> {
  return JSON.parse((await run('status', '--json')).out) as NodeReport;
}

/** Until status prints what fits: what the edge says of a home may be limits.statusFreshMs old. */
async function untilPrinted(fits: RegExp): Promise<Ran> {
  const fitting = async (): Promise<Ran | null> => {
    const ran = await run('status');
    return fits.test(ran.out) ? ran : null;
  };
  return (await vi.waitUntil(fitting, { timeout: limits.statusFreshMs + 20_000 })) as Ran;
}

/** Until a home node runs and says what fits. */
async function untilStatus(fits: (report: NodeReport) => boolean): Promise<NodeReport> {
  const fitting = async (): Promise<NodeReport | null> => {
    const { code, out } = await run('status', '--json');
    if (code === 3) return null;
    const said = JSON.parse(out) as NodeReport;
    return fits(said) ? said : null;
  };
  return (await vi.waitUntil(fitting, { timeout: 20_000 })) as NodeReport;
}

describe('the commands, on a domain', { timeout: 60_000 }, () => {
  test('status says that no home node runs, what starts one, and ends with 3', async () => {
    const { code, out } = await run('status');
    expect(code).toBe(3);
    expect(out).toContain('no home node runs; start it with: porchlight up');
    expect(out).toContain('does not know it; first: porchlight claim CODE');
  });

  test('claim refuses a code that nobody issued and leaves nothing claimed', async () => {
    const { code, err } = await run('claim', '0000-0000-0000-0000-0000-0000-0000');
    expect(code).toBe(4);
    expect(err).toContain('(claim-refused)');
    expect(err).toContain('ask its operator for a new one');
    expect(existsSync(join(house.domain.homeFolder, 'home.json'))).toBe(false);
  });

  test('claim refuses a code with a letter too few before it asks anybody', async () => {
    const { code, err } = await run('claim', '7QK2-M0X');
    expect(code).toBe(2);
    expect(err).toContain('copy all 7 groups of 4');
  });

  test('claim says which names this home answers for, and what is next', async () => {
    const { code, out } = await run('claim', house.domain.claimCode);
    expect(code).toBe(0);
    expect(out).toContain(house.domain.host);
    expect(out).toContain('Next: porchlight up');
  });

  test("the home node that runs is awake, its socket is its user's alone, and status shows service, link and spool", async () => {
    house.domain.startHome();
    const awake = await untilStatus(({ state }) => state === 'awake');
    expect(awake.home).toMatchObject({ link: { state: 'open' }, spool: { waiting: 0, dead: 0 } });
    expect(awake.home?.services).toMatchObject([{ name: 'recorder', kind: 'activitypub', state: 'up' }]);
    expect(statSync(join(house.domain.homeFolder, 'control.sock')).mode & 0o777).toBe(0o600);
    const madeByHome = readdirSync(house.domain.homeFolder).filter((name) => name !== 'porchlight.toml');
    expect(madeByHome).toEqual(expect.arrayContaining(['home.json', 'ledger.sqlite', 'lock.sqlite', 'leavings.json']));
    const open = madeByHome.filter((name) => (statSync(join(house.domain.homeFolder, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
    const { out, code } = await run('status');
    expect(code).toBe(0);
    expect(out).toMatch(/link +open for/);
    expect(out).toMatch(/recorder +activitypub +up/);
    expect(out).toMatch(/waiting +0/);
  });

  test('a second home node on the folder is refused, and the first one goes on', async () => {
    // Not by `porchlight up`, which takes over (test/journey/replacing.test.ts).
    const second = house.domain.startAnother(house.domain.homeFolder, 'home-node/main.ts');
    expect(await second.exited).toBe(1);
    expect(second.log).toContain('another home node is running');
    expect((await report()).state).toBe('awake');
  });

  test('sleep tells strangers when home is back; what comes meanwhile waits', async () => {
    const { code, out } = await run('sleep', '--until', '8h');
    expect(code).toBe(0);
    expect(out).toMatch(/Home sleeps until .* \(in 7 h\)|Home sleeps until .* \(in 8 h\)/);
    const asleep = await report();
    expect(asleep).toMatchObject({ state: 'asleep', home: null });
    const get = trustingFetch(readFileSync(house.domain.caFile, 'utf8'));
    const page = await get(`${house.domain.origin}/`, { Accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(7.9 * 3600);
    expect(await house.deliver('alice', `${house.peerOrigin}/creates/1`)).toBe(202);
    expect(house.recorded()).toEqual([]);
  });

  test('asleep, the process holds no service and no link, and says that it sleeps', async () => {
    // What the edge said of itself a moment ago may be from before the delivery of the last test.
    const { code, out } = await untilPrinted(
      /^edge +says: asleep since .*, back at [\s\S]*^waits +up to 10 deliveries/m,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^home +\S+: asleep for .*, wakes at /);
    const { code: ended, err } = await run('spool', 'list', '--json');
    expect([ended, JSON.parse(err)]).toEqual([1, { error: { code: 'home-asleep', message: expect.any(String) } }]);
  });

  test('sent to bed again it says that strangers read the time of before', async () => {
    const { out } = await run('sleep', '--until', '8h');
    expect(out).toContain('It slept already');
  });

  test('wake brings it back, and what waited is delivered', async () => {
    const { code, out } = await run('wake');
    expect(code).toBe(0);
    expect(out).toContain('Home is awake');
    await vi.waitUntil(() => house.recorded().length === 1, { timeout: 20_000 });
  });

  test('home wakes by itself at the time it named', async () => {
    await run('sleep', '--until', '0.02min');
    await untilStatus(({ state }) => state === 'awake');
  });

  test('sleep refuses a time that is over, and one that is none', async () => {
    for (const until of ['2020-01-01T00:00', 'soon']) {
      const { code, err } = await run('sleep', '--until', until);
      expect(code).toBe(2);
      expect(err).toContain('--until');
    }
    expect((await report()).state).toBe('awake');
  });

  test('told to end while somebody asks without end, it goes to bed and ends with 0', async () => {
    await run('wake');
    const asker = connect(join(house.domain.homeFolder, 'control.sock'));
    asker.on('error', () => undefined);
    // A call whose arguments never come.
    asker.write('POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    // What came before this was heard before.
    expect((await report()).state).toBe('awake');
    await house.domain.sleep();
    asker.destroy();
    house.domain.startHome();
    await untilStatus(({ state }) => state === 'awake');
  });

  test('told to end while it sleeps, the process ends with 0 and frees its folder', async () => {
    await run('sleep');
    await house.domain.sleep();
    expect(readdirSync(house.domain.homeFolder)).not.toContain('control.sock');
    const { code } = await untilPrinted(/^home .*no home node runs.*\nedge +says: asleep since /);
    expect(code).toBe(3);
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({
      state: 'not running',
      edgeSays: { state: 'asleep' },
    });
  });

  test('an edge out of reach is said in its place, and status ends as before', async () => {
    await house.domain.killEdge();
    const { code, out } = await run('status');
    expect(code).toBe(3);
    expect(out).toMatch(/^edge .* says nothing of it: /m);
    await house.domain.startEdge();
  });

  test('a socket that a killed home node left does not keep the next one from starting', async () => {
    house.domain.startHome();
    await untilStatus(({ state }) => state === 'awake');
    await house.domain.killHome();
    expect((await run('status')).code).toBe(3);
    house.domain.startHome();
    await untilStatus(({ state }) => state === 'awake');
    await house.domain.sleep();
  });
});
