// Seconds from `npm start` on an installed copy to the front page.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/support/ports.ts';
import { Program, until } from '../../test/support/processes.ts';
import { type Figure, judged, median } from '../figure.ts';

const rounds = 3;

export async function start(): Promise<readonly Figure[]> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-start-'));
    const port = await freePort();
    const began = performance.now();
    const program = new Program('start', [
      'local/bootstrap.mjs',
      'local/start.ts',
      '--port',
      String(port),
      '--home',
      folder,
    ]);
    try {
      await until('the front page', async () => await frontPage(port), 60_000);
      seconds.push((performance.now() - began) / 1000);
    } finally {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const figure = 'npm start to the front page';
  return [judged({ bench: 'first-night', figure, value: median(seconds), unit: 's', goal: '<= 15' })];
}

async function frontPage(port: number): Promise<true | null> {
  try {
    const answer = await fetch(`http://localhost:${port}/`);
    await answer.arrayBuffer();
    return answer.status === 200 ? true : null;
  } catch {
    // Nobody listens yet: that is what is waited for.
    return null;
  }
}
