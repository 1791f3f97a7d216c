// The intake as a process of its own, which kills itself with SIGKILL at a named point of its work. Settings come as
// JSON in the first argument.

import { importJWK, type JWK } from 'jose';
import { EdgeApi } from '../../../home-node/edge-api/edge-api.ts';
import { SignedCalls } from '../../../home-node/edge-api/signed-calls.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { openIntake } from '../../../home-node/intake/open-intake.ts';
import type { IntakePoint } from '../../../home-node/intake/sender-work.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import type { Session } from '../../../shared/session/call.ts';
import { plainAdapter } from './plain-adapter.ts';

export interface ProgramSettings {
  readonly ledger: string;
  readonly edge: string;
  readonly key: JWK;
  readonly session: Session;
  readonly service: string;
  readonly killAt: IntakePoint | null;
  /** At which passing of that point. */
  readonly killAfter: number;
}

const settings = JSON.parse(process.argv[2] ?? '') as ProgramSettings;
const key = await importJWK(settings.key, 'EdDSA');
if (key instanceof Uint8Array) throw new Error('not a private key');
const calls = new SignedCalls({ edge: settings.edge, key, random: systemRandom });
let passed = 0;
const { intake } = openIntake({
  api: new EdgeApi(calls),
  ledger: await Ledger.open(settings.ledger),
  recipients: new Map([['home', { name: 'home', adapter: plainAdapter, origin: () => settings.service }]]),
  clock: systemClock,
  log: createLog('info', systemClock, (line) => process.stderr.write(line)),
  observe: (point) => {
    if (point !== settings.killAt) return;
    passed += 1;
    if (passed === settings.killAfter) process.kill(process.pid, 'SIGKILL');
  },
  onSilent: () => undefined,
  onDrained: () => undefined,
});
calls.use(settings.session);
intake.connected();
