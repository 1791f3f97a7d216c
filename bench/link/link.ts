// Our link beside the peers that are on the PATH: the same origin, the same load, the same machine, in turns. Everything
// is encrypted as at a real home, between visitor and edge as well as between edge and home; once more without TLS
// towards visitors, for the links alone.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../../test/support/certificates.ts';
import type { Findings } from '../figure.ts';
import { Sheet } from '../sheet.ts';
import { start, told } from './child.ts';
import { Contender } from './contender.ts';
import { goals } from './goals.ts';
import { peers } from './peers/all.ts';
import type { Ground } from './peers/peer.ts';
import { porchlight } from './peers/porchlight.ts';
import { progress } from './progress.ts';
import { measureInTurns, warm } from './rounds.ts';

export interface LinkOptions {
  /** Names of peers, with commas between. */
  readonly only?: string | undefined;
  readonly rounds?: string | undefined;
}

export async function link(options: LinkOptions): Promise<Findings> {
  const rounds = Number(options.rounds ?? 3);
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-link-'));
  const origin = start(join(import.meta.dirname, 'origin-process.ts'));
  const contenders: Contender[] = [];
  const notes: string[] = [];
  try {
    const { port = 0 } = await told(origin, (message) => message.port !== undefined);
    const certificates = await makeCertificates(folder);
    const ground = { folder, originPort: port, certificates };
    await openAll(options.only, ground, contenders, notes);
    const sheet = new Sheet();
    for (const one of contenders) await warm(one);
    await measureInTurns(contenders, rounds, sheet, notes, async () => await arrivedAt(origin));
    return { figures: [...goals(sheet), ...sheet.figures('link')], notes };
  } finally {
    for (const one of contenders) await one.close();
    origin.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openAll(
  only: string | undefined,
  ground: Ground,
  contenders: Contender[],
  notes: string[],
): Promise<void> {
  const ca = readFileSync(ground.certificates.caFile, 'utf8');
  const wanted = only?.split(',');
  for (const peer of [porchlight, ...peers]) {
    if (peer !== porchlight && wanted !== undefined && !wanted.includes(peer.name)) continue;
    const version = peer.version();
    if (version === null) {
      notes.push(`${peer.name}: missing, it is not on the PATH (bench/link/install-peers.sh)`);
      continue;
    }
    progress(`starting ${peer.name}`);
    try {
      contenders.push(await Contender.open(peer, ground, ca));
      notes.push(`${peer.name}: ${version}${peer.note === undefined ? '' : `; ${peer.note}`}`);
    } catch (thrown) {
      if (peer === porchlight) throw thrown;
      notes.push(`${peer.name} ${version}: missing, it did not start: ${(thrown as Error).message}`);
    }
  }
}

async function arrivedAt(origin: ChildProcess): Promise<number> {
  const answer = told<{ arrived?: number }>(origin, (message) => message.arrived !== undefined);
  origin.send('arrived');
  return (await answer).arrived ?? 0;
}
