// Addresses of inboxes as home names them: an exact path, or one with `{name}` once, which stands for one or more
// characters that are no `/`: `/users/{name}/inbox` is the inbox of every account, also of one that was made a moment ago.
// An edge of an earlier version takes `{name}` for what it is written as, which nobody asks for: such an inbox is no inbox
// to it, and what comes there is carried while home is up; home names those of known accounts exactly besides
// (home-node/bedtime/exact-inboxes.ts). Pure.

export const inboxPlaceholder = '{name}';

/** Is this path, without its query, the inbox (or one of those) that `inbox` names? */
export function fitsInbox(inbox: string, pathname: string): boolean {
  const at = inbox.indexOf(inboxPlaceholder);
  if (at === -1) return inbox === pathname;
  const after = inbox.length - at - inboxPlaceholder.length;
  const end = pathname.length - after;
  if (end <= at) return false;
  if (!pathname.startsWith(inbox.slice(0, at)) || !pathname.endsWith(inbox.slice(inbox.length - after))) return false;
  const slash = pathname.indexOf('/', at);
  return slash === -1 || slash >= end;
}

/** May be written as an inbox: a path of visible characters with the placeholder at most once. */
export function isInboxPath(text: string): boolean {
  if (!/^\/[\x21-\x7e]*$/.test(text) || /[?#]/.test(text)) return false;
  return text.split(inboxPlaceholder).length <= 2;
}

/** Can one path be both? Two with a placeholder: when one, filled in, fits the other. */
export function inboxesMeet(one: string, other: string): boolean {
  const [left, right] = [one.split('/'), other.split('/')];
  return left.length === right.length && left.every((segment, at) => segmentsMeet(segment, right[at] ?? ''));
}

function segmentsMeet(one: string, other: string): boolean {
  const [isOpen, isOtherOpen] = [one.includes(inboxPlaceholder), other.includes(inboxPlaceholder)];
  if (!isOpen && !isOtherOpen) return one === other;
  if (!isOpen) return fitsInbox(other, one);
  if (!isOtherOpen) return fitsInbox(one, other);
  const [before = '', after = ''] = one.split(inboxPlaceholder);
  const [otherBefore = '', otherAfter = ''] = other.split(inboxPlaceholder);
  const begin = before.startsWith(otherBefore) || otherBefore.startsWith(before);
  return begin && (after.endsWith(otherAfter) || otherAfter.endsWith(after));
}

/** A path that fits, for whoever wants to knock at one: nobody's in particular. */
export function exampleInbox(inboxes: readonly string[], name: string): string | null {
  const [first] = inboxes;
  return inboxes.find((inbox) => !inbox.includes(inboxPlaceholder)) ?? first?.replace(inboxPlaceholder, name) ?? null;
}
