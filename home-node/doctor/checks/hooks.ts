// Does the hook of each server work? Asked by a late request that no server can take (late-request.ts), once with a receipt
// and once without. That the hook judged it says: the server runs with it, it knows its secret, and it was asked in the very
// place where the server judges age. It does not say that a delivery of somebody's will be taken: its key and its
// signature are the server's to judge.

import { join } from 'node:path';
import { causeOf } from '../../../shared/errors.ts';
import type { ActivityPubServiceConfig } from '../../config.ts';
import { hookedAs, hookless } from '../../hooks/software.ts';
import { judgedHeader, judgedValue } from '../../receipts/receipt.ts';
import { readSecret } from '../../receipts/secret.ts';
import { serviceSecret } from '../../receipts/service-receipts.ts';
import { type Check, type ConfiguredExam, fault, type Result, unchecked, warning, well } from '../check.ts';
import { connectionTroubleOf } from '../connection-trouble.ts';
import { lateRequest } from '../late-request.ts';
import type { DoctorPorts } from '../ports.ts';

export const hooksCheck: Check = {
  name: 'hooks',
  about: 'the hooks in servers',
  needs: 'config',
  run: async (exam, ports) =>
    await Promise.all(
      exam.config.services.map(async (service) => {
        const found = service.kind === 'embedded' ? null : await serviceResult(service, exam, ports);
        return found ?? unasked(service.name, service.kind);
      }),
    ),
};

function unasked(name: string, kind: string): Result {
  const why = hookless[kind];
  if (why !== undefined) return well(name, `needs no hook, or can have none: it ${why}`);
  return unchecked(name, 'which software it is, and so whether it needs a hook, is not known: none answered');
}

/** null: no hook answered, and nobody knows whether there should be one. */
async function serviceResult(
  service: ActivityPubServiceConfig,
  exam: ConfiguredExam,
  ports: DoctorPorts,
): Promise<Result | null> {
  const { name, kind, url, hosts, inboxes } = service;
  const needsHook = hookedAs(kind) !== null;
  const inbox = inboxes.find((path) => !path.includes('{')) ?? null;
  if (inbox === null) return needsHook ? unchecked(name, 'it has no inbox at a path without a name in it') : null;
  let secret: Uint8Array;
  try {
    secret = serviceSecret(readSecret(join(exam.folder, 'receipt-secret')), name);
  } catch (thrown) {
    const isMissing = (thrown as { code?: unknown }).code === 'ENOENT';
    const why = isMissing ? 'home has no receipt secret yet, so that no hook can know it' : causeOf(thrown);
    return needsHook ? unchecked(name, why, `Run: porchlight hook write ${name}`) : null;
  }
  const { domain } = exam.config;
  const now = ports.clock.now();
  const host = hosts[0] ?? domain;
  const late = lateRequest({ secret, origin: url, host, inbox, domain, kind, now });
  try {
    const judged = await ports.ask(late.withReceipt);
    const plain = await ports.ask(late.without);
    const isJudged = judged.headers[judgedHeader] === judgedValue;
    if (plain.headers[judgedHeader] !== undefined) {
      return fault(
        name,
        'its hook judged a late request that had no receipt',
        `Write it anew: porchlight hook write ${name}`,
      );
    }
    if (isJudged) {
      const found = `its hook judges a late request with a receipt by when it arrived, and leaves one without to the server (${plain.status})`;
      return well(name, found);
    }
    if (!needsHook) return null;
    const said = judged.body.trim().slice(0, 200);
    const because = said === '' ? '' : `: ${said}`;
    const cure = `Put it in and start the server anew: porchlight hook show ${name}. It logs what it finds, each line with [porchlight].`;
    if (judged.status >= 500 || judged.status === 404) {
      return unchecked(name, `it did not come to the question of age; it answered ${judged.status}${because}`, cure);
    }
    return warning(
      name,
      `no hook answered a late request: it will refuse what came while home slept (${judged.status}${because})`,
      cure,
    );
  } catch (thrown) {
    if (!needsHook) return null;
    return unchecked(name, `does not answer at ${url}: ${connectionTroubleOf(thrown, ports.clock).found}`);
  }
}
