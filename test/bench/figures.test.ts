import { describe, expect, test } from 'vitest';
import { judged, median, tables } from '../../bench/figure.ts';
import { goals } from '../../bench/link/goals.ts';
import { rows } from '../../bench/link/rows.ts';
import { Sheet } from '../../bench/sheet.ts';

const row = { figure: 'download', unit: 'MB/s' };
const other = { figure: 'upload', unit: 'MB/s' };

describe('a figure', () => {
  test('meets a goal that it reaches exactly, in either direction', () => {
    const figure = { bench: 'link', figure: 'share', value: 2, unit: '×' };
    expect(judged({ ...figure, goal: '<= 2' }).meets).toBe(true);
    expect(judged({ ...figure, goal: '>= 2.1' }).meets).toBe(false);
    expect(judged(figure).meets).toBeUndefined();
  });

  test('median() takes the one in the middle, or between the two there', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 9, 2])).toBe(3);
    expect(() => median([])).toThrow('No value');
  });
});

describe('a sheet', () => {
  test('takes the median of the rounds', () => {
    const sheet = new Sheet(['ours']);
    for (const value of [100, 1, 30]) sheet.add('ours', row, value);
    expect(sheet.value('ours', row)).toBe(30);
    expect(sheet.values('ours', row)).toEqual([100, 1, 30]);
  });

  test('divides all of the one by all of the other where a round alone is too little to be measured', () => {
    const sheet = new Sheet(['ours']);
    sheet.addRate('ours', row, 0.01, 0.1);
    sheet.addRate('ours', row, 0.02, 0.2);
    expect(sheet.value('ours', row)).toBeCloseTo(0.1);
  });

  test('has nothing for what was not measured', () => {
    const sheet = new Sheet(['ours', 'a peer']);
    sheet.add('ours', row, 1);
    expect(sheet.value('a peer', row)).toBeUndefined();
    expect(sheet.value('ours', other)).toBeUndefined();
    expect(sheet.figures('link', [other, row])).toEqual([{ bench: 'link', of: 'ours', ...row, value: 1 }]);
  });
});

describe('tables()', () => {
  test('gives what was measured side by side a column each, and a dash where it was not', () => {
    const sheet = new Sheet(['ours', 'a peer']);
    sheet.add('ours', row, 123.4);
    sheet.add('a peer', row, 0.5);
    sheet.add('ours', other, 7);
    expect(tables(sheet.figures('link', [row, other])).split('\n')).toEqual([
      'side by side    ours  a peer',
      'download, MB/s  123   0.5',
      'upload, MB/s    7     –',
    ]);
  });

  test('keeps what stands alone in a table of its own, before the others', () => {
    const alone = judged({ bench: 'link', figure: 'share', value: 0.5, unit: '×', ratioTo: 'frpc', goal: '<= 1' });
    const text = tables([{ bench: 'link', of: 'ours', ...row, value: 1 }, alone]);
    expect(text.split('\n\n').map((one) => one.split('\n').length)).toEqual([2, 2]);
    expect(text).toMatch(/^bench .*\nlink {3}share {3}0.5 × {2}frpc {11}<= 1 {2}yes\n\nside by side/);
  });
});

describe('the goals of the link', () => {
  const ours = 'porchlight';

  test('a download is compared with the faster peer of the same round', () => {
    const sheet = new Sheet([ours, 'frp http', 'chisel']);
    for (const [mine, frp, chisel] of [
      [100, 50, 200],
      [300, 100, 10],
      [10, 10, 5],
    ] as const) {
      sheet.add(ours, rows.download, mine);
      sheet.add('frp http', rows.download, frp);
      sheet.add('chisel', rows.download, chisel);
    }
    expect(goals(sheet)).toMatchObject([{ value: 1, goal: '>= 1', meets: true }]);
  });

  test('CPU at home is compared with frpc’s, and more than the goal allows is not met', () => {
    const sheet = new Sheet([ours, 'frp http']);
    sheet.addRate(ours, rows.cpuPerGiBDown, 2.2, 2);
    sheet.addRate('frp http', rows.cpuPerGiBDown, 1, 1);
    const [figure] = goals(sheet);
    expect(figure).toMatchObject({ ratioTo: 'frpc', meets: false });
    expect(figure?.value).toBeCloseTo(1.1);
  });

  test('a goal whose peer is missing is left out, not met', () => {
    const sheet = new Sheet([ours]);
    sheet.add(ours, rows.download, 100);
    sheet.addRate(ours, rows.cpuPerGiBDown, 1, 1);
    expect(goals(sheet)).toEqual([]);
  });
});
