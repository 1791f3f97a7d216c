// What is known beforehand of the embedded home, by those who cannot ask it: the edge's part of the settings, and the
// check that no other service claims its inboxes.

import type { SignatureKind } from '../snapshot.ts';

/** Its name when no [[services]] are written down. */
export const embeddedName = 'home';
export const embeddedInboxes: readonly string[] = ['/users/owner/inbox', '/inbox'];
export const embeddedSignatures: readonly SignatureKind[] = ['cavage', 'rfc9421'];
