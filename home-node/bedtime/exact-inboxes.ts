// The inboxes of a service as the edge is told them: those with `{name}`, and beside them the exact ones of the accounts that
// are known, by what their own documents say. An edge of the version before takes `{name}` for what it is written as
// (shared/inbox-path.ts): without the exact ones it would know of no personal inbox at all. Pure.

import { fitsInbox, inboxPlaceholder } from '../../shared/inbox-path.ts';
import { isObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import type { Leavings } from '../adapters/adapter.ts';

/** At most `limits.exactInboxes` beside those that the service names. */
export function withExactInboxes({ inboxes, documents }: Pick<Leavings, 'inboxes' | 'documents'>): readonly string[] {
  const open = inboxes.filter((inbox) => inbox.includes(inboxPlaceholder));
  if (open.length === 0) return inboxes;
  const exact = documents
    .flatMap(({ host, body }) => inboxAt(host, body) ?? [])
    .filter((path) => !inboxes.includes(path) && open.some((inbox) => fitsInbox(inbox, path)));
  return [...inboxes, ...[...new Set(exact)].slice(0, limits.exactInboxes)];
}

/** The path of the inbox that an actor's document names at its own host. */
function inboxAt(host: string, body: string): string | null {
  const document = parsed(body);
  const inbox = isObject(document) && typeof document.inbox === 'string' ? URL.parse(document.inbox) : null;
  return inbox?.host === host && inbox.search === '' ? inbox.pathname : null;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not JSON: no actor.
    return null;
  }
}
