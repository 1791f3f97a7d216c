// What a whole night brings, in its order: the activities of one actor, and what a relay passes on.

export interface Night {
  /** URI of whom all of it is about. */
  readonly actor: string;
  readonly relay: string;
  readonly owner: string;
  readonly post: string;
}

export type Activity = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Step {
  readonly kind: Kind;
  readonly by: 'actor' | 'relay';
  readonly activity: Activity;
}

export const kinds = ['follow', 'reply', 'boost', 'like', 'undo', 'edit', 'delete', 'move', 'block', 'relay'] as const;

export type Kind = (typeof kinds)[number];

const everybody = 'https://www.w3.org/ns/activitystreams#Public';

export function nightOf({ actor, relay, owner, post }: Night): readonly Step[] {
  const note = (content: string) => ({
    type: 'Note',
    id: `${actor}/notes/1`,
    attributedTo: actor,
    inReplyTo: post,
    content,
    to: [everybody, owner],
    tag: [{ type: 'Mention', href: owner, name: '@owner' }],
  });
  const like = { type: 'Like', id: `${actor}/likes/1`, actor, object: post };
  const made: Readonly<Record<Exclude<Kind, 'relay'>, Readonly<Record<string, unknown>>>> = {
    follow: { type: 'Follow', object: owner },
    reply: { type: 'Create', object: note('Good evening, are you awake?'), to: [everybody, owner] },
    boost: { type: 'Announce', object: post, to: [everybody] },
    like,
    undo: { type: 'Undo', object: like },
    edit: { type: 'Update', object: note('Good evening!'), to: [everybody, owner] },
    delete: { type: 'Delete', object: { type: 'Tombstone', id: `${actor}/notes/1` }, to: [everybody] },
    move: { type: 'Move', object: actor, target: `${actor}-elsewhere` },
    block: { type: 'Block', object: owner },
  };
  const own = Object.entries(made).map(([kind, activity]) => ({
    kind: kind as Kind,
    by: 'actor' as const,
    activity: activityOf({ id: `${actor}/${kind}/1`, actor, ...activity }),
  }));
  const passedOn = { type: 'Announce', object: `${actor}/notes/of-somebody-else`, to: [`${relay}/followers`] };
  const announce = activityOf({ id: `${relay}/announces/1`, actor: relay, ...passedOn });
  return [...own, { kind: 'relay', by: 'relay', activity: announce }];
}

export function activityOf(members: Readonly<Record<string, unknown>> & { readonly id: string }): Activity {
  return { '@context': 'https://www.w3.org/ns/activitystreams', ...members };
}
