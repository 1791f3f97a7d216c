// Keeps book of what was sent and of what was killed when, and judges by it what a service received: nothing altered,
// order per sender, and no delivery more often than once and once more for each kill while it was in flight
// (in-flight.ts). For journeys in which things are killed; home runs as test/support/home-with-kill-points.ts.

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Domain } from './domain.ts';
import { begunInVain, type Kill, killsInFlight, type Night, type Span, type Step, storedInVain } from './in-flight.ts';
import { machineMs } from './machine-clock.ts';
import { ask, type Program } from './processes.ts';
import { linesOf } from './recorded-domain.ts';

/** A line of the service's record. */
export interface Seen {
  readonly id: string;
  readonly sender: string;
  readonly sha256: string;
  readonly path: string;
  readonly host: string;
  readonly verified: boolean;
  readonly at: number;
}

export class KillBook {
  readonly #domain: Domain;
  readonly #stepsFile: string;
  readonly #sent = new Map<string, string>();
  readonly #kills: Kill[] = [];
  readonly #homeEnds = new Map<number, number>();
  readonly #unanswered = new Map<string, readonly Span[]>();
  #homeRuns = 0;
  /** How homes ended that were not killed. */
  readonly endedOtherwise: string[] = [];

  /** Steps of deliveries are written into `folder`. */
  constructor(domain: Domain, folder: string) {
    this.#domain = domain;
    this.#stepsFile = join(folder, 'home-steps.jsonl');
  }

  get steps(): readonly Step[] {
    return linesOf(this.#stepsFile).map((line) => JSON.parse(line) as Step);
  }

  /** Home, edge and service are put back to a state in which nothing had been killed. What was sent stays known. */
  forgetKills(): void {
    rmSync(this.#stepsFile, { force: true });
    this.#kills.length = 0;
    this.#homeEnds.clear();
  }

  /** Starts home so that its steps are noted. `onKilled`: it ended by its own SIGKILL at the point that `env` names. */
  startHome(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    onKilled: () => void = () => undefined,
  ): Program {
    this.#homeRuns += 1;
    const run = this.#homeRuns;
    const noting = { STEPS: this.#stepsFile, RUN: String(run) };
    const home = this.#domain.startHome(args, 'test/support/home-with-kill-points.ts', { ...noting, ...env });
    home.exited.then((code) => {
      this.#homeEnds.set(run, machineMs());
      if (home.child.signalCode !== 'SIGKILL') this.endedOtherwise.push(`home ${run} ended with ${code}:\n${home.log}`);
      if (this.steps.some((step) => step.run === run && step.point === 'killed')) onKilled();
    }, expect.unreachable);
    return home;
  }

  /** Anything other than home is killed by `kill`. */
  async killing(what: Kill['what'], kill: () => Promise<void> | void): Promise<void> {
    const from = machineMs();
    await kill();
    this.#kills.push({ what, from, until: machineMs() });
  }

  /** Delivers to the domain's inbox, again until it is taken. Resolves to the attempts that it took. */
  async deliver(peer: Program, from: string, activity: { readonly id: string }): Promise<number> {
    const body = JSON.stringify(activity);
    const sha256 = createHash('sha256').update(body).digest('hex');
    this.#sent.set(activity.id, sha256);
    const details = { from, inbox: `${this.#domain.origin}/inbox`, body };
    const sent = await ask<{ status: number; attempts: number; unanswered: readonly Span[] }>(
      peer,
      'deliver',
      details,
      280_000,
    );
    expect(sent.status).toBe(202);
    this.#unanswered.set(sha256, sent.unanswered);
    return sent.attempts;
  }

  /** Byte for byte, proof intact, addressed as sent, and first seen in the order of each sender: ids end in /0, /1, … */
  checkOrder(all: readonly Seen[], night: string): void {
    const next = new Map<string, number>();
    const known = new Set<string>();
    for (const one of all) {
      expect(one.sha256, `${night}: bytes of ${one.id}`).toBe(this.#sent.get(one.id));
      expect(one.verified, `${night}: proof of ${one.id}`).toBe(true);
      expect(one.host).toBe(this.#domain.host);
      expect(one.path).toBe('/inbox');
      if (known.has(one.id)) continue;
      known.add(one.id);
      const at = Number(one.id.slice(one.id.lastIndexOf('/') + 1));
      expect(at, `${night}: order of ${one.sender}`).toBe(next.get(one.sender) ?? 0);
      next.set(one.sender, at + 1);
    }
  }

  /** No delivery was received more often than once, and once more for each kill while it was in flight. */
  checkRepeats(all: readonly Seen[], night: string): { repeats: number; excused: number } {
    const { steps } = this;
    const told: Night = { steps, homeEnds: this.#homeEnds, kills: this.#kills, unanswered: this.#unanswered };
    const inFlight = killsInFlight(told);
    const received = Map.groupBy(all, (one) => one.sha256);
    const unexcused: string[] = [];
    for (const [sha256, times] of received) {
      const met = [...(inFlight.get(sha256) ?? [])];
      if (times.length - 1 <= met.length) continue;
      const killed = met.length === 0 ? 'no kill' : met.join(', ');
      unexcused.push(
        `${times[0]?.id}: received ${times.length} times, in flight at ${killed}; ${wayOf(sha256, steps)}`,
      );
    }
    expect.soft(unexcused, `${night}: repeats that no kill excuses`).toEqual([]);
    const receivedAt = new Map([...received].map(([sha256, times]) => [sha256, times.map(({ at }) => at)]));
    const inVain = begunInVain(told, receivedAt).map((id) =>
      wayOf(steps.find((step) => step.id === id)?.sha256, steps),
    );
    expect.soft(inVain, `${night}: begun again although taken in peace`).toEqual([]);
    const stored = storedInVain(told).map((sha256) => wayOf(sha256, steps));
    expect(stored, `${night}: stored again although answered in peace`).toEqual([]);
    const excused = [...inFlight.values()].reduce((sum, met) => sum + met.size, 0);
    return { repeats: all.length - received.size, excused };
  }
}

function wayOf(sha256: string | undefined, steps: readonly Step[]): string {
  const way = steps.filter((step) => step.sha256 === sha256);
  return way.map(({ run, point, id }) => `home ${run} ${id} ${point}`).join('\n  ');
}
