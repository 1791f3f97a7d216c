// doctor's check of the hooks over HTTP, for the two kinds whose servers ask in an order of their own: Mastodon wants a key
// before it looks at the age, Misskey takes into its queue whatever is right but for its signature. Stand-ins ask in that
// order, with the real hook, and with the real library or Mastodon's class.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../home-node/config.ts';
import type { Finding } from '../../../home-node/doctor/check.ts';
import { hooksCheck } from '../../../home-node/doctor/checks/hooks.ts';
import { runDoctor } from '../../../home-node/doctor/doctor.ts';
import { systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { secretText, serviceSecret } from '../../../home-node/receipts/service-receipts.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { hasRuby, Ruby } from '../hooks/ruby-program.ts';
import { type Started, startService } from '../hooks/service-program.ts';
import { examOf } from './exams.ts';
import { mastodonBefore, type StandIn } from './stand-ins/mastodon.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const hook = join(root, 'home-node', 'hooks', 'porchlight-hook.cjs');
const domain = 'home.example';
const host = 'social.home.example';

let folder: string;
let secretFile: string;
let otherSecret: string;
const ports = systemPorts({ clock: systemClock });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-kinds-'));
  const file = (name: string, of: string): string => {
    const path = join(folder, name);
    writeFileSync(path, secretText(serviceSecret(openSecret(join(folder, of), systemRandom), 'social')));
    return path;
  };
  secretFile = file('of-the-server', 'receipt-secret');
  otherSecret = file('of-another-home', 'other-secret');
});
afterAll(() => {
  ports.close();
  rmSync(folder, { recursive: true });
});

async function findings(kind: string, port: number): Promise<readonly Finding[]> {
  const service = `name = "social"\nkind = "${kind}"\nhosts = ["${host}"]\nurl = "http://127.0.0.1:${port}"`;
  const config = parseConfig(
    `domain = "${domain}"\n[[services]]\n${service}${kind === 'activitypub' ? '\ninboxes = ["/inbox"]' : ''}\n`,
    'porchlight.toml',
  );
  return await runDoctor({
    exam: examOf(config, { folder }),
    ports,
    checks: [hooksCheck],
    onFindings: () => undefined,
  });
}

const atWork = {
  subject: 'social',
  verdict: 'well',
  found: 'its hook judges a late request with a receipt by when it arrived, and leaves one without to the server (401)',
};
const notThere = {
  subject: 'social',
  verdict: 'warning',
  found: expect.stringContaining('no hook answered a late request: it will refuse what came while home slept (401'),
  cure: expect.stringContaining('porchlight hook show social'),
};

describe.each(['http-signature', 'message-signatures'])('before a Misskey with %s', (library) => {
  const start = async (env: Readonly<Record<string, string>>, by: string): Promise<Started> => {
    const app = join(import.meta.dirname, 'stand-ins', 'misskey.mjs');
    const command = [process.execPath, app, library] as const;
    return await startService({ command: [...command], env: { ...env, HOST_NAME: host }, secretFile: by });
  };
  const queued = async ({ port }: Started): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/`)).text();

  test('doctor finds the hook at work, and nothing comes into the queue', async () => {
    const server = await start({ NODE_OPTIONS: `--require ${hook}` }, secretFile);
    try {
      expect(await findings('misskey', server.port)).toMatchObject([atWork]);
      expect(await queued(server)).toBe('0');
    } finally {
      await server.stop();
    }
  });

  test('doctor warns of one without the hook, and of one with the secret of another home', async () => {
    const options = { NODE_OPTIONS: `--require ${hook}` };
    for (const server of [await start({}, secretFile), await start(options, otherSecret)]) {
      try {
        expect(await findings('misskey', server.port)).toMatchObject([notThere]);
        expect(await queued(server)).toBe('0');
      } finally {
        await server.stop();
      }
    }
  });
});

const real = process.env.MASTODON_SIGNED_REQUEST;
const releases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['4.3', { STAND_IN: '4.3' }],
  ['4.4 and 4.5', { STAND_IN: '4.5' }],
  ['4.6 and main', { STAND_IN: '4.6' }],
  ...(real === undefined ? [] : [[`its real class ${real}`, { MASTODON_SIGNED_REQUEST: real }] as const]),
];

describe.skipIf(!hasRuby).each(releases)('before a Mastodon of the shape of %s', (_, env) => {
  const before = async (hooked: boolean, by: string, look: (server: StandIn) => Promise<void>): Promise<void> => {
    const ruby = await Ruby.start({ ...env, PORCHLIGHT_RECEIPT_SECRET_FILE: by }, hooked);
    const server = await mastodonBefore(ruby, domain, host);
    try {
      await look(server);
      expect(server.taken()).toBe(0);
    } finally {
      await server.close();
      await ruby.stop();
    }
  };

  test('doctor finds the hook at work, and nothing is taken', async () => {
    await before(true, secretFile, async ({ port }) => {
      expect(await findings('mastodon', port)).toMatchObject([atWork]);
    });
  });

  test('doctor warns of one without the hook, and of one with the secret of another home', async () => {
    await before(false, secretFile, async ({ port }) => {
      expect(await findings('mastodon', port)).toMatchObject([notThere]);
    });
    await before(true, otherSecret, async ({ port }) => {
      expect(await findings('mastodon', port)).toMatchObject([notThere]);
    });
  });

  test('doctor claims nothing where the server does not come to the question of age', async () => {
    await before(true, secretFile, async ({ port }) => {
      // Asked as any other server, with a key that would have to be fetched.
      expect(await findings('activitypub', port)).toMatchObject([{ subject: 'social', verdict: 'unchecked' }]);
    });
  });
});
