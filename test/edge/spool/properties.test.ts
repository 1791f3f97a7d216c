// Any sequence of arrivals, leases, answers, new home nodes, evictions, time jumps, replays, retries, discards and other
// deeds of the owner:
// nothing is lost, each sender's order is kept, one run is in flight, kept and dead are what they must be, and an object
// that started at any moment would count right.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Holdings } from '../../../edge/spool/holdings.ts';
import { standing } from '../../../edge/spool/inspect.ts';
import { lineKey } from '../../../edge/spool/line.ts';
import { heard } from '../../../edge/spool/told.ts';
import type { Outcome } from '../../../shared/delivery.ts';
import { limits } from '../../../shared/limits.ts';
import { largeBytes, SpoolModel } from './spool-model.ts';
import { arrival, type Home, SpoolRig } from './spool-rig.ts';

const senders = ['https://a.example/1', 'https://b.example/2', 'https://c.example/3'];
/** The last sender writes to another service than the others. */
const serviceOf = (sender: string): string => (sender === senders[2] ? 'site' : 'social');
const deliveryAttempts = 3;
const heldMs = { kept: limits.keptMs, dead: limits.keptMs * 2 };

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ outcome: 'delivered' as const }) },
  { weight: 2, arbitrary: fc.constant({ outcome: 'later' as const, reason: 'busy' }) },
  { weight: 1, arbitrary: fc.constant({ outcome: 'dead' as const, reason: 'poison' }) },
  { weight: 2, arbitrary: fc.constant({ outcome: 'released' as const }) },
);

type Event =
  | { do: 'put'; sender: number; text: number; kind: 'plain' | 'undecided' | 'large' }
  | { do: 'turn'; answers: readonly Outcome[]; skip: number; renew: boolean }
  | { do: 'evict' }
  | { do: 'newHome' }
  | { do: 'newLink' }
  | { do: 'wait'; ms: number }
  | { do: 'replay'; back: number }
  | { do: 'retryDead' | 'discardDead' | 'hurry' | 'discardWaiting' | 'replayOne'; which: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      sender: fc.nat({ max: senders.length - 1 }),
      text: fc.nat({ max: 3 }),
      kind: fc.constantFrom('plain', 'plain', 'undecided', 'large'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('turn' as const),
      answers: fc.array(outcome, { maxLength: 8 }),
      skip: fc.nat({ max: 3 }),
      renew: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'evict' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'newHome' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'newLink' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1000, 6000, limits.leaseMs, limits.deferMaxMs, limits.keptMs),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), back: fc.constantFrom(0, 7000, 1e9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('retryDead', 'discardDead', 'hurry', 'discardWaiting', 'replayOne'),
      which: fc.nat({ max: 5 }),
    }),
  },
);

class Run {
  readonly rig: SpoolRig;
  readonly model = new SpoolModel(deliveryAttempts);
  home: Home;
  links = 0;
  /** Of this link. */
  isFirstTurn = true;
  /** What home has in hand, as it was leased; also from before an eviction or a new process. */
  hand: { seq: number; id: string }[] = [];
  lease: string | null = null;

  constructor(rig: SpoolRig, home: Home) {
    this.rig = rig;
    this.home = home;
    home.services = ['social', 'site'];
  }

