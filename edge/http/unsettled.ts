// What is told who hands something over at a host that nothing takes it for now, and something did or will: 421 would be
// final for senders. After a claim has ended it is said for limits.betweenHomesMs at most.

import { problem } from './problem.ts';

/** Seconds after which the sender may try again. */
const unsettledSeconds = 600;

export function unsettled(): Response {
  return problem(503, 'host-unsettled', { retryAfterSeconds: unsettledSeconds });
}
