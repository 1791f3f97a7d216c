// What answers at a host of this home: a Porchlight edge, something else, or nothing. Asked once for each host; every
// check that needs the edge there goes by it.

import { type EdgeAbout, edgeAboutPath, readEdgeAbout } from '../../shared/edge-about.ts';
import { causeOf } from '../../shared/errors.ts';
import { jsonOf, problemCode } from './answers.ts';
import { type ConnectionTrouble, connectionTroubleOf } from './connection-trouble.ts';
import type { Answer, DoctorPorts } from './ports.ts';

export type EdgeSays = EdgeAbout;

export type Reached =
  | { readonly reached: 'edge'; readonly says: EdgeSays; readonly answer: Answer }
  /** A Porchlight edge that does not know the question yet. */
  | { readonly reached: 'older-edge'; readonly answer: Answer }
  | { readonly reached: 'other'; readonly answer: Answer }
  | { readonly reached: 'nothing'; readonly trouble: ConnectionTrouble };

/** Never rejects. */
export async function reach({ ask, clock }: DoctorPorts, origin: string): Promise<Reached> {
  let answer: Answer;
  try {
    answer = await ask({ origin, target: edgeAboutPath, headers: { Accept: 'application/json' } });
  } catch (thrown) {
    return { reached: 'nothing', trouble: connectionTroubleOf(thrown, clock) };
  }
  const body = jsonOf(answer);
  const says = answer.status === 200 && body !== null ? readEdgeAbout(body) : null;
  if (says !== null) return { reached: 'edge', says, answer };
  const isOlder = answer.status === 404 && problemCode(answer) === 'no-such-call';
  return { reached: isOlder ? 'older-edge' : 'other', answer };
}

/** Why a check cannot be made at this host; null: the edge is there. */
export function whyOutOfReach(reached: Reached): string | null {
  if (reached.reached === 'nothing') return `it cannot be reached: ${reached.trouble.found}`;
  return reached.reached === 'other' ? 'something that is no Porchlight edge answers there' : null;
}

/** What an error of a later question means, when the edge was there a moment ago. */
export function questionFailed(thrown: unknown): string {
  return `the question got no answer: ${causeOf(thrown)}`;
}
