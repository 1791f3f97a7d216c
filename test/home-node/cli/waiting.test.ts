// What takes longer than a second says on a terminal that it goes on, whatever it is: commands are run here against a
// home node that is slow to answer.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../../../home-node/cli/program.ts';
import { ControlServer } from '../../../home-node/control/server.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { until } from '../../support/processes.ts';

let folder: string;
let server: ControlServer;
/** Lets the calls that wait be answered. */
let goOn: () => void;
let asked: Promise<void>;
let first = true;

const hold = (): void => {
  asked = new Promise((resolve) => {
    goOn = resolve;
  });
};

const slowly = (answer: unknown) => async () => {
  await asked;
  return answer;
};

const held = {
  state: 'waiting',
  leftAt: null,
  notBefore: 0,
  reason: null,
  delivery: {
    id: '01M85BBJX2PK96S8C9MRH4K5Y3',
    seq: 7,
    service: 'home',
    sender: 'https://friend.example/a',
    receivedAt: 0,
    method: 'POST',
    host: 'home.example',
    path: '/inbox',
    bodyBytes: 1,
    bodySha256: '',
    attempts: 0,
    headers: [],
  },
};
const kept = { ...held, state: 'kept' };
let shown: unknown = held;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-waiting-'));
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "home.example"\n');
  server = await ControlServer.listen(folder, {
    status: slowly({ home: null, now: 0 }),
    'service-stop': slowly(null),
    'service-start': slowly(null),
    'key-rotate': slowly(null),
    'spool-dead': slowly([]),
    'spool-show': async () => await slowly(shown)(),
    'spool-hurry': slowly(null),
    'spool-discard': slowly(null),
    'spool-replay': slowly({ replayed: 0 }),
    'spool-replay-one': slowly({ replayed: 1 }),
    'spool-waiting': async () => {
      await asked;
      const page = first ? { deliveries: [held.delivery], next: 7 } : { deliveries: [], next: null };
      first = false;
      return page;
    },
  });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** What a terminal gets before a bar, and in the end in its place. */
const wipe = '\r\u001b[2K';

/** What stands on the last line of a terminal while the command waits. */
async function whileItWaits(command: string): Promise<string> {
  hold();
  const { cli, err, out } = fakeCli({ isTTY: true });
  let seen = '';
  const done = runProgram(cli, [...command.split(' '), '--home', folder]);
  try {
    return await until(`a bar of ${command}`, () => {
      seen += err();
      const bar = seen.split(wipe).slice(1).at(-1);
      return bar === undefined || bar === '' ? null : bar;
    });
  } finally {
    goOn();
    await done.catch(() => undefined);
    out();
    // Nothing is left of it.
    expect(`${seen}${err()}`.split(wipe).at(-1)).not.toContain(' ...');
  }
}

describe('a command that waits says so', () => {
  test.each([
    ['service list', 'asking the home node ...'],
    ['service stop blog', 'stopping blog ...'],
    ['service start blog', 'starting blog ...'],
    ['key rotate', 'telling the edge the new key ...'],
    ['spool list', 'asking the edge what waits ...'],
    ['spool list --dead', 'asking the edge ...'],
    ['spool show 7', 'asking the edge ...'],
    ['spool retry 7', 'asking the edge ...'],
    ['spool discard 7 --yes', 'asking the edge ...'],
    ['spool replay --since 2h', 'asking the edge ...'],
  ])('%s', async (command, says) => {
    shown = held;
    expect(await whileItWaits(command)).toBe(says);
  });

  test('spool replay, of one that is kept', async () => {
    shown = kept;
    expect(await whileItWaits('spool replay 7')).toBe('asking the edge ...');
  });
});

test('spool list in a pipe says nothing on the way, however many pages there are', async () => {
  hold();
  goOn();
  first = true;
  const { cli, err, out } = fakeCli();
  await runProgram(cli, ['spool', 'list', '--all', '--json', '--home', folder]);
  expect(JSON.parse(out())).toMatchObject({ deliveries: [{ seq: 7 }], next: null });
  expect(err()).toBe('');
});
