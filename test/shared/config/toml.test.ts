// TOML with lines: where each thing stands, in all ways in which it may be written, and what is no TOML.

import { describe, expect, test } from 'vitest';
import { readToml, type TomlTable, tomlValues } from '../../../shared/config/toml.ts';
import { limits } from '../../../shared/limits.ts';

function tableOf(text: string): TomlTable {
  const reading = readToml(text);
  if ('notToml' in reading) throw new Error(`line ${reading.line}: ${reading.notToml}`);
  return reading.table;
}

function lineOfFault(text: string): number | null {
  const reading = readToml(text);
  return 'notToml' in reading ? reading.line : null;
}

/** Plain values and where they stand. */
function plain(table: TomlTable): unknown {
  return Object.fromEntries(
    [...table.entries].map(([key, entry]) => {
      if (entry.table !== null) return [key, plain(entry.table)];
      return [key, entry.tables === null || entry.tables.length === 0 ? entry.value : entry.tables.map(plain)];
    }),
  );
}

describe('TOML', () => {
  const everything = `a = 1
"quoted key" = 'literal'
x.y.z = "dotted"
x.y.w = [1, 2]
in = { a = true, b.c = 1.5 }
day = 2026-11-21
moment = 2026-11-21T07:30:00+01:00
big = 9007199254740993
text = """
several lines
"""
[[s]]
name = "one"
[s.sub]
q = 0x10
[[s]]
name = "two"
[t.u]
v = inf
[t]
empty = []
inline = [{ n = 1 }, { n = 2 }]
mixed = [{ n = 1 }, 2]
`;

  test('is read as the library’s own plain values, in every way of writing', () => {
    expect(plain(tableOf(everything))).toEqual(tomlValues(everything));
    expect(tomlValues(everything)).toMatchObject({
      x: { y: { z: 'dotted', w: [1, 2] } },
      moment: new Date('2026-11-21T06:30:00Z'),
      s: [{ name: 'one', sub: { q: 16 } }, { name: 'two' }],
      t: { u: { v: Number.POSITIVE_INFINITY }, inline: [{ n: 1 }, { n: 2 }], mixed: [{ n: 1 }, 2] },
    });
  });

  test('knows the line and the text of each value', () => {
    const { entries } = tableOf(everything);
    expect(entries.get('quoted key')).toMatchObject({ line: 2, text: "'literal'" });
    expect(entries.get('in')?.table?.entries.get('a')).toMatchObject({ line: 5, value: true });
    // As it was written, though no number of JavaScript can be it.
    expect(entries.get('big')?.text).toBe('9007199254740993');
    expect(entries.get('s')?.tables?.map(({ line }) => line)).toEqual([12, 16]);
    expect(entries.get('s')?.tables?.[1]?.entries.get('name')).toMatchObject({ line: 17, value: 'two' });
    expect(entries.get('t')?.table?.entries.get('mixed')?.tables).toBeNull();
  });

  test('names the line of what is no TOML', () => {
    expect(lineOfFault('a = 1\nb = ')).toBe(2);
    expect(lineOfFault('a = 1\nb = 2 3\n')).toBe(2);
    expect(lineOfFault('a = 1\n\na = 2')).toBe(3);
    expect(lineOfFault('[t]\n[t]')).toBe(2);
    expect(lineOfFault('s = 1\n[[s]]')).toBe(2);
    expect(lineOfFault('\n\nx = "abc')).toBe(3);
    expect(lineOfFault('a = 2026-99-99')).toBe(1);
    expect(() => tomlValues('a = 1\nb = ')).toThrow(/^line 2: /);
  });

  test('keeps names that mean something to JavaScript as names, and changes nothing by them', () => {
    expect([...tableOf('__proto__.polluted = 1\nconstructor = 2').entries.keys()]).toEqual([
      '__proto__',
      'constructor',
    ]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('longer than limits.configBytes, or nested without end, is refused and not parsed', () => {
    expect(lineOfFault(`a = 1\n${'#'.repeat(limits.configBytes)}`)).toBe(1);
    const deep = Math.floor(limits.configBytes / 2) - 10;
    expect(lineOfFault(`a = ${'['.repeat(deep)}${']'.repeat(deep)}`)).toBe(1);
  });
});
