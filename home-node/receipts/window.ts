// How long a service takes a signed request for: its own rule, as data. An adapter names it; home issues a receipt only for
// what was within it when it arrived, and the hook in the service judges by the same rule.

export interface ReplayWindow {
  /** How old a signed time may be, ms. */
  readonly pastMs: number;
  /** How far ahead of the service's clock it may be, ms. */
  readonly aheadMs: number;
}
