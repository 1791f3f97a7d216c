// Reads an acceptance that home left. Values of lists that only a newer home knows are left out, so that it can speak to
// an older edge: what this edge does not know, it does not accept.

import type { Algorithm } from '../signature/signature.ts';
import type {
  Acceptance,
  CavageAcceptance,
  CavageTime,
  DigestAlgorithm,
  NumberSpelling,
  Rfc9421Acceptance,
} from './acceptance.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Says where something is not as expected, by throwing. */
export type Wrong = (at: string, expected: string) => never;

const algorithms: readonly Algorithm[] = [
  'rsa-v1_5-sha256',
  'rsa-v1_5-sha512',
  'rsa-pss-sha512',
  'ecdsa-p256-sha256',
  'ed25519',
];
const digests: readonly DigestAlgorithm[] = ['SHA-256', 'SHA-512'];
const times: readonly CavageTime[] = ['date', '(created)'];
const spellings: readonly NumberSpelling[] = ['quoted', 'bare'];

/** `at` is where it stands, for `wrong`. */
export function readAcceptance(value: unknown, at: string, wrong: Wrong): Acceptance {
  const read = new Reader(wrong);
  const { cavage, rfc9421, bodyBytes, jsonDepth, forwarded } = read.record(value, at);
  return {
    cavage: cavage === null ? null : readCavage(read, read.record(cavage, `${at}.cavage`), `${at}.cavage`),
    rfc9421: rfc9421 === null ? null : readRfc9421(read, read.record(rfc9421, `${at}.rfc9421`), `${at}.rfc9421`),
    bodyBytes: read.count(bodyBytes, `${at}.bodyBytes`),
    jsonDepth: read.count(jsonDepth, `${at}.jsonDepth`),
    ...(forwarded === undefined ? {} : { forwarded: read.truth(forwarded, `${at}.forwarded`) }),
  };
}

function readCavage(read: Reader, fields: Fields, at: string): CavageAcceptance {
  return {
    algorithms: read.known(fields.algorithms, `${at}.algorithms`, algorithms),
    named: read.list(fields.named, `${at}.named`).map((one) => (one === null ? null : read.text(one, `${at}.named`))),
    covered: read.texts(fields.covered, `${at}.covered`),
    times: read.known(fields.times, `${at}.times`, times),
    dateRequired: read.truth(fields.dateRequired, `${at}.dateRequired`),
    numbers: read.known(fields.numbers, `${at}.numbers`, spellings),
    digests: read.known(fields.digests, `${at}.digests`, digests),
    spelling: fields.spelling === 'any' ? 'any' : 'plain',
    query: read.truth(fields.query, `${at}.query`),
  };
}

function readRfc9421(read: Reader, fields: Fields, at: string): Rfc9421Acceptance {
  return {
    algorithms: read.known(fields.algorithms, `${at}.algorithms`, algorithms),
    covered: read.texts(fields.covered, `${at}.covered`),
    derived: read.texts(fields.derived, `${at}.derived`),
    digests: read.known(fields.digests, `${at}.digests`, digests),
    query: read.truth(fields.query, `${at}.query`),
  };
}

class Reader {
  readonly #wrong: Wrong;

  constructor(wrong: Wrong) {
    this.#wrong = wrong;
  }

  record(value: unknown, at: string): Fields {
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRecord ? (value as Fields) : this.#wrong(at, 'an object');
  }

  list(value: unknown, at: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.#wrong(at, 'a list');
  }

  text(value: unknown, at: string): string {
    return typeof value === 'string' && value !== '' ? value : this.#wrong(at, 'text');
  }

  texts(value: unknown, at: string): readonly string[] {
    return this.list(value, at).map((one) => this.text(one, at));
  }

  known<Known extends string>(value: unknown, at: string, all: readonly Known[]): readonly Known[] {
    const texts = this.texts(value, at);
    return all.filter((one) => texts.includes(one));
  }

  truth(value: unknown, at: string): boolean {
    return typeof value === 'boolean' ? value : this.#wrong(at, 'true or false');
  }

  count(value: unknown, at: string): number {
    return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : this.#wrong(at, 'a whole number');
  }
}
