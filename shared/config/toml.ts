// TOML as a tree that knows on which line everything stands, so that a fault can be shown where it is. The grammar is
// toml-eslint-parser's; this only gathers its statements into tables.

import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';
import { limits } from '../limits.ts';

export interface TomlTable {
  /** Of its header, or of its first mention; from 1. */
  readonly line: number;
  readonly entries: ReadonlyMap<string, TomlEntry>;
}

export interface TomlEntry {
  readonly line: number;
  /** As it is written, without the key. */
  readonly text: string;
  /** Plain value: text, number, boolean, Date, list or object; undefined for tables. */
  readonly value: unknown;
  /** When it is a table, in whatever way it is written. */
  readonly table: TomlTable | null;
  /** When it is a list of tables, in whatever way it is written; an empty list is one too. */
  readonly tables: readonly TomlTable[] | null;
}

export type TomlReading = { readonly table: TomlTable } | { readonly line: number; readonly notToml: string };

interface Growing extends TomlTable {
  readonly entries: Map<string, TomlEntry>;
}

type KeyValues = readonly AST.TOMLKeyValue[];

export function readToml(text: string): TomlReading {
  // Every character is at least one byte.
  if (text.length > limits.configBytes) return { line: 1, notToml: `it is longer than ${limits.configBytes} bytes` };
  try {
    const [top] = parseTOML(text).body;
    const root: Growing = { line: 1, entries: new Map() };
    for (const node of top.body) {
      if (node.type === 'TOMLKeyValue') add(root, [node], text);
      else add(tableAt(root, node.resolvedKey, node.loc.start.line, node.kind === 'array'), node.body, text);
    }
    return { table: root };
  } catch (thrown) {
    if (thrown instanceof ParseError) return { line: thrown.lineNumber, notToml: thrown.message };
    // The parser's own recursion, by brackets in brackets.
    if (thrown instanceof RangeError) return { line: 1, notToml: 'it is nested too deeply' };
    throw thrown;
  }
}

/** The same as plain objects, for files of which no fault has to be shown. Throws an Error that names the line. */
export function tomlValues(text: string): Readonly<Record<string, unknown>> {
  try {
    return getStaticTOMLValue(parseTOML(text));
  } catch (thrown) {
    if (thrown instanceof ParseError) throw new Error(`line ${thrown.lineNumber}: ${thrown.message}`);
    throw thrown;
  }
}

/** The table that a header names. Every part of its path but a list's numbers makes a table where there is none. */
function tableAt(root: Growing, path: readonly (string | number)[], line: number, isListed: boolean): Growing {
  let table = root;
  for (const [index, key] of path.entries()) {
    if (typeof key === 'number') continue;
    const next = path[index + 1];
    table = typeof next === 'number' ? listed(table, key, next, line) : nested(table, key, line, isListed);
  }
  return table;
}

function nested(table: Growing, key: string, line: number, isListed: boolean): Growing {
  const there = table.entries.get(key)?.table;
  if (there !== undefined && there !== null) return there as Growing;
  const made: Growing = { line, entries: new Map() };
  table.entries.set(key, {
    line,
    text: isListed ? `[[${key}]]` : `[${key}]`,
    value: undefined,
    table: made,
    tables: null,
  });
  return made;
}

function listed(table: Growing, key: string, index: number, line: number): Growing {
  const before = table.entries.get(key)?.tables ?? [];
  const there = before[index];
  if (there !== undefined) return there as Growing;
  const made: Growing = { line, entries: new Map() };
  const tables = [...before, made];
  table.entries.set(key, { line, text: `[[${key}]]`, value: undefined, table: null, tables });
  return made;
}

function add(table: Growing, lines: KeyValues, text: string): void {
  for (const { key, value, loc } of lines) {
    const names = key.keys.map((one) => (one.type === 'TOMLBare' ? one.name : one.value));
    const last = names.pop() ?? '';
    const { line } = loc.start;
    let place = table;
    // Dotted keys.
    for (const name of names) place = nested(place, name, line, false);
    place.entries.set(last, entryOf(value, line, text));
  }
}

function entryOf(node: AST.TOMLContentNode, line: number, text: string): TomlEntry {
  const written = text.slice(...node.range);
  if (node.type === 'TOMLInlineTable') {
    return { line, text: written, value: undefined, table: inline(node, text), tables: null };
  }
  const value: unknown = getStaticTOMLValue(node);
  if (node.type !== 'TOMLArray') return { line, text: written, value, table: null, tables: null };
  const tables = node.elements.map((one) => (one.type === 'TOMLInlineTable' ? inline(one, text) : null));
  const all = tables.filter((one) => one !== null);
  return { line, text: written, value, table: null, tables: all.length === tables.length ? all : null };
}

function inline(node: AST.TOMLInlineTable, text: string): TomlTable {
  const table: Growing = { line: node.loc.start.line, entries: new Map() };
  add(table, node.body, text);
  return table;
}
