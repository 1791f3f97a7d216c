// Forgeries of draft-cavage signatures, each beside what it would be if it were honest.

import type { InboxRequest } from '../forger.ts';
import {
  added,
  changed,
  type ForgeryCase,
  flipped,
  hash,
  headerValue,
  type LetterChanges,
  type Letters,
  repeated,
  spoiled,
  withBody,
  without,
} from './letters.ts';

const minute = 60_000;
const usual = ['(request-target)', 'host', 'date', 'digest'];
const lacking = (name: string) => usual.filter((each) => each !== name);
const signature = /signature="([^"]*)"/;
const inHeader = (from: string | RegExp, to: string) => changed('Signature', (value) => value.replace(from, to));

/** Signed in one way, and in another that must not be taken. */
const instead =
  (changes: LetterChanges, honest: LetterChanges = {}): ForgeryCase[1] =>
  (letters) => ({ forged: letters.cavage(changes), control: letters.cavage(honest) });

/** Signed properly and spoiled on its way. */
const onItsWay =
  (spoil: (request: InboxRequest, letters: Letters) => InboxRequest, honest: LetterChanges = {}): ForgeryCase[1] =>
  (letters) =>
    spoiled(
      () => letters.cavage(honest),
      (request) => spoil(request, letters),
    );

const ago = (ms: number) => new Date(Date.now() - ms);
const nowSeconds = () => Math.floor(Date.now() / 1000);

