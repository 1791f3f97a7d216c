// May the spool take this arrival? Pure: counts in, refusal out. The refusals are temporary errors for the sender; what
// was accepted is never dropped to make room.

import type { SpoolLimits } from './outside.ts';

export type Refusal = 'full' | 'sender-quota' | 'undecided-quota';

/** What waits of those whom the arrival is counted with. */
export interface Share {
  readonly ofSender: number;
  /** Of this undecided key's origin; null if the proof held. */
  readonly ofOrigin: number | null;
  readonly undecided: number;
}

/** What everything takes. */
export interface Room {
  readonly databaseBytes: number;
  readonly largeBytes: number;
}

/** What the arrival would add. */
export interface Weight {
  readonly rowBytes: number;
  readonly largeBytes: number;
}

/** The sender's own share, whoever else waits. */
export function shareRefusal(share: Share, limits: SpoolLimits): Refusal | null {
  if (share.ofOrigin !== null) {
    if (share.ofOrigin >= limits.undecidedPerOrigin || share.undecided >= limits.undecidedTotal) {
      return 'undecided-quota';
    }
  }
  return share.ofSender >= limits.senderWaiting ? 'sender-quota' : null;
}

/** The room of all. */
export function isFull(room: Room, weight: Weight, limits: SpoolLimits): boolean {
  return (
    room.databaseBytes + weight.rowBytes > limits.spoolDatabaseBytes ||
    (weight.largeBytes > 0 && room.largeBytes + weight.largeBytes > limits.spoolLargeBytes)
  );
}

/**
 * When a refused sender may come again. A quota empties when home wakes, within hours; a full spool only when home has
 * drained it. Both are short against the days for which peers retry.
 */
export function retryAfterSecondsOf(refusal: Refusal): number {
  return refusal === 'full' ? 3600 : 1800;
}
