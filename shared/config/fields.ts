// Reads one table of porchlight.toml by its settings and gathers every fault on the way. A key that is no setting is a
// fault too: a misspelt setting must not be a silent default.

import { type ConfigFault, probablyMeant, shown } from './faults.ts';
import { meantInstead } from './meant.ts';
import { schema, sections } from './schema.ts';
import type { Known, Setting, Settings } from './setting.ts';
import type { TomlTable } from './toml.ts';

export type ValueOf<Of> = Of extends Setting<infer Value> ? Exclude<Value, undefined> : never;

export class Fields<Of extends Settings> {
  readonly #settings: Of;
  readonly #path: string;
  readonly #table: TomlTable;
  readonly #faults: ConfigFault[];

  /** `path` is put before the key in a fault: '' or 'services[0].'. Faults are pushed to `faults`. */
  constructor(settings: Of, path: string, table: TomlTable, faults: ConfigFault[]) {
    this.#settings = settings;
    this.#path = path;
    this.#table = table;
    this.#faults = faults;
  }

  /** undefined when it is missing or at fault. */
  value<Key extends keyof Of & string>(key: Key, known: Known): ValueOf<Of[Key]> | undefined {
    const setting = this.#settings[key] as Setting<ValueOf<Of[Key]>>;
    const entry = this.#table.entries.get(key);
    const { appliesTo, quiet } = setting;
    if (appliesTo !== null && !appliesTo.when(known)) {
      if (entry !== undefined)
        this.#fault(key, 'a setting that means nothing here', `nothing: it is for ${appliesTo.says}`);
      return undefined;
    }
    const fallback = setting.fallback(known);
    if (entry === undefined) {
      if (fallback === undefined) this.#fault(key, 'nothing', setting.wanted(known));
      return fallback;
    }
    const value = setting.accept(entry.value, known);
    if (value !== undefined) return value;
    const found = quiet ? 'something else' : shown(entry.text);
    this.#fault(key, found, setting.wanted(known), meantInstead(key, setting, entry.value, known));
    return fallback;
  }

  isWritten(key: keyof Of & string): boolean {
    return this.#table.entries.has(key);
  }

  /** Tables of `[[key]]`, or of one `[key]`; those inside are read by whoever asks. */
  tables(key: string, isSingle: boolean): readonly TomlTable[] {
    const entry = this.#table.entries.get(key);
    if (entry === undefined) return [];
    if (isSingle && entry.table !== null) return [entry.table];
    if (!isSingle && entry.tables !== null) return entry.tables;
    const header = isSingle ? `[${key}]` : `[[${key}]]`;
    const isOther = entry.table !== null || entry.tables !== null;
    this.#fault(key, shown(entry.text), `${isSingle ? 'a table' : 'tables'} ${header}`, isOther ? header : null);
    return [];
  }

  /** A fault of a value that is well-formed by itself. */
  fault(key: string, wanted: string): void {
    const entry = this.#table.entries.get(key);
    this.#fault(key, entry === undefined ? 'nothing' : shown(entry.text), wanted);
  }

  /** Of keys that are neither settings nor `others`. */
  unknown(others: readonly string[] = []): void {
    const names = [...Object.keys(this.#settings), ...others];
    for (const key of this.#table.entries.keys()) {
      if (names.includes(key)) continue;
      const wanted = `one of ${names.sort((a, b) => a.localeCompare(b)).join(', ')}`;
      this.#fault(key, 'an unknown setting', wanted, probablyMeant(key, names) ?? elsewhere(key));
    }
  }

  #fault(key: string, found: string, wanted: string, suggestion: string | null = null): void {
    const line = this.#table.entries.get(key)?.line ?? this.#table.line;
    this.#faults.push({ line, key: `${this.#path}${key}`, found, wanted, suggestion });
  }
}

/** A setting that stands under the wrong header. */
function elsewhere(key: string): string | null {
  const section = sections.find(({ name }) => Object.hasOwn(schema[name], key));
  if (section === undefined) return null;
  return section.header === null ? `${key} at the top of the file` : `${key} under ${section.header}`;
}
