// Which deliveries the next lease holds, of lines of any shape, and how much of a line is looked at for that.

import { describe, expect, test } from 'vitest';
import { choose, type Wish } from '../../../edge/spool/choose.ts';
import { LeaseBook } from '../../../edge/spool/leases.ts';
import { Line, type LineEntry } from '../../../edge/spool/line.ts';

/** Counts what is looked at. */
class CountedLine extends Line {
  looked = 0;

  override *entries(): Generator<LineEntry> {
    for (const entry of super.entries()) {
      this.looked += 1;
      yield entry;
    }
  }
}

const service = 'social';

function lineOf(senders: readonly string[], notBefore: (index: number) => number = () => 0): CountedLine {
  const line = new CountedLine(64 * 1024 * 1024);
  line.serve(new Set([service]));
  const rows = senders.map((sender, index) => {
    return { seq: index + 1, service, sender, inlineBytes: 100, notBefore: notBefore(index) };
  });
  line.extend(rows, rows.length + 1);
  return line;
}

function wish(changes: Partial<Wish> = {}): Wish {
  return { services: new Set([service]), enough: new Set(), deliveries: 8, bytes: 1_000_000, now: 1, ...changes };
}

/** The rule without any thrift: every server's list whole, and then in turns. */
function plainly(line: Line, { deliveries, now }: Wish): { seqs: readonly number[]; more: boolean } {
  const [lists, blocked] = [new Map<string, number[]>(), new Set<string>()];
  for (const { seq, key, peer, notBefore } of line.entries()) {
    const list = lists.get(peer) ?? [];
    lists.set(peer, list);
    if (notBefore > now) blocked.add(key);
    if (!blocked.has(key)) list.push(seq);
  }
  const all: number[] = [];
  const longest = Math.max(0, ...[...lists.values()].map((list) => list.length));
  for (let round = 0; round < longest; round += 1) {
    for (const list of lists.values()) all.push(...list.slice(round, round + 1));
  }
  return { seqs: all.slice(0, deliveries), more: all.length > deliveries };
}

/** Numbers below `below` in an order that is the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

describe('what is leased next', () => {
  test('is of each server in turns what the whole line says, whatever stands in it', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const roll = dice(seed);
      const servers = 1 + roll(30);
      const senders = Array.from({ length: roll(120) }, () => `https://p${roll(servers)}.example/${roll(3)}`);
      const late = new Set(senders.map((_, index) => index).filter(() => roll(6) === 0));
      const line = lineOf(senders, (index) => (late.has(index) ? 5 : 0));
      const asked = wish({ deliveries: roll(20) });
      const { chosen, more } = choose(line, new LeaseBook(), asked);
      expect({ seed, seqs: chosen.map(({ seq }) => seq), more }).toEqual({ seed, ...plainly(line, asked) });
    }
  });

  test('is found without a look at what cannot be among it: a long line takes no memory for each of its rows', () => {
    const line = lineOf(Array.from({ length: 50_000 }, (_, index) => `https://p${index % 1_000}.example/a`));
    const { chosen, more } = choose(line, new LeaseBook(), wish());
    expect([chosen.map(({ seq }) => seq), more]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8], true]);
    expect(line.looked).toBeLessThan(20);
  });
});
