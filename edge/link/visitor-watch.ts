// Notices that a visitor has left while home is silent: before the head, in a long poll, in a live stream without events.
// The platform says so by the request's signal (compatibility flag enable_request_signal); while bytes pass, writing them
// says it too (carried.ts).
//
// To listen to every signal cost a tenth of carrying a small request (243 instead of 222 µs of workerd's CPU, the best of
// ten rounds; looking late costs nothing that can be measured), and most requests are over before anybody could leave. So
// nothing is done for a request but that a look is due; whatever is still open at that look is listened to. One timer
// for all: it is set by a request, and never again by itself.

/** From the beginning of a request to the look that finds it still open, at most; ms. */
const lookMs = 250;

/** What is looked at of a stream. */
export interface Visited {
  /** The visitor's request; null once its signal is listened to. */
  visitor: Pick<Request, 'signal'> | null;
}

export class VisitorWatch<S extends { readonly owner: Visited }> {
  readonly #open: () => Iterable<S>;
  readonly #onLeft: (stream: S) => void;
  #timer: number | null = null;

  /** `open`: the streams that are open now. `onLeft` ends one of them; it may be called after the stream's end. */
  constructor(open: () => Iterable<S>, onLeft: (stream: S) => void) {
    this.#open = open;
    this.#onLeft = onLeft;
  }

  /** A stream was opened. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#look(), lookMs);
  }

  #look(): void {
    this.#timer = null;
    for (const stream of [...this.#open()]) this.#listen(stream);
  }

  #listen(stream: S): void {
    const signal = stream.owner.visitor?.signal;
    if (signal === undefined) return;
    stream.owner.visitor = null;
    if (signal.aborted) this.#onLeft(stream);
    else signal.onabort = () => this.#onLeft(stream);
  }
}