  #moved(home: Home): void {
    this.home = home;
    home.services = ['social', 'site'];
  }

  async step(now: Event): Promise<void> {
    const { rig, model } = this;
    switch (now.do) {
      case 'put':
        await this.put(senders[now.sender] ?? '', `${now.kind} ${now.text}`, now.kind);
        return;
      case 'turn':
        await this.turn(now.answers, now.skip, now.renew);
        return;
      case 'evict':
        await rig.evict();
        model.forgetLeases();
        return;
      case 'newHome':
        this.#moved(await rig.openHome(this.home.epoch + 1));
        model.forgetLeases();
        return;
      case 'newLink':
        this.links += 1;
        this.isFirstTurn = true;
        this.#moved(await rig.openHome(this.home.epoch, this.home.keys, `link ${this.links}`));
        return;
      case 'wait':
        rig.advance(now.ms);
        return;
      case 'replay': {
        const since = rig.now() - now.back;
        const told = heard(await rig.stub.replay(...(await this.home.sign({})), since));
        expect(told.replayed).toBe(model.replayed(since));
        return;
      }
      case 'hurry':
      case 'discardWaiting':
      case 'replayOne':
        await this.byHand(now.do, now.which);
        return;
      case 'retryDead':
      case 'discardDead': {
        const letters = heard(await rig.stub.deadLetters(...(await this.home.sign({}))));
        expect(new Set(letters.map(({ id }) => id))).toEqual(new Set(model.ids('dead')));
        const letter = letters[now.which % Math.max(letters.length, 1)];
        if (letter === undefined) return;
        const call = await this.home.sign({});
        if (now.do === 'retryDead') model.retried(letter.seq, heard(await rig.stub.retryDead(...call, letter.seq)).seq);
        else {
          heard(await rig.stub.discardDead(...call, letter.seq));
          model.items = model.items.filter((item) => item.seq !== letter.seq);
        }
      }
    }
  }

  /** What the owner does with one delivery that waits or is kept. */
  async byHand(what: 'hurry' | 'discardWaiting' | 'replayOne', which: number): Promise<void> {
    const { rig, model } = this;
    const items = model.in(what === 'replayOne' ? 'kept' : 'waiting');
    const seq = items[which % Math.max(items.length, 1)]?.seq;
    if (seq === undefined) return;
    const call = await this.home.sign({});
    switch (what) {
      case 'hurry':
        heard(await rig.stub.hurry(...call, seq));
        model.hurried(seq);
        return;
      case 'discardWaiting':
        heard(await rig.stub.discardWaiting(...call, seq));
        model.discarded(seq);
        return;
      case 'replayOne':
        expect(heard(await rig.stub.replayOne(...call, seq))).toEqual({ replayed: 1 });
        model.replayedOne(seq);
    }
  }

  async put(sender: string, text: string, kind: string): Promise<void> {
    const { rig, model } = this;
    const isLarge = kind === 'large';
    const isUndecided = kind === 'undecided';
    const service = serviceOf(sender);
    const [made, bytes] = await arrival(text, {
      sender,
      service,
      receivedAt: rig.now(),
      undecided: isUndecided ? 'no key' : null,
      ...(isLarge ? { bodyBytes: largeBytes } : {}),
    });
    const result = heard(await rig.stub.put(made, isLarge ? null : bytes));
    if (result.put === 'stored') {
      const { id, receivedAt } = made;
      model.stored({ id, sender, service, text, isLarge, isUndecided, receivedAt, seq: result.seq });
    } else {
      expect(result.put).toBe('duplicate');
      model.duplicate(sender, text);
    }
  }

  async turn(outcomes: readonly Outcome[], skip: number, renew: boolean): Promise<void> {
    const { rig, model } = this;
    const answers = outcomes.flatMap((given, at) => {
      const one = this.hand[at + skip];
      return one === undefined ? [] : [{ ...one, ...given }];
    });
    const renewed = renew ? this.lease : null;
    const { reply, deliveries } = await this.home.turn({ answers, renew: renewed === null ? [] : [renewed] });
    model.turned(renewed, rig.now(), this.isFirstTurn);
    this.isFirstTurn = false;
    const refused = answers.filter((answer) => !model.answered(answer.seq, answer, rig.now()));
    expect(reply.refused.map(({ seq }) => seq)).toEqual(refused.map(({ seq }) => seq));
    expect(reply.more).toBe(false);
    model.leased(reply.lease ?? '', deliveries, rig.now());
    this.hand = this.hand.filter(({ seq }) => !answers.some((answer) => answer.seq === seq));
    this.hand.push(...deliveries.map(({ delivery: { seq, id } }) => ({ seq, id })));
    this.lease = reply.lease ?? this.lease;
  }

  /** Rows are where they must be, and an object that started now would count them right. */
  async check(): Promise<void> {
    const { rig, model } = this;
    const found = await rig.object((object, { storage }) => {
      const ids = (where: string): string[] =>
        storage.sql
          .exec<{ id: string }>(`SELECT id FROM delivery WHERE ${where} ORDER BY seq`)
          .toArray()
          .map(({ id }) => id);
      const zones = {
        waiting: ids('place > 0'),
        kept: ids('place < 0 AND place > -4503599627370496'),
        dead: ids('place <= -4503599627370496'),
      };
      const started = new Holdings(storage, rig.homeId, object.outside);
      const ofSenders = senders.map((sender) =>
        started.senders.waitingOf(lineKey({ service: serviceOf(sender), sender })),
      );
      const { undecided, largeBytes: large } = started.tally.now;
      const totals = { undecided, largeBytes: large };
      const standings = [started, object].map((one) => {
        const { services } = one instanceof Holdings ? standing(one) : one.standing();
        return { services, kept: started.tally.now.counts.kept };
      });
      return { zones, ofSenders, totals, waiting: started.tally.waiting, standings };
    });
    model.missing(new Set(Object.values(found.zones).flat()), rig.now(), heldMs);
    const zones = { waiting: model.ids('waiting'), kept: model.ids('kept'), dead: model.ids('dead') };
    const ofSenders = senders.map((sender) => model.waitingOf(sender).length);
    const standings = [model.standing(), model.standing()];
    expect(found).toEqual({ zones, ofSenders, totals: model.totals(), waiting: zones.waiting.length, standings });
  }

  /** Home comes back after everything: all that waits is delivered, in order. */
  async end(): Promise<void> {
    const { rig, model } = this;
    await rig.evict();
    this.#moved(await rig.openHome(this.home.epoch + 1));
    rig.advance(limits.deferMaxMs);
    model.forgetLeases();
    const waiting = model.in('waiting');
    const drained = await this.home.drain();
    expect(drained.map(({ delivery }) => delivery.id)).toEqual(waiting.map(({ id }) => id));
    for (const { seq } of waiting) model.answered(seq, { outcome: 'delivered' }, rig.now());
    await this.check();
  }
}

test('the spool keeps its promises through any sequence of events', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (events) => {
      const rig = await SpoolRig.open();
      await rig.limit({ deliveryAttempts, deadMs: heldMs.dead });
      const run = new Run(rig, await rig.openHome());
      for (const one of events) {
        await run.step(one);
        await run.check();
      }
      await run.end();
    }),
    { numRuns: 60 },
  );
});
