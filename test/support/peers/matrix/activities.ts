// What a whole night brings, in its order: the activities of one actor, what a relay announces, and what a relay and
// that actor's server hand on of somebody else's.

export interface Night {
  /** URI of whom all of it is about. */
  readonly actor: string;
  readonly relay: string;
  /** On another server, which proves in the body what others hand on. */
  readonly author: string;
  readonly owner: string;
  readonly post: string;
}

export type Activity = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Step {
  readonly kind: Kind;
  readonly by: 'actor' | 'relay';
  /** Its author's, who is not who brings it: with a Linked Data signature, and as it is. */
  readonly isHandedOn: boolean;
  readonly activity: Activity;
}

export const kinds = [
  'follow',
  'reply',
  'boost',
  'like',
  'undo',
  'edit',
  'delete',
  'move',
  'block',
  'relay',
  'relayed',
  'passed on',
  'altered',
] as const;

/** What somebody brings that is not theirs; of the last the body was changed on the way. */
export const handedOnKinds = ['relayed', 'passed on', 'altered'] as const;

export type Kind = (typeof kinds)[number];
type OwnKind = Exclude<Kind, 'relay' | (typeof handedOnKinds)[number]>;

const everybody = 'https://www.w3.org/ns/activitystreams#Public';

export function nightOf({ actor, relay, author, owner, post }: Night): readonly Step[] {
  const noteOf = (writer: string, number: number, content: string) => ({
    type: 'Note',
    id: `${writer}/notes/${number}`,
    attributedTo: writer,
    inReplyTo: post,
    content,
    to: [everybody, owner],
    tag: [{ type: 'Mention', href: owner, name: '@owner' }],
  });
  const note = (content: string) => noteOf(actor, 1, content);
  const like = { type: 'Like', id: `${actor}/likes/1`, actor, object: post };
  const made: Readonly<Record<OwnKind, Readonly<Record<string, unknown>>>> = {
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
    isHandedOn: false,
    activity: activityOf({ id: `${actor}/${kind}/1`, actor, ...activity }),
  }));
  const passedOn = { type: 'Announce', object: `${actor}/notes/of-somebody-else`, to: [`${relay}/followers`] };
  const announce = activityOf({ id: `${relay}/announces/1`, actor: relay, ...passedOn });
  // A relay hands on what is public; a server passes on what answers a post of its own people to those it was sent to.
  const handedOn = (number: number, content: string): Activity => ({
    ...activityOf({ id: `${author}/creations/${number}`, type: 'Create', actor: author, to: [everybody, owner] }),
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    object: noteOf(author, number, content),
  });
  return [
    ...own,
    { kind: 'relay', by: 'relay', isHandedOn: false, activity: announce },
    { kind: 'relayed', by: 'relay', isHandedOn: true, activity: handedOn(1, 'Good evening to everybody') },
    { kind: 'passed on', by: 'actor', isHandedOn: true, activity: handedOn(2, 'I say so too') },
    { kind: 'altered', by: 'relay', isHandedOn: true, activity: handedOn(3, 'Good night') },
  ];
}

export function activityOf(members: Readonly<Record<string, unknown>> & { readonly id: string }): Activity {
  return { '@context': 'https://www.w3.org/ns/activitystreams', ...members };
}
