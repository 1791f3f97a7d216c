// The leases that home holds: which are still being worked on, and which must be renewed now (at half of their time).

import { Reminder } from './reminder.ts';

interface Lease {
  /** Deliveries without an answer. */
  open: number;
  due: boolean;
  readonly reminder: Reminder;
}

export class Leases {
  readonly #onDue: () => void;
  readonly #held = new Map<string, Lease>();

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  opened(id: string, deliveries: number, leaseMs: number): void {
    if (deliveries === 0) return;
    const reminder = new Reminder(() => {
      lease.due = true;
      this.#onDue();
    });
    const lease: Lease = { open: deliveries, due: false, reminder };
    reminder.in(leaseMs / 2);
    this.#held.set(id, lease);
  }

  /** One delivery of it has its answer. */
  answered(id: string): void {
    const lease = this.#held.get(id);
    if (lease === undefined) return;
    lease.open -= 1;
    if (lease.open === 0) this.#end(id, lease);
  }

  due(): string[] {
    return [...this.#held].filter(([, lease]) => lease.due).map(([id]) => id);
  }

  renewed(ids: readonly string[], leaseMs: number): void {
    for (const id of ids) {
      const lease = this.#held.get(id);
      if (lease === undefined) continue;
      lease.due = false;
      lease.reminder.replace(leaseMs / 2);
    }
  }

  all(): string[] {
    return [...this.#held.keys()];
  }

  forget(): void {
    for (const [id, lease] of [...this.#held]) this.#end(id, lease);
  }

  #end(id: string, lease: Lease): void {
    lease.reminder.cancel();
    this.#held.delete(id);
  }
}
