// Where the actor, its inboxes, collections and posts live. Peers remember these addresses for ever: they do not change
// when the owner takes another handle.

/** Fedify's identifier of the one person here, and part of the addresses. */
export const owner = 'owner';

export const paths = {
  actor: '/users/{identifier}',
  inbox: '/users/{identifier}/inbox',
  sharedInbox: '/inbox',
  outbox: '/users/{identifier}/outbox',
  followers: '/users/{identifier}/followers',
  following: '/users/{identifier}/following',
  featured: '/users/{identifier}/featured',
  post: `/users/${owner}/posts/{post}`,
  postCreation: `/users/${owner}/posts/{post}/creation`,
  likes: `/users/${owner}/posts/{post}/likes`,
  shares: `/users/${owner}/posts/{post}/shares`,
  nodeinfo: '/nodeinfo/2.1',
} as const;

/** The same addresses for this owner, without parameters. */
export const ownPaths = {
  actor: `/users/${owner}`,
  inbox: `/users/${owner}/inbox`,
  sharedInbox: paths.sharedInbox,
  outbox: `/users/${owner}/outbox`,
  followers: `/users/${owner}/followers`,
  following: `/users/${owner}/following`,
  featured: `/users/${owner}/featured`,
} as const;

export const inboxPaths: readonly string[] = [ownPaths.inbox, ownPaths.sharedInbox];

const postPath = new RegExp(`^/users/${owner}/posts/([\\w-]+)$`);

/** The post's id when `path` is the address of a post. */
export function postIdOf(path: string): string | null {
  return postPath.exec(path)?.[1] ?? null;
}

export function postPathOf(id: string): string {
  return `/users/${owner}/posts/${id}`;
}

/** Answered by the actor; everything else is the site's. */
export function isFederationPath(path: string): boolean {
  return (
    path.startsWith('/users/') ||
    path.startsWith('/nodeinfo/') ||
    path === paths.sharedInbox ||
    path === '/.well-known/webfinger' ||
    path === '/.well-known/nodeinfo'
  );
}
