// What home orders the edge to ask for and to keep while there is still somebody to ask (docs/protocol.md, "Home's other
// calls"), and what it is told of it.

/**
 * How the edge asks: as a browser for a page, as one for a picture, as a peer for an ActivityPub document, or as a peer
 * that has no name yet, for a document that a service which answers nobody unsigned must show to all (a key, an instance's
 * own actor). A home of an earlier version says nothing and means pages; an edge of an earlier version takes everything
 * for a page.
 */
export const warmings = ['page', 'media', 'activitypub', 'open-activitypub'] as const;
export type Warming = (typeof warmings)[number];

/** What an ActivityPub document leads to, at its own host. */
export const linkKinds = [
  'outbox',
  'featured',
  /** Followers, followed, likes, shares: how many there are; their pages are nobody's to keep. */
  'index',
  /** The first page of a collection, and the one after a page. */
  'first',
  'next',
  'activity',
  'object',
  'replies',
  'media',
  /** The page for people of an actor or object; it may be at the same address. */
  'page',
  /** The document of an actor's key, where it is not the actor's own. */
  'key',
] as const;
export type LinkKind = (typeof linkKinds)[number];

export interface DocumentLink {
  readonly kind: LinkKind;
  /** With its query. */
  readonly path: string;
}

/**
 * What a service answered to home, which asked in the edge's place because the service shows it to who signs and takes no
 * signature of the edge's: given with a call for `activitypub`, by path. Another status than 200 takes a copy back. An edge of
 * an earlier version does not see it, and asks by itself.
 */
export interface GivenAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type Given = Readonly<Record<string, GivenAnswer>>;

export interface WarmReply {
  readonly stored: readonly string[];
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** Of ActivityPub documents that were kept; an edge of an earlier version does not say. */
  readonly links?: Readonly<Record<string, readonly DocumentLink[]>>;
  /** The edge went by what home gave. */
  readonly given?: true;
}
