// Which services their owner stopped: they stay so when the home node starts again.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';

export class StoppedFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'stopped-services.json');
  }

  /** None when there is no such file, or when it cannot be read: a service that runs does less harm than one that does not. */
  read(): readonly string[] {
    try {
      const names: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
    } catch {
      return [];
    }
  }

  write(names: readonly string[]): void {
    writeDurably(this.#path, `${JSON.stringify(names)}\n`);
  }
}
