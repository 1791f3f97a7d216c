// Forgeries that are the same for both kinds of signature, whose fields and names differ; each beside what it would be if it
// were honest.

import type { InboxRequest } from '../forger.ts';
import {
  added,
  changed,
  type ForgeryCase,
  flipped,
  headerValue,
  type LetterChanges,
  type Letters,
  repeated,
  spoiled,
  withBody,
  without,
} from './letters.ts';

/** What differs between the kinds. */
export interface Kind {
  readonly sign: (letters: Letters, changes?: LetterChanges) => InboxRequest;
  /** The field of the body's digest, and its value. */
  readonly digest: string;
  readonly digestOf: (body: Uint8Array, algorithm: 'sha256' | 'md5') => string;
  /** What is covered usually. */
  readonly covered: readonly string[];
  /** The signature itself in its field. */
  readonly bits: RegExp;
  /** The field that says what is covered, two neighbours in it and those in the other order, and what stands around a name. */
  readonly list: { readonly field: string; readonly pair: string; readonly swapped: string; readonly quote: string };
  /** Puts a later signed time in the place of the one that was signed. */
  readonly madeNew: (request: InboxRequest) => InboxRequest;
}

export const minute = 60_000;
export const ago = (ms: number): Date => new Date(Date.now() - ms);
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** How cases of one kind are made. */
export function casesOf({ sign, covered }: Pick<Kind, 'sign' | 'covered'>) {
  return {
    /** Signed in one way, and in another that must not be taken. */
    instead:
      (changes: LetterChanges, honest: LetterChanges = {}): ForgeryCase[1] =>
      (letters) => ({ forged: sign(letters, changes), control: sign(letters, honest) }),
    /** Signed properly and spoiled on its way. */
    onItsWay:
      (spoil: (request: InboxRequest, letters: Letters) => InboxRequest, honest: LetterChanges = {}): ForgeryCase[1] =>
      (letters) =>
        spoiled(
          () => sign(letters, honest),
          (request) => spoil(request, letters),
        ),
    lacking: (name: string): readonly string[] => covered.filter((each) => each !== name),
  };
}

export function forgeriesOf(kind: Kind): readonly ForgeryCase[] {
  const { sign, digest, digestOf, covered, bits, list, madeNew } = kind;
  const { instead, onItsWay, lacking } = casesOf(kind);
  const inBits = (change: (value: string) => string) => changed('Signature', (value) => value.replace(bits, change));
  const inList = (from: string, to: string) => changed(list.field, (value) => value.replace(from, to));
  const digestName = digest.toLowerCase();
  const written = `${list.quote}${digestName}${list.quote}`;
  return [
    [
      'a key that is not the one published',
      (letters) => ({
        forged: sign(letters, { privateKey: letters.stage.mallory.privateKey }),
        control: sign(letters),
      }),
    ],
    [
      'a key of another host',
      (letters) => ({
        forged: sign(letters, { ...letters.mallory, body: letters.activity() }),
        control: sign(letters, letters.mallory),
      }),
    ],
    [
      'a key whose owner is not the actor',
      (letters) => {
        const bob = `${letters.stage.origin}/users/bob`;
        return { forged: sign(letters, { body: letters.activity(bob) }), control: sign(letters, { by: bob }) };
      },
    ],
    [
      'a key that its actor does not have',
      (letters) => ({ forged: sign(letters, { keyId: `${letters.alice}#other-key` }), control: sign(letters) }),
    ],
    ['another key named than was signed for', onItsWay(inList('/users/alice', '/users/bob'))],
    ['no Signature', onItsWay(without('Signature'))],
    ['one bit of the signature exchanged', onItsWay(inBits(flipped))],
    [
      'the signature of another delivery',
      onItsWay((request, letters) => changed('Signature', () => headerValue(sign(letters), 'Signature'))(request)),
    ],
    ['a signature cut short', onItsWay(inBits((value) => value.slice(0, -8)))],
    ['an empty signature', onItsWay(inBits(() => ''))],
    ['Signature on two lines', onItsWay(repeated('Signature'))],
    [
      'a second signature in Authorization',
      onItsWay((request, letters) =>
        added('Authorization', `Signature ${headerValue(letters.cavage(), 'Signature')}`)(request),
      ),
    ],
    [`${digestName} taken out of what is covered`, onItsWay(inList(` ${written}`, ''))],
    ['what is covered in another order', onItsWay(inList(list.pair, list.swapped))],
    ['more covered than was signed', onItsWay(inList(written, `${written} ${list.quote}content-type${list.quote}`))],
    ['something covered twice', onItsWay(inList(written, `${written} ${written}`))],
    ['an altered body', onItsWay((request, letters) => withBody(letters.activity())(request))],
    [
      `an altered body with a ${digest} to match`,
      onItsWay((request, letters) => {
        const body = letters.activity();
        return changed(digest, () => digestOf(Buffer.from(body), 'sha256'))(withBody(body)(request));
      }),
    ],
    [
      'a byte after the body',
      onItsWay((request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) })),
    ],
    [`no ${digest}`, onItsWay(without(digest))],
    [`a ${digest} of another body`, onItsWay(changed(digest, () => digestOf(Buffer.from('{}'), 'sha256')))],
    [`a ${digest} that is not covered`, instead({ covered: lacking(digestName) })],
    [`${digest} on two lines`, onItsWay(repeated(digest))],
    [`two digests in one ${digest}`, onItsWay(changed(digest, (value) => `${value},${value}`))],
    [
      `a ${digest} by MD5`,
      (letters) => {
        const body = letters.activity();
        const fields = { [digest]: digestOf(Buffer.from(body), 'md5') };
        return { forged: sign(letters, { body, fields }), control: sign(letters) };
      },
    ],
    ['another path', onItsWay((request) => ({ ...request, path: '/users/owner/inbox' }))],
    ['a query that was not signed', onItsWay((request) => ({ ...request, path: `${request.path}?page=1` }))],
    [
      'signed for another host',
      (letters) =>
        spoiled(
          () => sign(letters),
          () => changed('Host', () => letters.stage.host)(sign(letters, { host: 'other.example' })),
        ),
    ],
    ['signed long ago', instead({ at: ago(61 * minute) }, { at: ago(55 * minute) })],
    ['signed in the future', instead({ at: ago(-61 * minute) }, { at: ago(-55 * minute) })],
    ['a signed time that was made new on its way', onItsWay(madeNew, { at: ago(9 * minute) })],
    ['an X-Date beside', onItsWay(added('X-Date', new Date().toUTCString()))],
    [
      'a covered header changed',
      onItsWay(
        changed('Content-Type', () => 'text/plain'),
        { covered: [...covered, 'content-type'] },
      ),
    ],
    ['a covered header taken away', onItsWay(without('Content-Type'), { covered: [...covered, 'content-type'] })],
    [
      'a cookie covered, which is not passed on',
      instead({ covered: [...covered, 'cookie'], fields: { Cookie: 'a=b' } }, { fields: { Cookie: 'a=b' } }),
    ],
  ];
}
