// Reads a TOML table field by field and gathers every fault on the way, so that an owner mends a file once and not
// once per mistake. A key that nobody asked for is a fault too: a misspelt setting must not be a silent default.

import type { TomlTable, TomlValue } from 'smol-toml';

export class TomlFields {
  readonly #table: TomlTable;
  readonly #at: string;
  readonly #faults: string[];
  readonly #asked = new Set<string>();

  /** `at` is put before the key in a fault: '' or 'services[0].'. Faults are pushed to `faults`. */
  constructor(table: TomlTable, at: string, faults: string[]) {
    this.#table = table;
    this.#at = at;
    this.#faults = faults;
  }

  /** The value as `accept` makes it; `fallback` when the key is absent or at fault. Without a fallback it is required. */
  read<T>(key: string, wanted: string, accept: (value: TomlValue) => T | null, fallback?: T): T | undefined {
    this.#asked.add(key);
    const value = this.#table[key];
    if (value === undefined) {
      if (fallback === undefined) this.#fault(key, 'nothing', wanted);
      return fallback;
    }
    const accepted = accept(value);
    if (accepted === null) this.#fault(key, show(value), wanted);
    return accepted ?? fallback;
  }

  text(key: string, wanted: string, fits: (text: string) => boolean, fallback?: string): string | undefined {
    return this.read(key, wanted, (value) => (typeof value === 'string' && fits(value) ? value : null), fallback);
  }

  texts(key: string, wanted: string, fits: (text: string) => boolean, fallback?: readonly string[]): readonly string[] {
    const accept = (value: TomlValue): readonly string[] | null => {
      const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
      return Array.isArray(value) && texts.length === value.length && texts.every(fits) ? texts : null;
    };
    return this.read(key, wanted, accept, fallback) ?? [];
  }

  /** Tables of `[[key]]`, or of one `[key]` when `single`. */
  tables(key: string, single = false): readonly TomlFields[] {
    this.#asked.add(key);
    const value = this.#table[key];
    if (value === undefined) return [];
    const all: readonly unknown[] = single ? [value] : Array.isArray(value) ? value : [null];
    return all.flatMap((table, index) => {
      const at = single ? `${this.#at}${key}.` : `${this.#at}${key}[${index}].`;
      if (isTable(table)) return [new TomlFields(table, at, this.#faults)];
      this.#fault(key, show(value), single ? `a table [${key}]` : `tables [[${key}]]`);
      return [];
    });
  }

  fault(key: string, wanted: string): void {
    this.#fault(key, show(this.#table[key]), wanted);
  }

  /** To be called when everything was asked for. */
  finish(): void {
    for (const key of Object.keys(this.#table)) {
      if (this.#asked.has(key)) continue;
      this.#fault(
        key,
        'a setting of this name',
        `one of ${[...this.#asked].sort((a, b) => a.localeCompare(b)).join(', ')}`,
      );
    }
  }

  #fault(key: string, found: string, wanted: string): void {
    this.#faults.push(`${this.#at}${key}: found ${found}, wanted ${wanted}`);
  }
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
