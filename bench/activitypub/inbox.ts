// How many deliveries the edge takes per second: accepted ones of both kinds of signature as a share of the same
// Worker verifying the same proof and doing one bare insert, and Deletes of actors that home never met, which are most
// of what arrives, as a share of a constant answer by the same Worker to the same requests.

import type { Figure } from '../figure.ts';
import { type Compared, compare, requestBytes } from './exchange.ts';
import { figuresOf } from './figures.ts';
import type { House } from './house.ts';
import { progress } from './progress.ts';
import type { Post, Senders, SignedBy } from './senders.ts';

const perRound = 600;
const deletesPerRound = 1_500;
const senderCount = 100;

export async function inbox(house: House, senders: Senders, rounds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const kinds = [
    ['cavage', 'RSA-2048'],
    ['rfc9421', 'Ed25519'],
  ] as const;
  for (const [by, key] of kinds) {
    progress(`POSTs accepted, ${by} ${key}`);
    const ratioTo = 'verify and one bare insert';
    const compared = await accepted(house, senders, by, rounds);
    figures.push(...figuresOf(compared, `POSTs accepted, ${by} ${key}`, ratioTo, '>= 0.8'));
  }
  progress('Deletes of unknown actors');
  const compared = await deletes(house, senders, rounds);
  return [...figures, ...figuresOf(compared, 'Deletes of unknown actors', 'a constant answer', '>= 0.8')];
}

async function accepted(house: House, senders: Senders, by: SignedBy, rounds: number): Promise<Compared> {
  const door = { 'bench-door': 'bare', 'bench-key': btoa(senders.publicKeyPem(by)) };
  const round = () => {
    const posts = Array.from({ length: perRound }, (_, at) => senders.post(`s${at % senderCount}`, house.host, by));
    return { ours: posts.map((post) => bytesOf(post)), base: posts.map((post) => bytesOf(post, door)) };
  };
  return await compare(house.ground, { status: 202, round }, rounds);
}

/** The same ones each round: nothing of them is remembered, and each was made by its own actor. */
async function deletes(house: House, senders: Senders, rounds: number): Promise<Compared> {
  const posts = Array.from({ length: deletesPerRound }, (_, at) => senders.farewell(`gone-${at}`, house.host));
  const ours = posts.map((post) => bytesOf(post));
  const base = posts.map((post) => bytesOf(post, { 'bench-door': 'constant' }));
  return await compare(house.ground, { status: 202, round: () => ({ ours, base }) }, rounds);
}

function bytesOf(post: Post, more: Readonly<Record<string, string>> = {}): Buffer {
  return requestBytes('POST', '/inbox', { ...post.headers, ...more }, post.body);
}
