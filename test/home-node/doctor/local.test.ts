// What doctor finds in the data folder: config, key and claim, the disk below, the ledger beside a home node that writes.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Check, Verdict } from '../../../home-node/doctor/check.ts';
import { claimCheck } from '../../../home-node/doctor/checks/claim.ts';
import { configCheck } from '../../../home-node/doctor/checks/config.ts';
import { diskCheck } from '../../../home-node/doctor/checks/disk.ts';
import { keyCheck } from '../../../home-node/doctor/checks/key.ts';
import { ledgerCheck } from '../../../home-node/doctor/checks/ledger.ts';
import { type Exam, examine } from '../../../home-node/doctor/exam.ts';
import { systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { LedgerStore } from '../../../home-node/intake/ledger-store.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { answerOf, edgePorts, examOf, findingsOf, portsOf, production } from './exams.ts';

let folder: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-local-'));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true });
});

const toml = (text: string): void => writeFileSync(join(folder, 'porchlight.toml'), text);
const ports = edgePorts(async () => await Promise.resolve(answerOf(200, '')));

async function found(check: Check, exam: Exam, with_ = ports): Promise<readonly [Verdict, string, string | null][]> {
  return (await findingsOf(check, exam, with_)).map(({ verdict, found: text, cure }) => [verdict, text, cure]);
}

describe('the config', () => {
  test('that can be read is well', async () => {
    toml('domain = "example.org"');
    expect(await found(configCheck, await examine(folder))).toMatchObject([
      ['well', expect.stringContaining('example.org'), null],
    ]);
  });

  test('with faults: all of them are named', async () => {
    toml('domain = 5\ncolour = "red"\n');
    const [[verdict, text] = []] = await found(configCheck, await examine(folder));
    expect([verdict, text?.includes('domain: found 5'), text?.includes('colour')]).toEqual(['fault', true, true]);
  });

  test('that is not there: what makes one', async () => {
    expect(await found(configCheck, await examine(join(folder, 'none')))).toMatchObject([
      ['fault', expect.stringContaining('there is no'), expect.stringContaining('porchlight init')],
    ]);
  });
});

describe("home's key", () => {
  const claimed = { homeId: 'h', edge: 'https://example.org', hosts: ['example.org'], codeHash: '' };
  const exam = (changes: Partial<Exam> = {}) => examOf(production, { folder, claimed: null, ...changes });

  test('is not made by looking for it', async () => {
    expect(await found(keyCheck, exam())).toMatchObject([['warning', 'there is none yet', expect.anything()]]);
    expect(await found(keyCheck, exam({ claimed }))).toMatchObject([
      ['fault', expect.stringContaining('gone'), expect.stringContaining('backup')],
    ]);
  });

  test('that is private is well; that others may read is not', async () => {
    await openHomeKey(folder);
    const path = join(folder, 'home-key.json');
    expect(await found(keyCheck, exam())).toMatchObject([['well', expect.anything(), null]]);
    chmodSync(path, 0o644);
    expect(await found(keyCheck, exam())).toMatchObject([
      ['fault', expect.stringContaining('chmod 600'), expect.anything()],
    ]);
  });

  test('that is damaged is a fault, and nothing of it is said', async () => {
    const path = join(folder, 'home-key.json');
    writeFileSync(path, '{"kty":"OKP","d":"the-secret-half', { mode: 0o600 });
    const findings = await found(keyCheck, exam());
    expect(findings).toMatchObject([['fault', expect.stringContaining('not JSON'), expect.anything()]]);
    expect(JSON.stringify(findings)).not.toContain('the-secret-half');
  });
});

describe('the claim', () => {
  const claimAt = (edge: string, hosts: readonly string[]): void =>
    writeFileSync(join(folder, 'home.json'), JSON.stringify({ homeId: 'h', edge, hosts, codeHash: '' }));

  test('of every name is well', async () => {
    toml('domain = "example.org"');
    claimAt('https://example.org', ['example.org']);
    expect(await found(claimCheck, await examine(folder))).toMatchObject([['well', expect.anything(), null]]);
  });

  test('that was never made, or at another edge', async () => {
    toml('domain = "example.org"');
    expect(await found(claimCheck, await examine(folder))).toMatchObject([
      ['fault', 'this home has never claimed there', expect.stringContaining('porchlight claim')],
    ]);
    claimAt('https://other.example', ['example.org']);
    expect(await found(claimCheck, await examine(folder))).toMatchObject([
      ['fault', expect.stringContaining('at https://other.example, not at https://example.org'), expect.anything()],
    ]);
  });

  test('that leaves a name of the config out names it', async () => {
    toml(
      'domain = "example.org"\n[[services]]\nname = "a"\nkind = "embedded"\nhosts = ["example.org", "www.example.org"]\n',
    );
    claimAt('https://example.org', ['example.org']);
    expect(await findingsOf(claimCheck, await examine(folder), ports)).toMatchObject([
      { subject: 'www.example.org', verdict: 'fault', cure: expect.stringContaining('take www.example.org out') },
    ]);
  });

  test('whose file is damaged', async () => {
    toml('domain = "example.org"');
    writeFileSync(join(folder, 'home.json'), '{"homeId":');
    expect(await found(claimCheck, await examine(folder))).toMatchObject([
      ['fault', expect.stringContaining('home.json'), expect.stringContaining('porchlight claim')],
    ]);
  });
});

