// Gathers how a home is doing, from its Link object, its spool and what it left, and remembers it for some seconds: a
// page that thousands look at must not wake two objects for each of them.

import type { Clock } from '../../shared/clock.ts';
import type { GoesBy } from '../../shared/config/goes-by.ts';
import { limits } from '../../shared/limits.ts';
import type { Presence } from '../../shared/presence.ts';
import { FreshMemory } from '../home/fresh-memory.ts';
import type { LinkChange } from '../link/history.ts';
import type { ServiceTold, StatusFacts } from '../pages/status-facts.ts';

/** What the Link object knows. */
export interface LinkTold {
  readonly presence: Presence;
  readonly history: readonly LinkChange[];
  /** null: home has not said. */
  readonly services: readonly ServiceTold[] | null;
}

export interface StatusParts {
  readonly clock: Clock;
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly linkTold: (homeId: string) => Promise<LinkTold>;
  readonly standing: (homeId: string) => Promise<{ readonly services: StatusFacts['waiting'] }>;
}

/** What home said of itself. */
export type Said = Pick<GoesBy, 'services' | 'snapshot'>;

export class StatusReader {
  readonly #parts: StatusParts;
  readonly #memory: FreshMemory<StatusFacts>;

  constructor(parts: StatusParts) {
    const { clock, keepAlive } = parts;
    this.#parts = parts;
    this.#memory = new FreshMemory({ clock, keepAlive, freshMs: limits.statusFreshMs, maxKeys: limits.memoryEntries });
  }

  /** At most `limits.statusFreshMs` old. */
  async of(homeId: string, said: Said): Promise<StatusFacts> {
    return await this.#memory.get(homeId, async () => await this.#ask(homeId, said));
  }

  async #ask(homeId: string, { services, snapshot }: Said): Promise<StatusFacts> {
    const { clock, linkTold, standing } = this.#parts;
    const [link, spool] = await Promise.all([linkTold(homeId), standing(homeId)]);
    return {
      now: clock.now(),
      presence: link.presence,
      history: link.history,
      told: link.services,
      services,
      waiting: spool.services,
      snapshotAt: snapshot?.madeAt ?? null,
    };
  }
}
