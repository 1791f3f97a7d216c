// `porchlight status` of a home that leaves less at the edge than there is: its owner sees what, and what to do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../../home-node/cli/program.ts';
import { ControlServer } from '../../../home-node/control/server.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { homeReport, nodeReport } from '../doctor/exams.ts';

let folder: string;
let server: ControlServer;
let leftOut: { readonly leftOut?: readonly string[] };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-left-out-'));
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "home.example"\n');
  server = await ControlServer.listen(folder, {
    status: async () => await Promise.resolve(nodeReport({ home: homeReport(leftOut) })),
  });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function said(): Promise<string> {
  const { cli, out } = fakeCli();
  await runProgram(cli, ['status', '--home', folder]);
  return out();
}

test('each thing that is left out has a line, and nothing in it reaches the terminal', async () => {
  leftOut = { leftOut: ['social: all blocked domains are left out.', 'social: \u001b[2Jan account is left out.'] };
  const text = await said();
  expect(text.match(/^left out +.*$/gm)).toEqual([
    expect.stringContaining('social: all blocked domains are left out.'),
    expect.stringContaining('an account is left out.'),
  ]);
  expect(text).not.toContain('\u001b');
});

test('nothing is said where all is left, or where a home node of an earlier version does not say', async () => {
  for (const none of [{ leftOut: [] }, {}]) {
    leftOut = none;
    const text = await said();
    expect([text.includes('left out'), text.includes('link')]).toEqual([false, true]);
  }
});