describe('the disk', () => {
  const of = (freeBytes: number, freeInodes: number | null = null) =>
    portsOf({ disk: async () => await Promise.resolve({ freeBytes, freeInodes }) });

  test.each([
    [limits.diskWarnBytes, null, ['well']],
    [limits.diskWarnBytes - 1, null, ['warning']],
    [limits.diskFaultBytes - 1, null, ['fault']],
    [limits.diskWarnBytes, limits.diskWarnInodes, ['well']],
    [limits.diskWarnBytes, limits.diskWarnInodes - 1, ['warning']],
    [limits.diskWarnBytes, limits.diskFaultInodes - 1, ['fault']],
    [0, 0, ['fault', 'fault']],
  ])('with %d bytes and %s inodes is %j', async (bytes, inodes, verdicts) => {
    const findings = await findingsOf(diskCheck, examOf(null), of(bytes, inodes));
    expect(findings.map(({ verdict }) => verdict)).toEqual(verdicts);
    expect(findings.every(({ verdict, cure }) => (verdict === 'well') === (cure === null))).toBe(true);
  });

  test('is measured where the folder lies; of a folder that is not there nothing is said', async () => {
    const real = systemPorts({ clock: systemClock });
    cleanups.push(() => real.close());
    const { freeBytes } = await real.disk(folder);
    expect(freeBytes).toBeGreaterThan(0);
    expect(await found(diskCheck, examOf(null, { folder: join(folder, 'none') }), real)).toMatchObject([
      ['unchecked', expect.stringContaining('ENOENT'), null],
    ]);
  });
});

describe('the ledger', () => {
  const path = (): string => join(folder, 'ledger.sqlite');
  const exam = () => examOf(null, { folder });

  /** With enough in it to have several pages. */
  function filled(): LedgerStore {
    const store = new LedgerStore(path());
    const marks = Array.from({ length: 500 }, (_, at) => ({
      mark: 'begin' as const,
      id: `delivery-${at}`,
      service: 'home',
      sender: `https://peer.example/users/${at}`,
      at,
    }));
    store.commit(marks);
    return store;
  }

  test('that is whole is well, while the home node has it open and writes, and after', async () => {
    const store = filled();
    expect(await found(ledgerCheck, exam())).toMatchObject([['well', expect.stringContaining('whole'), null]]);
    store.commit([{ mark: 'answer', id: 'delivery-1', outcome: 'delivered', at: 1 }]);
    store.rewrite();
    store.close();
    expect(await found(ledgerCheck, exam())).toMatchObject([['well', expect.stringContaining('whole'), null]]);
  });

  test.each([
    ['pages overwritten', (bytes: Buffer) => bytes.fill(0xff, 8192, 8192 + 3000)],
    ['another head', (bytes: Buffer) => bytes.fill('x', 0, 100)],
  ])('that is damaged is a fault: %s', async (_, spoil) => {
    const store = filled();
    store.rewrite();
    store.close();
    writeFileSync(path(), spoil(readFileSync(path())));
    expect(await found(ledgerCheck, exam())).toMatchObject([
      ['fault', expect.stringContaining('damaged'), expect.stringContaining('away')],
    ]);
  });

  test('that is not there yet, or longer than limits.doctorLedgerBytes, is unchecked', async () => {
    expect(await found(ledgerCheck, exam())).toMatchObject([['unchecked', expect.stringContaining('none yet'), null]]);
    writeFileSync(path(), '');
    truncateSync(path(), limits.doctorLedgerBytes + 1);
    expect(await found(ledgerCheck, exam())).toMatchObject([['unchecked', expect.stringContaining('64.0 MiB'), null]]);
  });

  test('that cannot be opened is unchecked: that says nothing of what is in it', async () => {
    cleanups.push(() => rmSync(path(), { recursive: true }));
    mkdirSync(path());
    expect(await found(ledgerCheck, exam())).toMatchObject([
      ['unchecked', expect.stringContaining('cannot be read'), expect.anything()],
    ]);
  });
});
