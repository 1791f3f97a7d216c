// Since when something waits for each service: the arrival of its first waiting delivery. In memory; rows are read only
// to find a head that is not known, from where the last one stood, and no more of them at once than `walkedAtOnce`. A
// service whose head stands behind that many deliveries of others is found by a later question.

/** Danger: anybody may look at the status page, and the platform counts rows read. */
const walkedAtOnce = 256;

export interface Head {
  readonly seq: number;
  readonly service: string;
  /** ms since the epoch. */
  readonly receivedAt: number;
}

export class Heads {
  readonly #read: (after: number, count: number) => readonly Head[];
  readonly #heads = new Map<string, Head>();
  /** Service without a known head → nothing of it waits at or before this seq. */
  readonly #walkedTo = new Map<string, number>();

  constructor(read: (after: number, count: number) => readonly Head[]) {
    this.#read = read;
  }

  /** When the first of what waits for each of these services arrived; those for which it is not known yet are left out. */
  of(services: readonly string[]): Map<string, number> {
    const missing = services.filter((service) => !this.#heads.has(service));
    if (missing.length > 0) this.#walk(missing);
    return new Map(
      services.flatMap((service) => {
        const head = this.#heads.get(service);
        return head === undefined ? [] : [[service, head.receivedAt] as const];
      }),
    );
  }

  /** `waiting`: how many wait for its service now, itself included. */
  stored(one: Head, waiting: number): void {
    if (waiting === 1) this.#know(one);
  }

  departed(service: string, seq: number): void {
    if (this.#heads.get(service)?.seq !== seq) return;
    this.#heads.delete(service);
    this.#walkedTo.set(service, seq);
  }

  forget(): void {
    this.#heads.clear();
    this.#walkedTo.clear();
  }

  #walk(missing: readonly string[]): void {
    const from = Math.min(...missing.map((service) => this.#walkedTo.get(service) ?? 0));
    const rows = this.#read(from, walkedAtOnce);
    const wanted = new Set(missing);
    for (const row of rows) {
      if (wanted.delete(row.service)) this.#know(row);
    }
    const last = rows.at(-1)?.seq ?? from;
    for (const service of wanted) this.#walkedTo.set(service, Math.max(last, this.#walkedTo.get(service) ?? 0));
  }

  #know({ seq, service, receivedAt }: Head): void {
    this.#heads.set(service, { seq, service, receivedAt });
    this.#walkedTo.delete(service);
  }
}
