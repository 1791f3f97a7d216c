// Questions that are asked most, answered from what home left while it sleeps, as a share of the same bytes given by the
// same Worker without looking at anything.

import type { Figure } from '../figure.ts';
import { compare, requestBytes } from './exchange.ts';
import { figuresOf } from './figures.ts';
import type { House } from './house.ts';
import { progress } from './progress.ts';

const perRound = 1_500;

export async function answers(house: House, rounds: number): Promise<readonly Figure[]> {
  const resource = `/.well-known/webfinger?resource=acct:owner@${house.host}`;
  const found = await fetch(`http://${house.host}${resource}`);
  const { links } = (await found.json()) as { links: { rel: string; href: string }[] };
  const actor = links.find(({ rel }) => rel === 'self');
  if (actor === undefined) throw new Error('Cannot measure: WebFinger names no actor.');
  const questions = [
    ['WebFinger from copies', resource, 'application/jrd+json'],
    ['actor from copies', new URL(actor.href).pathname, 'application/activity+json'],
  ] as const;
  const figures: Figure[] = [];
  for (const [name, path, accept] of questions) {
    progress(name);
    const headers = { host: house.host, accept };
    const ours = Array.from({ length: perRound }, () => requestBytes('GET', path, headers));
    const other = requestBytes('GET', path, { ...headers, 'bench-door': 'first-answer' });
    const base = ours.map(() => other);
    const compared = await compare(house.ground, { status: 200, round: () => ({ ours, base }) }, rounds);
    figures.push(...figuresOf(compared, name, 'a constant answer', '>= 0.7'));
  }
  return figures;
}
