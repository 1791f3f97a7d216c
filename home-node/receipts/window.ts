// How long a service takes a signed request for: its own rule, as data. An adapter names it; home issues a receipt only for
// what was within it when it arrived, and the hook in the service judges by the same rule.

export interface ReplayWindow {
  /** How old a signed time may be, ms. */
  readonly pastMs: number;
  /** How far ahead of the service's clock it may be, ms. */
  readonly futureMs: number;
}

const minute = 60_000;

/**
 * By the kind of the service: what its hook goes by in the end, so that a receipt is worth something. Of software that is
 * not known by name, and of Fedify: an hour either way.
 */
export function windowOf(kind: string): ReplayWindow {
  return windows[kind] ?? { pastMs: 60 * minute, futureMs: 60 * minute };
}

const windows: Readonly<Record<string, ReplayWindow>> = {
  // 5 minutes that a signature lasts by itself, and an hour of margin on either side (app/lib/signed_request.rb).
  mastodon: { pastMs: 65 * minute, futureMs: 60 * minute },
  // HTTP_SIGNATURE.CLOCK_SKEW_SECONDS; ahead, the library's own.
  peertube: { pastMs: 30 * minute, futureMs: 2_000 },
  // The library's own.
  misskey: { pastMs: 5 * minute, futureMs: 5 * minute },
};
