// The edge as it was hours ago: the Worker whose clock is as many ms off as is asked, bundled to a file.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorker } from '../../../../local/edge-bundle.ts';

export async function bundleEveningEdge(file: string, offMs: number): Promise<void> {
  const text = `
import door from './edge/worker.ts';
export { LinkObject, SpoolObject } from './edge/worker.ts';
const now = Date.now;
Date.now = () => now() + ${offMs};
export default door;
`;
  const folder = join(import.meta.dirname, '..', '..', '..', '..');
  writeFileSync(file, await bundleWorker({ text, folder }));
}
