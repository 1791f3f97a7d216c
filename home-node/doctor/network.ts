// Is there any network at all? One finding instead of a fault for every name: a house without a line has one trouble, not
// twenty. Pure.

import type { ConnectionTrouble } from './connection-trouble.ts';
import type { NameTrouble } from './names.ts';

/** What came of the edge's name: of asking name servers for it, and of dialling it. */
export interface NetworkSigns {
  /** null: the name server gave addresses. */
  readonly name: NameTrouble | null;
  readonly trouble: ConnectionTrouble;
}

/** Any answer of anybody shows that there is one: also a refusal, and that a name does not exist. */
export function hasNetwork({ name, trouble }: NetworkSigns): boolean {
  if (!['name', 'no-route', 'silent'].includes(trouble.kind)) return true;
  return name !== 'silent';
}
