import { describe, expect, test } from 'vitest';
import type { Mark, Standing } from '../../../home-node/intake/ledger-store.ts';
import { MarkGroup } from '../../../home-node/intake/mark-group.ts';

const begin = (id: string): Mark => ({ mark: 'begin', id, service: 'home', sender: 's', at: 1 });
const answer = (id: string): Mark => ({ mark: 'answer', id, outcome: 'delivered', at: 1 });

/** A group of which so many senders are at work, and the commits that it makes. */
function groupOf(atWork: number): { group: MarkGroup; commits: string[][] } {
  const commits: string[][] = [];
  const group = new MarkGroup((marks) => {
    commits.push(marks.map(({ id }) => id));
    return marks.map((mark): Standing | null => (mark.mark === 'begin' ? 'fresh' : null));
  });
  for (let n = 0; n < atWork; n += 1) group.enter();
  return { group, commits };
}

describe('marks', () => {
  test('of a sender that is alone at work are written at once', () => {
    const { group, commits } = groupOf(1);
    void group.mark([begin('a')]);
    expect(commits).toEqual([['a']]);
  });

  test('wait until half of those at work wait, and are one commit then', () => {
    const { group, commits } = groupOf(16);
    for (let n = 1; n < 8; n += 1) void group.mark([begin(`d${n}`)]);
    expect(commits).toEqual([]);
    void group.mark([begin('d8')]);
    expect(commits).toEqual([['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8']]);
  });

  test('wait no longer when others end their work', () => {
    const { group, commits } = groupOf(3);
    void group.mark([begin('a')]);
    expect(commits).toEqual([]);
    group.leave();
    expect(commits).toEqual([['a']]);
  });

  test('wait for a moment only, however many are before a slow service', async () => {
    const { group, commits } = groupOf(16);
    await group.mark([begin('a')]);
    expect(commits).toEqual([['a']]);
  });

  test('wait for a pause of the ledger, all that come meanwhile, and are one commit after it', async () => {
    const commits: number[] = [];
    let end: () => void = () => undefined;
    let pause: Promise<void> | null = new Promise<void>((resolve) => {
      end = resolve;
    });
    const group = new MarkGroup(
      (marks) => {
        commits.push(marks.length);
        return marks.map(() => 'fresh' as const);
      },
      () => pause,
    );
    const marked = ['a', 'b', 'c'].map(async (id) => await group.mark([begin(id)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(commits).toEqual([]);
    pause = null;
    end();
    await Promise.all(marked);
    expect(commits).toEqual([3]);
    await group.mark([begin('d')]);
    expect(commits).toEqual([3, 1]);
  });

  test('get each their own standings, in their order', async () => {
    const { group } = groupOf(4);
    const [one, two] = await Promise.all([group.mark([answer('x'), begin('a')]), group.mark([begin('b')])]);
    expect([one, two]).toEqual([[null, 'fresh'], ['fresh']]);
  });

  test('all fail when the commit does, and the next are not held back', async () => {
    let fails = true;
    const group = new MarkGroup((marks) => {
      if (fails) throw new Error('the disk is full');
      return marks.map(() => 'fresh' as const);
    });
    for (let n = 0; n < 4; n += 1) group.enter();
    const together = await Promise.allSettled([group.mark([begin('a')]), group.mark([begin('b')])]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await group.mark([begin('a')])).toEqual(['fresh']);
  });
});
