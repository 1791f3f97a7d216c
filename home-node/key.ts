// Home's Ed25519 key: made once, kept in the data folder, readable by its owner only. It proves to the edge which home
// this is (claim, handshake, signed calls) and never leaves home. While it is being replaced (key-rotation.ts) the next
// one lies beside it.

import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';
import { syncFolder } from './durable-file.ts';
import { type KeyKind, type KeyPair, makeKeyFile, readKeyFile } from './key-file.ts';

export type HomeKey = KeyPair;

export const keyFileName = 'home-key.json';
export const nextKeyFileName = 'home-key-next.json';

const kind: KeyKind = {
  code: 'home-key',
  name: "home's key",
  mend: 'restore it by porchlight key restore, or move it away and claim with a new code',
};

/** What a home node does with keys, step by step; tests end it between two. */
export type KeyStep = 'key-made' | 'claim-granted' | 'claim-written' | 'next-written' | 'edge-told' | 'promoted';
export type ObserveKeys = (step: KeyStep) => void;

/** Reads the key of the data folder, making it when there is none. Throws `home-key` when it is there but not usable. */
export async function openHomeKey(folder: string): Promise<HomeKey> {
  const path = join(folder, keyFileName);
  return (await readKeyFile(path, kind)) ?? (await makeKeyFile(path, kind));
}

/** Throws `home-key` besides when there is none. */
export async function readHomeKey(folder: string): Promise<HomeKey> {
  return await readHomeKeyFrom(join(folder, keyFileName));
}

/** The same of a file anywhere. */
export async function readHomeKeyFrom(path: string, mend = kind.mend): Promise<HomeKey> {
  const there = await readKeyFile(path, { ...kind, mend });
  if (there !== null) return there;
  throw new PorchlightError('home-key', `Cannot use home's key: there is no ${path}; ${mend}.`);
}

/** The keys of a data folder: one, and while it is being replaced the next. */
export class HomeKeys {
  readonly #folder: string;
  readonly #observe: ObserveKeys;
  #current: HomeKey;
  #next: HomeKey | null;
  #making: Promise<HomeKey> | null = null;

  private constructor(folder: string, observe: ObserveKeys, current: HomeKey, next: HomeKey | null) {
    this.#folder = folder;
    this.#observe = observe;
    this.#current = current;
    this.#next = next;
  }

  /** Throws as openHomeKey. */
  static async open(folder: string, observe: ObserveKeys = () => undefined): Promise<HomeKeys> {
    const there = await readKeyFile(join(folder, keyFileName), kind);
    const current = there ?? (await openHomeKey(folder));
    if (there === null) observe('key-made');
    return new HomeKeys(folder, observe, current, await readKeyFile(join(folder, nextKeyFileName), kind));
  }

  get current(): HomeKey {
    return this.#current;
  }

  /** null while the key is not being replaced. */
  get next(): HomeKey | null {
    return this.#next;
  }

  /** The next key, on the disk before anybody hears of it. */
  async makeNext(): Promise<HomeKey> {
    if (this.#next !== null) return this.#next;
    // Whoever asks meanwhile gets the same: a second file would take the place of one that the edge may have heard of.
    this.#making ??= this.#make();
    return await this.#making;
  }

  async #make(): Promise<HomeKey> {
    try {
      this.#next = await makeKeyFile(join(this.#folder, nextKeyFileName), kind);
      this.#observe('next-written');
      return this.#next;
    } finally {
      this.#making = null;
    }
  }

  /** The edge knows the next key: it takes the place of the current one. */
  promote(): void {
    if (this.#next === null) return;
    renameSync(join(this.#folder, nextKeyFileName), join(this.#folder, keyFileName));
    syncFolder(this.#folder);
    this.#current = this.#next;
    this.#next = null;
    this.#observe('promoted');
  }

  /** The edge will never know the next key. */
  dropNext(): void {
    rmSync(join(this.#folder, nextKeyFileName), { force: true });
    syncFolder(this.#folder);
    this.#next = null;
  }
}
