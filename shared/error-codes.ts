// Every code that Porchlight gives an error, once: who meets it, what it says, what to do. Stable, so that it may be
// searched for: a code is never given another meaning. `npm run docs` makes docs/errors.md of it. PorchlightError
// (errors.ts) and problem (edge/http/problem.ts) take no other.

import { homeCodes } from './error-codes/at-home.ts';
import type { ErrorMeaning } from './error-codes/meaning.ts';
import { operatorCodes } from './error-codes/of-operator.ts';
import { wireCodes } from './error-codes/on-the-wire.ts';
import { strangerCodes } from './error-codes/to-strangers.ts';

type Table = typeof homeCodes & typeof operatorCodes & typeof strangerCodes & typeof wireCodes;

export type ErrorCode = keyof Table;

/** The HTTP status that goes with a code. */
export type StatusOf<Code extends ErrorCode> = {
  [Each in Code]: Table[Each] extends { readonly status: infer Status } ? Status : never;
}[Code];

export type MetBy = 'owner' | 'operator' | 'stranger or peer' | 'between home and edge';

export interface ErrorGroup {
  readonly metBy: MetBy;
  readonly codes: Readonly<Record<string, ErrorMeaning>>;
}

export const errorGroups: readonly ErrorGroup[] = [
  { metBy: 'owner', codes: homeCodes },
  { metBy: 'between home and edge', codes: wireCodes },
  { metBy: 'operator', codes: operatorCodes },
  { metBy: 'stranger or peer', codes: strangerCodes },
];

/** null for a code that a later version gave. */
export function meaningOf(code: string): ErrorMeaning | null {
  return errorGroups.find(({ codes }) => Object.hasOwn(codes, code))?.codes[code] ?? null;
}
