// The Node hook where the service is one minified file with the libraries inside, as Misskey's backend is: changed at
// one place exactly, or not at all and said. The bundle is made here, of the same libraries, by the same bundler with the
// same options; it is not Misskey's own.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherNodes } from '../../support/other-nodes.ts';
import { unwanted, wanted } from './late-requests.ts';
import { type Started, startService } from './service-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const app = join(import.meta.dirname, 'apps', 'inbox-app.mjs');
const options = `--import ${join(root, 'home-node', 'hooks', 'porchlight-hook.mjs')}`;
const now = Date.now();

let folder: string;
let whole: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bundle-'));
  mkdirSync(join(folder, 'built'));
  const bundle = await rolldown({ input: app, platform: 'node' });
  await bundle.write({
    dir: join(folder, 'built'),
    format: 'esm',
    minify: true,
    keepNames: true,
    codeSplitting: false,
  });
  whole = join(folder, 'built', 'inbox-app.js');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function start(name: string, node = process.execPath, file = whole, hook = options): Promise<Started> {
  return await startService({ command: [node, file, name], env: hook === '' ? {} : { NODE_OPTIONS: hook } });
}

const nodes = [
  ['the project’s Node', process.execPath],
  ['Node 20', otherNodes.node20],
] as const;

describe.each(nodes)('a bundle in %s', (_which, node) => {
  test.each(['misskey-http-signature', 'misskey-message-signatures'])('%s is judged at arrival', async (name) => {
    const [hooked, bare] = await Promise.all([start(name, node), start(name, node, whole, '')]);
    try {
      for (const { what, request } of wanted('date', now)) {
        expect([what, (await hooked.ask(request)).status]).toEqual([what, 202]);
        if (!what.includes('fresh')) expect([what, (await bare.ask(request)).status]).toEqual([what, 401]);
      }
      for (const { what, request } of unwanted('date', now)) {
        expect([what, (await hooked.ask(request)).status]).toEqual([what, (await bare.ask(request)).status]);
      }
    } finally {
      await Promise.all([hooked.stop(), bare.stop()]);
    }
  });
});

describe('a bundle that the hook does not know', () => {
  test.each([
    ['none', (text: string) => text.replaceAll('parseRequest:', 'parseRequest :')],
    ['two', (text: string) => `${text}\nvoid{parseRequest:function(a,b){}};\n`],
  ])('with %s of the places stays as it is, and that is said', async (_number, change) => {
    const file = join(folder, 'built', 'other.js');
    writeFileSync(file, change(readFileSync(whole, 'utf8')));
    const service = await start('misskey-http-signature', process.execPath, file);
    try {
      expect(service.log()).toMatch(/@peertube\/http-signature is in file:\S+, but not in a form .* left alone/);
      const [fresh, ...others] = wanted('date', now);
      if (fresh === undefined) throw new Error('there is no fresh one');
      expect((await service.ask(fresh.request)).status).toBe(202);
      const late = others.find(({ what }) => what === 'a late one with its receipt');
      if (late === undefined) throw new Error('there is no late one');
      expect((await service.ask(late.request)).status).toBe(401);
    } finally {
      await service.stop();
    }
  });
});
