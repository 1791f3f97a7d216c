// How a command ends that could not do what it was asked: a message that says what to do, or JSON for programs, and never
// what is secret.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cli } from '../../../home-node/cli/cli.ts';
import { release, revoke } from '../../../home-node/cli/commands/edge.ts';
import { init } from '../../../home-node/cli/commands/init.ts';
import { sayError } from '../../../home-node/cli/say-error.ts';
import { Terminal } from '../../../home-node/cli/terminal.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { porchlight } from '../../support/porchlight.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-errors-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A person at a terminal who types this. */
function cliOf(typed = ''): { cli: Cli; err: () => string } {
  const streams = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
  for (const stream of Object.values(streams)) Object.assign(stream, { isTTY: true });
  const terminal = new Terminal({ ...streams, env: { NO_COLOR: '1' } });
  streams.input.write(typed);
  const process = { env: {}, homeDirectory: folder, exitWith: () => undefined };
  return {
    cli: { terminal, clock: systemClock, random: systemRandom, ...process },
    err: () => String(streams.errors.read() ?? ''),
  };
}

const coded = (code: string) => ({ error: { code, message: expect.stringContaining('Cannot') } });

describe('with --json an error', () => {
  test('is JSON on standard error, and the exit code is what it is without', async () => {
    const args = ['status', '--home', folder];
    const [text, json] = await Promise.all([porchlight(args), porchlight([...args, '--json'])]);
    expect([json.code, json.out, JSON.parse(json.err)]).toEqual([text.code, '', coded('no-folder')]);
    expect(text.err).toBe(`${(JSON.parse(json.err) as { error: { message: string } }).error.message}\n`);
  });

  test('is one also when the command line is not right, and says nothing beside it', async () => {
    for (const args of [['bogus'], ['status', '--hme', 'x'], ['spool', 'replay', '--home', folder]]) {
      const { code, err, out } = await porchlight([...args, '--json']);
      expect([code, out, JSON.parse(err)]).toEqual([2, '', coded('options')]);
    }
  });

  test('that nobody foresaw is called internal', () => {
    const { cli, err } = cliOf();
    sayError(cli.terminal, ['status', '--json'], new Error('Cannot allocate'));
    expect(JSON.parse(err())).toEqual(coded('internal'));
  });

  test('is a text where --json is no option', () => {
    const { cli, err } = cliOf();
    sayError(cli.terminal, ['status', '--', '--json'], new Error('Cannot allocate'));
    expect(err()).toBe('Cannot allocate\n');
  });
});

test('a claim code that was typed in two words is not said back', async () => {
  const typed = makeClaimCode(systemRandom);
  const half = typed.length / 2;
  for (const format of [[], ['--json']]) {
    const { code, err } = await porchlight(['claim', typed.slice(0, half), typed.slice(half), ...format]);
    expect(code).toBe(2);
    expect(err).toContain("too many arguments for 'claim'");
    expect(err).not.toContain(typed.slice(0, half));
    expect(err).not.toContain(typed.slice(half));
  }
});

test('init leaves the settings alone that are there', async () => {
  const file = join(folder, 'porchlight.toml');
  writeFileSync(file, 'domain = "precious.example"\n');
  const { cli } = cliOf();
  const again = init(cli, { home: folder, domain: 'other.example', yes: true });
  await expect(again).rejects.toMatchObject({ code: 'already-there', message: expect.stringContaining('--home') });
  expect(readFileSync(file, 'utf8')).toBe('domain = "precious.example"\n');
});

test.each(['\n', 'n\n', 'yess\n', 'example.org\n'])(
  'a key is not revoked, nor a host released, for %j',
  async (typed) => {
    // Before anything is asked of an edge: none is named.
    const refused = { code: 'not-confirmed' };
    await expect(revoke(cliOf(typed).cli, 'example.org', {})).rejects.toMatchObject(refused);
    await expect(release(cliOf(typed).cli, 'example.org', {})).rejects.toMatchObject(refused);
  },
);
