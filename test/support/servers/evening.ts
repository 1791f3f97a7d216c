// What one peer says in an evening to somebody who lives at a real server, in its order: it follows, takes that back, follows
// again; replies, edits twice; replies and deletes; likes and boosts; likes and boosts what it then takes back.

import { porchlight, untilAwake } from '../porchlight.ts';
import { until } from '../processes.ts';
import { absenceMs, type Fate, type Sender, type Server, type ServerHome } from './server-home.ts';

const everybody = 'https://www.w3.org/ns/activitystreams#Public';

type Activity = Readonly<Record<string, unknown>>;

export interface Met {
  /** Of whom it is all about: the address of their actor, and their name with the host. */
  readonly owner: string;
  readonly handle: string;
  /** Posts of theirs: one that is answered, one that is liked and boosted in error. */
  readonly post: string;
  readonly regretted: string;
  /** The second Follow is the first one byte for byte. */
  readonly followsAlike: boolean;
}

export function eveningOf(
  { actor }: Sender,
  { owner, handle, post, regretted, followsAlike }: Met,
): readonly Activity[] {
  const at = new Date(Date.now() - absenceMs);
  const later = (minutes: number): string => new Date(at.getTime() + minutes * 60_000).toISOString();
  const note = (n: number, content: string, edited: number | null = null) => ({
    id: `${actor}/notes/${n}`,
    type: 'Note',
    attributedTo: actor,
    inReplyTo: post,
    content,
    published: later(0),
    ...(edited === null ? {} : { updated: later(edited) }),
    to: [everybody, owner],
    tag: [{ type: 'Mention', href: owner, name: handle }],
  });
  const told = (kind: string, n: number, members: object) => ({ id: `${actor}/${kind}/${n}`, ...members });
  const follow = (n: number) => told('follows', n, { type: 'Follow', object: owner });
  const like = (n: number, object: string) => told('likes', n, { type: 'Like', object });
  const boost = (n: number, object: string) => told('boosts', n, { type: 'Announce', object, to: [everybody] });
  const undo = (n: number, object: object) => told('undos', n, { type: 'Undo', object: { actor, ...object } });
  const create = (n: number, object: object) =>
    told('creations', n, { type: 'Create', object, to: [everybody, owner] });
  const update = (n: number, object: object) => told('edits', n, { type: 'Update', object, to: [everybody, owner] });
  const gone = { id: `${actor}/notes/2`, type: 'Tombstone' };
  return [
    follow(1),
    undo(1, follow(1)),
    follow(followsAlike ? 1 : 2),
    create(1, note(1, 'first')),
    update(1, note(1, 'second', 1)),
    update(2, note(1, 'third', 2)),
    create(2, note(2, 'never mind')),
    told('deletions', 1, { type: 'Delete', object: gone, to: [everybody] }),
    like(1, post),
    boost(1, post),
    like(2, regretted),
    undo(2, like(2, regretted)),
    boost(2, regretted),
    undo(3, boost(2, regretted)),
  ];
}

/** What `porchlight doctor` says of the hook in the server. */
export async function doctorOnHooks({ domain }: ServerHome<Server>): Promise<unknown> {
  const env = { NODE_EXTRA_CA_CERTS: domain.caFile };
  const { out } = await porchlight(['doctor', '--json', '--home', domain.homeFolder], { env });
  return (JSON.parse(out) as { check: string; verdict: string; found: string }[])
    .filter(({ check }) => check === 'hooks')
    .map(({ verdict, found }) => [verdict, found]);
}

/** Each dead letter is tried once more, as its owner would have it. */
async function retry({ domain }: ServerHome<Server>, letters: readonly Fate[]): Promise<void> {
  for (const { delivery } of letters) {
    const { code, err } = await porchlight(['spool', 'retry', delivery, '--home', domain.homeFolder]);
    if (code !== 0) throw new Error(`porchlight spool retry ended with ${code}: ${err}`);
  }
}

/** What is answered with an age comes from what home left. */
export async function untilLeft(house: ServerHome<Server>, actor: string): Promise<void> {
  const hasAge = async (): Promise<true | null> =>
    (await house.get(actor, { Accept: 'application/activity+json' })).headers.has('age') ? true : null;
  await until(`the edge has ${actor}`, hasAge, 60_000, 200);
}

export interface LateFate {
  readonly name: string;
  readonly outcome: string;
  readonly reason: string;
}

/**
 * A follow of each sender at night. `first`: what became of them in the morning at a server without our hook; `doctor`: what
 * that says then; `again`: what became of the dead ones when the hook is in and their owner has them tried once more.
 */
export async function lateWithoutHook(
  house: ServerHome<Server>,
  owner: string,
): Promise<{ readonly first: readonly LateFate[]; readonly doctor: unknown; readonly again: readonly Fate[] }> {
  await house.comesUp();
  await untilLeft(house, owner);
  await house.domain.sleep();
  for (const { actor, send } of house.senders) {
    const status = await send({ id: `${actor}/follows/1`, type: 'Follow', object: owner });
    if (status !== 202) throw new Error(`${actor} was answered ${status}`);
  }
  await house.morning();
  const fates = await house.fates(house.senders.length);
  const first = house.senders.map(({ name, actor }): LateFate => {
    const fate = fates.find(({ sender }) => sender === actor);
    return { name, outcome: fate?.outcome ?? 'none', reason: fate?.message ?? '' };
  });
  const doctor = await doctorOnHooks(house);
  await house.domain.sleep();
  await house.putHookIn();
  await house.comesUp(0);
  await untilAwake(house.domain.homeFolder);
  const dead = fates.filter(({ outcome }) => outcome === 'dead');
  await retry(house, dead);
  return { first, doctor, again: await house.fates(dead.length) };
}
