// A stage whose service answers as each test says, by path.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { vi } from 'vitest';
import { LinkStage } from './link-stage.ts';

/** What the service does for a path; each test writes its own. */
export type Answers = Map<string, (request: IncomingMessage, response: ServerResponse) => void>;

export async function openAnswering(answers: Answers): Promise<LinkStage> {
  return await LinkStage.open((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer !== undefined) answer(request, response);
    else response.writeHead(404).end('no such path');
  });
}

/** Bytes that differ from their neighbours, so that a lost, doubled or moved block shows. */
export function block(n: number): Buffer {
  return createHash('shake256', { outputLength: 64 * 1024 })
    .update(String(n % 64))
    .digest();
}

export const waitFor = async (condition: () => boolean, timeout = 10_000): Promise<boolean> =>
  await vi.waitUntil(() => condition(), { timeout, interval: 10 });
