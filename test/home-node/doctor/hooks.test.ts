// doctor's check of the hooks in servers: with the real libraries, hooked and not.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../home-node/config.ts';
import type { Finding } from '../../../home-node/doctor/check.ts';
import { hooksCheck } from '../../../home-node/doctor/checks/hooks.ts';
import { runDoctor } from '../../../home-node/doctor/doctor.ts';
import { lateRequest } from '../../../home-node/doctor/late-request.ts';
import { systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { judgedHeader } from '../../../home-node/receipts/receipt.ts';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { secretText, serviceSecret } from '../../../home-node/receipts/service-receipts.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { host } from '../hooks/late-requests.ts';
import { type Started, startService } from '../hooks/service-program.ts';
import { examOf } from './exams.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const apps = join(import.meta.dirname, '..', 'hooks', 'apps');
const NODE_OPTIONS = `--require ${join(root, 'home-node', 'hooks', 'porchlight-hook.cjs')}`;

let folder: string;
let secretFile: string;
let secret: Uint8Array;
const ports = systemPorts({ clock: systemClock });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-doctor-hooks-'));
  secret = serviceSecret(openSecret(join(folder, 'receipt-secret'), systemRandom), 'social');
  secretFile = join(folder, 'of-the-server');
  writeFileSync(secretFile, secretText(secret));
});
afterAll(() => {
  ports.close();
  rmSync(folder, { recursive: true });
});

async function findings(port: number, in_ = folder): Promise<readonly Finding[]> {
  const config = parseConfig(
    `domain = "${host}"
[[services]]
name = "social"
kind = "activitypub"
url = "http://127.0.0.1:${port}"
inboxes = ["/users/owner/inbox"]
`,
    'porchlight.toml',
  );
  return await runDoctor({
    exam: examOf(config, { folder: in_ }),
    ports,
    checks: [hooksCheck],
    onFindings: () => undefined,
  });
}

const servers = [
  ['inbox-app.mjs', 'peertube-http-signature', 403],
  ['inbox-app.mjs', 'misskey-http-signature', 401],
  ['inbox-app.mjs', 'peertube-message-signatures', 403],
  ['inbox-app.mjs', 'misskey-message-signatures', 401],
  ['fedify-app.mjs', 'plain', 401],
] as const;

describe.each(servers)('doctor, before %s %s', (file, mode, refusal) => {
  const start = async (env: Readonly<Record<string, string>>, by = secretFile): Promise<Started> =>
    await startService({ command: [process.execPath, join(apps, file), mode], env, secretFile: by });

  test('finds the hook at work, and the server takes neither request', async () => {
    const server = await start({ NODE_OPTIONS });
    try {
      expect(await findings(server.port)).toMatchObject([
        { check: 'hooks', subject: 'social', verdict: 'well', found: expect.stringContaining(`(${refusal})`) },
      ]);
      const facts = { secret, origin: `http://127.0.0.1:${server.port}`, host, inbox: '/users/owner/inbox' };
      const { withReceipt } = lateRequest({ ...facts, domain: host, kind: 'activitypub', now: Date.now() });
      const answer = await ports.ask(withReceipt);
      expect(answer.headers[judgedHeader]).toBe('v1 judged-at-arrival');
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    } finally {
      await server.stop();
    }
  });

  test('claims nothing of a server without the hook, or with another secret', async () => {
    for (const server of [await start({}), await start({ NODE_OPTIONS }, join(folder, 'receipt-secret'))]) {
      expect(await findings(server.port)).toMatchObject([{ subject: 'social', verdict: 'unchecked' }]);
      await server.stop();
    }
  });
});

test('claims nothing without a secret, nor of a server that is not there', async () => {
  expect(await findings(1)).toMatchObject([{ subject: 'social', verdict: 'unchecked' }]);
  expect(await findings(1, join(folder, 'nowhere'))).toMatchObject([{ subject: 'social', verdict: 'unchecked' }]);
});
