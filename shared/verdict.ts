// What a lane's judge says of one arrival. Facts in, verdict out; the reason is for the owner, `kind` decides what
// the stranger is told (edge/http/problem.ts).

/** How somebody proved who they are. `keyId` is the key's address as the sender wrote it. */
export interface Proof {
  readonly by: 'cavage' | 'rfc9421';
  readonly keyId: string;
}

export type RefusalKind =
  /** The proof is missing, wrong or of a kind that home's software cannot verify: 401, so that peers may knock again. */
  | 'unproven'
  /** The request itself is malformed (body is not what the protocol says): 400. */
  | 'malformed'
  /** Home wants nothing from this domain: 403, which is final for senders. */
  | 'blocked'
  /** 413. */
  | 'too-large'
  /** The sender has too much waiting: 429 with Retry-After. */
  | 'over-quota'
  /** Nothing can be said now for a reason that is the sender's (its key answers too slowly): 503 with Retry-After. */
  | 'try-again';

export type Verdict =
  | { readonly verdict: 'accepted'; readonly sender: string; readonly proof: Proof }
  /** The sender's key cannot be had now: spooled under a small quota and marked, home's service decides. */
  | { readonly verdict: 'undecided'; readonly sender: string; readonly proof: Proof; readonly reason: string }
  /** `waitMs`: after so long another try is worthwhile; of kinds with a Retry-After. */
  | { readonly verdict: 'refused'; readonly kind: RefusalKind; readonly reason: string; readonly waitMs?: number }
  /** Answered as accepted and forgotten: it changes nothing at home (the Delete of an actor that home never met). */
  | { readonly verdict: 'moot'; readonly reason: string };
