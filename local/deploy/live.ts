// What is live at a host: the edge says itself which build it is (/.porchlight/v1/edge).

import { type EdgeAbout, edgeAboutPath, readEdgeAbout } from '../../shared/edge-about.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { readJsonObject } from '../../shared/json-object.ts';
import { leadsSomewhere } from './names.ts';

export type Live =
  | { readonly is: 'edge'; readonly about: EdgeAbout }
  /** Something else, or nothing that could be understood. */
  | { readonly is: 'other'; readonly found: string }
  /** The name leads nowhere. */
  | { readonly is: 'nothing' };

/** For one question, and its answer's bytes. */
const askMs = 10_000;
const maxBytes = 64 * 1024;
/** Between two looks at hosts that are awaited, ms. */
const everyMs = 2_000;

export async function lookAt(host: string): Promise<Live> {
  // Not asked before the zone's own servers know it: its absence would be remembered on the way.
  if (!(await leadsSomewhere(host))) return { is: 'nothing' };
  try {
    const response = await fetch(`https://${host}${edgeAboutPath}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(askMs),
    });
    const read = readJsonObject(await bytesOf(response));
    const about = 'json' in read ? readEdgeAbout(read.json) : null;
    if (about !== null) return { is: 'edge', about };
    return { is: 'other', found: `an answer with status ${response.status} that is no Porchlight edge's` };
  } catch (thrown) {
    return { is: 'other', found: causeOf(thrown) };
  }
}

/** Nothing when there is too much: no edge says that much. */
async function bytesOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) return new Uint8Array();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Until each host answers as this build. `onAnswer` is told how many do. Throws `edge-silent`. */
export async function awaitBuild(
  hosts: readonly string[],
  build: string,
  waitMs: number,
  onAnswer: (answering: number) => void,
): Promise<void> {
  const until = performance.now() + waitMs;
  let left = [...hosts];
  for (;;) {
    const seen = await Promise.all(left.map(async (host) => ({ host, live: await lookAt(host) })));
    const waiting = seen.filter(({ live }) => !isBuild(live, build));
    left = waiting.map(({ host }) => host);
    onAnswer(hosts.length - left.length);
    const [first] = waiting;
    if (first === undefined) return;
    if (performance.now() + everyMs > until) {
      throw new PorchlightError(
        'edge-silent',
        `Cannot see the new edge at ${left.join(', ')} yet: found ${inWords(first.live)} at ${first.host}. New names and certificates can take a quarter of an hour; run this again, it goes on from here. If it stays so, look at the host's zone in dash.cloudflare.com.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export function isBuild(live: Live, build: string): boolean {
  return live.is === 'edge' && live.about.build === build;
}

export function inWords(live: Live): string {
  if (live.is === 'nothing') return 'no such name in the DNS';
  return live.is === 'other' ? live.found : `a Porchlight edge of another build (${live.about.build})`;
}
