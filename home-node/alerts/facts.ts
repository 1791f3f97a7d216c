// What alerts are judged by, gathered from the home node's own report and its data folder.

import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeReport } from '../control/report.ts';
import { keyFileName } from '../key.ts';
import { keyMadeAt } from '../key-file.ts';
import type { AlertFacts } from './judge.ts';

/** null while home sleeps: then nothing is wrong that its owner could be told of. */
export async function alertFacts(report: NodeReport): Promise<AlertFacts | null> {
  const { home, now, folder, state, since } = report;
  if (home === null || state === 'going to bed') return null;
  const { spool, link } = home;
  return {
    now,
    spool:
      spool === null
        ? null
        : {
            dead: spool.dead,
            fullest: Math.max(
              share(spool.databaseBytes, spool.databaseLimitBytes),
              share(spool.largeBytes, spool.largeLimitBytes),
            ),
          },
    linkLostSince: link.state === 'lost' ? link.since : null,
    keyMadeAt: keyMadeAt(join(folder, keyFileName)),
    snapshotAt: home.snapshotAt ?? spool?.snapshotAt ?? null,
    awakeSince: since,
    clockOff: home.clockOff,
    diskFreeBytes: await freeBytes(folder),
    down: home.services.filter((service) => service.state === 'down' && service.why !== 'stopped'),
  };
}

/** An edge of an earlier version does not say its limits. */
function share(bytes: number | undefined, limitBytes: number | undefined): number {
  return bytes === undefined || limitBytes === undefined ? 0 : bytes / limitBytes;
}

async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // Some file systems do not tell; then nobody is told of it.
    return null;
  }
}
