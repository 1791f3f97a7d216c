// A body on its way through the home node: one side puts bytes in, the other takes them out. It never refuses bytes and
// never waits by itself; the side that puts in is told when there is room again. Requests' bodies are bounded by the
// credit that was given, responses' by pausing the service's connection.

export class ByteQueue implements AsyncIterable<Uint8Array> {
  /** Called after bytes were taken. */
  onTaken: ((bytes: number) => void) | null = null;
  /** Called when bytes were put in, the end came, or it failed. */
  onChange: (() => void) | null = null;
  /** Called when what was put in as one piece is taken in two. */
  onCut: ((piece: Uint8Array) => void) | null = null;
  readonly #parts: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #failure: Error | null = null;

  /** Bytes in it. */
  get length(): number {
    return this.#length;
  }

  /** The end was put in; what is in it may still be taken. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get failure(): Error | null {
    return this.#failure;
  }

  put(bytes: Uint8Array): void {
    if (this.#ended || this.#failure !== null || bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    this.onChange?.();
  }

  end(): void {
    this.#ended = true;
    this.onChange?.();
  }

  /** The body breaks off: what was not taken is not worth taking. */
  fail(error: Error): void {
    if (this.#failure !== null || (this.#ended && this.#length === 0)) return;
    this.#failure = error;
    this.#parts.length = 0;
    this.#length = 0;
    this.onChange?.();
  }

  /** At most `max` bytes, in one piece without copying; undefined when it holds none. */
  take(max: number): Uint8Array | undefined {
    const first = this.#parts[0];
    if (first === undefined) return undefined;
    let taken = first;
    if (first.length > max) {
      this.onCut?.(first);
      taken = first.subarray(0, max);
      this.#parts[0] = first.subarray(max);
    } else {
      this.#parts.shift();
    }
    this.#length -= taken.length;
    this.onTaken?.(taken.length);
    return taken;
  }

  /** For consumers that take at their own pace. Throws what it failed with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const bytes = this.take(Number.POSITIVE_INFINITY);
      if (bytes !== undefined) yield bytes;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.onChange = resolve;
        });
      }
    }
  }
}