export const cavageForgeries: readonly ForgeryCase[] = [
  [
    'a key that is not the one published',
    (letters) => ({
      forged: letters.cavage({ privateKey: letters.stage.mallory.privateKey }),
      control: letters.cavage(),
    }),
  ],
  [
    'a key of another host',
    (letters) => ({
      forged: letters.cavage({ ...letters.mallory, body: letters.activity() }),
      control: letters.cavage(letters.mallory),
    }),
  ],
  [
    'a key whose owner is not the actor',
    (letters) => {
      const bob = `${letters.stage.origin}/users/bob`;
      return { forged: letters.cavage({ body: letters.activity(bob) }), control: letters.cavage({ by: bob }) };
    },
  ],
  [
    'a key that its actor does not have',
    (letters) => ({ forged: letters.cavage({ keyId: `${letters.alice}#other-key` }), control: letters.cavage() }),
  ],
  ['no Signature', onItsWay(without('Signature'))],
  ['one bit of the signature exchanged', onItsWay(inHeaderBits)],
  ['the signature of another delivery', onItsWay((request, letters) => moved(request, letters.cavage()))],
  ['a signature cut short', onItsWay(inHeader(/.{8}"$/, '"'))],
  ['an empty signature', onItsWay(inHeader(signature, 'signature=""'))],
  ['a signature that is not base64', onItsWay(inHeader(signature, 'signature="****"'))],
  ['no parameter signature', onItsWay(inHeader(/,signature="[^"]*"/, ''))],
  ['no keyId', onItsWay(inHeader(/keyId="[^"]*",/, ''))],
  ['another keyId than was signed for', onItsWay(inHeader('/users/alice', '/users/bob'))],
  ['keyId twice', onItsWay(changed('Signature', (value) => `keyId="https://x.example/#k",${value}`))],
  ['Signature on two lines', onItsWay(repeated('Signature'))],
  ['two signatures on one line', onItsWay(changed('Signature', (value) => `${value},${value}`))],
  ['a second signature in Authorization', onItsWay(authorized)],
  ['its only signature in Authorization', onItsWay((request) => without('Signature')(authorized(request)))],
  ['a Signature-Input beside', onItsWay(added('Signature-Input', 'sig1=("@method");created=1;keyid="k"'))],
  ['an unknown algorithm', onItsWay(inHeader('rsa-sha256', 'hmac-sha256'))],
  ['another algorithm than it was made with', onItsWay(inHeader('rsa-sha256', 'rsa-sha512'))],
  ['an algorithm that is not one for the key', onItsWay(inHeader('rsa-sha256', 'ed25519'))],
  ['digest taken out of what is covered', onItsWay(inHeader(' digest"', '"'))],
  ['what is covered in another order', onItsWay(inHeader('host date', 'date host'))],
  ['more covered than was signed', onItsWay(inHeader(' digest"', ' digest content-type"'))],
  ['a header covered twice', onItsWay(inHeader(' digest"', ' digest digest"'))],
  ['headers left out', onItsWay(inHeader(/headers="[^"]*",/, ''))],
  ['blanks between parameters, which the service does not read', instead({ separator: ', ' })],
  ['an altered body', onItsWay((request, letters) => withBody(letters.activity())(request))],
  ['an altered body with a Digest to match', onItsWay(reDigested)],
  [
    'a byte after the body',
    onItsWay((request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) })),
  ],
  ['no Digest', onItsWay(without('Digest'))],
  ['a Digest of another body', onItsWay(changed('Digest', () => `SHA-256=${hash(Buffer.from('{}'))}`))],
  ['a Digest that is not covered', instead({ covered: lacking('digest') })],
  ['Digest on two lines', onItsWay(repeated('Digest'))],
  ['two digests in one', onItsWay(changed('Digest', (value) => `${value},${value}`))],
  [
    'a Digest by MD5',
    (letters) => {
      const body = letters.activity();
      const md5 = `MD5=${hash(Buffer.from(body), 'md5')}`;
      return { forged: letters.cavage({ body, fields: { Digest: md5 } }), control: letters.cavage() };
    },
  ],
  ['another path', onItsWay((request) => ({ ...request, path: '/users/owner/inbox' }))],
  ['a query that was not signed', onItsWay((request) => ({ ...request, path: `${request.path}?page=1` }))],
  ['a path that is not covered', instead({ covered: lacking('(request-target)') })],
  ['a host that is not covered', instead({ covered: lacking('host') })],
  [
    'signed for another host',
    (letters) =>
      spoiled(
        () => letters.cavage(),
        () => changed('Host', () => letters.stage.host)(letters.cavage({ host: 'other.example' })),
      ),
  ],
  ['a Date of long ago', instead({ at: ago(61 * minute) }, { at: ago(55 * minute) })],
  ['a Date to come', instead({ at: ago(-61 * minute) }, { at: ago(-55 * minute) })],
  [
    'a Date that was made new on its way',
    onItsWay(
      changed('Date', () => ago(minute).toUTCString()),
      { at: ago(9 * minute) },
    ),
  ],
  ['a Date that is not covered', instead({ covered: lacking('date') })],
  ['no Date', onItsWay(without('Date'))],
  ['Date on two lines', onItsWay(repeated('Date'))],
  ['a Date in another form', instead({ fields: { Date: new Date().toISOString() } })],
  ['an X-Date beside', onItsWay(added('X-Date', new Date().toUTCString()))],
  [
    'a created that is not covered, over an old Date',
    (letters) => ({
      forged: letters.cavage({ at: ago(61 * minute), parameters: ['algorithm="hs2019"', `created=${nowSeconds()}`] }),
      control: letters.cavage({ parameters: ['algorithm="hs2019"'] }),
    }),
  ],
  [
    'an expires that is not covered',
    (letters) => ({
      forged: letters.cavage({ parameters: ['algorithm="hs2019"', `expires=${nowSeconds() + 600}`] }),
      control: letters.cavage({ parameters: ['algorithm="hs2019"'] }),
    }),
  ],
  [
    '(created) in the place of Date, which the service does not read',
    (letters) => ({
      forged: letters.cavage({
        covered: ['(request-target)', 'host', 'digest', '(created)'],
        parameters: ['algorithm="hs2019"', `created=${nowSeconds()}`],
        fields: { Date: undefined },
      }),
      control: letters.cavage({ parameters: ['algorithm="hs2019"'] }),
    }),
  ],
  [
    'a covered header changed',
    onItsWay(
      changed('Content-Type', () => 'text/plain'),
      { covered: [...usual, 'content-type'] },
    ),
  ],
  ['a covered header taken away', onItsWay(without('Content-Type'), { covered: [...usual, 'content-type'] })],
  [
    'a cookie covered, which is not passed on',
    instead({ covered: [...usual, 'cookie'], fields: { Cookie: 'a=b' } }, { fields: { Cookie: 'a=b' } }),
  ],
];

function inHeaderBits(request: InboxRequest): InboxRequest {
  return changed('Signature', (value) => value.replace(signature, (_, bits: string) => `signature="${flipped(bits)}"`))(
    request,
  );
}

function moved(request: InboxRequest, other: InboxRequest): InboxRequest {
  return changed('Signature', () => headerValue(other, 'Signature'))(request);
}

function authorized(request: InboxRequest): InboxRequest {
  return added('Authorization', `Signature ${headerValue(request, 'Signature')}`)(request);
}

function reDigested(request: InboxRequest, letters: Letters): InboxRequest {
  const body = letters.activity();
  return changed('Digest', () => `SHA-256=${hash(Buffer.from(body))}`)(withBody(body)(request));
}
