// The actors that home has met, as a Bloom filter: home fills it at bedtime, the edge asks it before it fetches a key.
// It never forgets a member and sometimes claims a stranger; a stranger wrongly claimed is merely judged in full.
//
// Positions: h1 = murmur3(uri, 0), h2 = murmur3(uri, h1), and enhanced double hashing from them (P. C. Dillinger,
// P. Manolios, "Bloom Filters in Probabilistic Verification", FMCAD 2004, section 4). The layout of the bits is
// BloomFilterData's (shared/snapshot.ts). URIs are compared as UTF-8, byte for byte, without normalization.

import { base64url } from 'jose';
import { PorchlightError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { BloomFilterData } from '../snapshot.ts';
import { murmur3 } from './murmur3.ts';

/** More would only slow the questions down: 32 hashes are optimal for one false positive in 4 billion. */
const mostHashes = 32;
const leastBytes = 8;

export class BloomFilter {
  readonly #bytes: Uint8Array;
  readonly #hashes: number;
  /** null: not looked at yet. */
  #containsAll: boolean | null = null;

  private constructor(bytes: Uint8Array, hashes: number) {
    this.#bytes = bytes;
    this.#hashes = hashes;
  }

  /**
   * A filter that, once it holds `expectedItems`, claims a stranger with about `falsePositiveRate` (0 to 1, both
   * excluded). Throws `bloom-malformed` when the two ask for more than a snapshot may carry.
   */
  static empty(expectedItems: number, falsePositiveRate: number): BloomFilter {
    if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) throw malformed(`a rate of ${falsePositiveRate} is not one`);
    const items = Math.max(1, expectedItems);
    const bytes = bytesFor(items, falsePositiveRate);
    if (!(bytes <= limits.snapshotBytes)) throw malformed(`${expectedItems} items do not fit into a snapshot`);
    return BloomFilter.#sized(bytes, items);
  }

  /**
   * As empty(), but never longer than `mostBytes`: where that is too short for the rate, more strangers are claimed. It
   * never fails for a home that has met very many.
   */
  static within(mostBytes: number, expectedItems: number, falsePositiveRate: number): BloomFilter {
    const items = Math.max(1, expectedItems);
    const bytes = bytesFor(items, falsePositiveRate);
    return bytes > mostBytes ? BloomFilter.#sized(mostBytes, items) : BloomFilter.empty(items, falsePositiveRate);
  }

  /** With as many hashes as are best for so many items. */
  static #sized(bytes: number, items: number): BloomFilter {
    const hashes = Math.round(((bytes * 8) / items) * Math.LN2);
    return new BloomFilter(new Uint8Array(bytes), Math.min(Math.max(hashes, 1), mostHashes));
  }

  /** A filter that claims everybody. */
  static full(): BloomFilter {
    return new BloomFilter(new Uint8Array(leastBytes).fill(0xff), 1);
  }

  /** Throws `bloom-malformed` for what no filter of ours could have written. */
  static fromData(data: BloomFilterData): BloomFilter {
    const { bits, hashes } = data;
    if (typeof bits !== 'string' || !/^[A-Za-z0-9_-]+$/.test(bits)) throw malformed('its bits are not base64url');
    if (bits.length > Math.ceil((limits.snapshotBytes * 4) / 3)) throw malformed('it is larger than a snapshot');
    if (!Number.isInteger(hashes) || hashes < 1 || hashes > mostHashes) throw malformed(`it asks for ${hashes} hashes`);
    // RFC 4648 section 3.5: what the last character leaves unused is zero; 4n + 1 characters spell nothing.
    const tail = bits.slice(-(bits.length % 4 || 4));
    const whole = tail.length > 1 && base64url.encode(base64url.decode(tail)) === tail;
    if (!whole) throw malformed('its bits are not whole bytes');
    const bytes = base64url.decode(bits);
    return new BloomFilter(bytes, hashes);
  }

  toData(): BloomFilterData {
    return { bits: base64url.encode(this.#bytes), hashes: this.#hashes };
  }

  add(uri: string): void {
    this.#containsAll = null;
    for (const bit of this.#positions(uri)) {
      this.#bytes[bit >>> 3] = (this.#bytes[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  /** false: certainly never added. */
  mayContain(uri: string): boolean {
    return this.#positions(uri).every((bit) => (((this.#bytes[bit >>> 3] ?? 0) >>> (bit & 7)) & 1) === 1);
  }

  /** It claims everybody (`full`): it says nothing of anybody. */
  get containsAll(): boolean {
    this.#containsAll ??= this.#bytes.every((byte) => byte === 0xff);
    return this.#containsAll;
  }

  #positions(uri: string): number[] {
    const size = this.#bytes.length * 8;
    const key = new TextEncoder().encode(uri);
    const first = murmur3(key, 0);
    let position = first % size;
    let step = murmur3(key, first) % size;
    const positions: number[] = [];
    for (let i = 0; i < this.#hashes; i++) {
      positions.push(position);
      position = (position + step) % size;
      step = (step + i + 1) % size;
    }
    return positions;
  }
}

function bytesFor(items: number, falsePositiveRate: number): number {
  const bits = (-items * Math.log(falsePositiveRate)) / Math.LN2 ** 2;
  return Math.max(leastBytes, Math.ceil(bits / 8));
}

function malformed(found: string): PorchlightError {
  return new PorchlightError(
    'bloom-malformed',
    `Cannot use a filter of known actors: ${found}; let home leave a new snapshot.`,
  );
}
