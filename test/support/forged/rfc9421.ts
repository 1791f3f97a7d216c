// Forgeries of RFC 9421 signatures, each beside what it would be if it were honest.

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
const usual = ['@method', '@target-uri', 'content-digest'];
const lacking = (name: string) => usual.filter((each) => each !== name);
const inInput = (from: string | RegExp, to: string) => changed('Signature-Input', (value) => value.replace(from, to));

const instead =
  (changes: LetterChanges, honest: LetterChanges = {}): ForgeryCase[1] =>
  (letters) => ({ forged: letters.rfc9421(changes), control: letters.rfc9421(honest) });

const onItsWay =
  (spoil: (request: InboxRequest, letters: Letters) => InboxRequest, honest: LetterChanges = {}): ForgeryCase[1] =>
  (letters) =>
    spoiled(
      () => letters.rfc9421(honest),
      (request) => spoil(request, letters),
    );

/** With parameters of its own making instead of the usual ones. */
const said =
  (
    parameters: (keyId: string) => readonly string[],
    honest: (keyId: string) => readonly string[] = parametersNow,
  ): ForgeryCase[1] =>
  (letters) => {
    const keyId = `${letters.alice}#main-key`;
    return {
      forged: letters.rfc9421({ parameters: parameters(keyId) }),
      control: letters.rfc9421({ parameters: honest(keyId) }),
    };
  };

const ago = (ms: number) => new Date(Date.now() - ms);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const parametersNow = (keyId: string) => [`created=${nowSeconds()}`, `keyid="${keyId}"`];

export const rfc9421Forgeries: readonly ForgeryCase[] = [
  [
    'a key that is not the one published',
    (letters) => ({
      forged: letters.rfc9421({ privateKey: letters.stage.mallory.privateKey }),
      control: letters.rfc9421(),
    }),
  ],
  [
    'a key of another host',
    (letters) => ({
      forged: letters.rfc9421({ ...letters.mallory, body: letters.activity() }),
      control: letters.rfc9421(letters.mallory),
    }),
  ],
  [
    'a key whose owner is not the actor',
    (letters) => {
      const bob = `${letters.stage.origin}/users/bob`;
      return { forged: letters.rfc9421({ body: letters.activity(bob) }), control: letters.rfc9421({ by: bob }) };
    },
  ],
  [
    'a key that its actor does not have',
    (letters) => ({ forged: letters.rfc9421({ keyId: `${letters.alice}#other-key` }), control: letters.rfc9421() }),
  ],
  ['no Signature', onItsWay(without('Signature'))],
  ['no Signature-Input', onItsWay(without('Signature-Input'))],
  [
    'one bit of the signature exchanged',
    onItsWay(changed('Signature', (value) => value.replace(/:(.+):/, (_, bits: string) => `:${flipped(bits)}:`))),
  ],
  [
    'the signature of another delivery',
    onItsWay((request, letters) => changed('Signature', () => headerValue(letters.rfc9421(), 'Signature'))(request)),
  ],
  ['a signature cut short', onItsWay(changed('Signature', (value) => value.replace(/.{8}:$/, ':')))],
  ['an empty signature', onItsWay(changed('Signature', () => 'sig1=::'))],
  ['a signature that is not bytes', onItsWay(changed('Signature', () => 'sig1="abc"'))],
  ['Signature on two lines', onItsWay(repeated('Signature'))],
  ['Signature-Input on two lines', onItsWay(repeated('Signature-Input'))],
  ['labels that differ', onItsWay(changed('Signature', (value) => value.replace('sig1', 'sig2')))],
  ['a signature without its input beside', onItsWay(changed('Signature', (value) => `${value}, sig2=:AAAA:`))],
  [
    'two signatures',
    onItsWay((request) =>
      ['Signature', 'Signature-Input'].reduce(
        (sent, name) => changed(name, (value) => `${value}, ${value.replace('sig1', 'sig2')}`)(sent),
        request,
      ),
    ),
  ],
  ['a list that is cut off', onItsWay(inInput(/\).*$/, ''))],
  [
    'a second signature in Authorization',
    onItsWay((request, letters) =>
      added('Authorization', `Signature ${headerValue(letters.cavage(), 'Signature')}`)(request),
    ),
  ],
  [
    'a draft-cavage signature in the place of its own',
    onItsWay((request, letters) => changed('Signature', () => headerValue(letters.cavage(), 'Signature'))(request)),
  ],
  ['no keyid', said(() => [`created=${nowSeconds()}`])],
  ['another keyid than was signed', onItsWay(inInput('/users/alice', '/users/bob'))],
  ['an unknown algorithm', said((keyId) => [...parametersNow(keyId), 'alg="hmac-sha256"'])],
  ['an algorithm that is not one for the key', said((keyId) => [...parametersNow(keyId), 'alg="ed25519"'])],
  ['an algorithm that the service does not verify', said((keyId) => [...parametersNow(keyId), 'alg="rsa-pss-sha512"'])],
  ['another algorithm than was signed', onItsWay(inInput('rsa-v1_5-sha256', 'rsa-pss-sha512'))],
  ['alg taken away on its way', onItsWay(inInput(/;alg="[^"]*"/, ''))],
  ['no created', said((keyId) => [`keyid="${keyId}"`])],
  [
    'created made new on its way',
    onItsWay(inInput(/created=\d+/, `created=${nowSeconds() - 60}`), { at: ago(9 * minute) }),
  ],
  ['created long ago', instead({ at: ago(61 * minute) }, { at: ago(55 * minute) })],
  ['created in the future', instead({ at: ago(-61 * minute) }, { at: ago(-55 * minute) })],
  ['created as a text', said((keyId) => [`created="${nowSeconds()}"`, `keyid="${keyId}"`])],
  ['created with a fraction', said((keyId) => [`created=${nowSeconds()}.5`, `keyid="${keyId}"`])],
  [
    'what has expired',
    said(
      (keyId) => [...parametersNow(keyId), `expires=${nowSeconds() - 5}`],
      (keyId) => [...parametersNow(keyId), `expires=${nowSeconds() + 600}`],
    ),
  ],
  [
    'a life that was made longer on its way',
    (letters) => {
      const parameters = [...parametersNow(`${letters.alice}#main-key`), 'expires=99999999999'];
      const forged = inInput('expires=99999999999', 'expires=99999999998')(letters.rfc9421({ parameters }));
      return { forged, control: letters.rfc9421({ parameters }) };
    },
  ],
  [
    'another nonce than was signed',
    (letters) => {
      const parameters = [...parametersNow(`${letters.alice}#main-key`), 'nonce="one"'];
      return {
        forged: inInput('nonce="one"', 'nonce="two"')(letters.rfc9421({ parameters })),
        control: letters.rfc9421({ parameters }),
      };
    },
  ],
  ['content-digest taken out of what is covered', onItsWay(inInput(' "content-digest"', ''))],
  ['what is covered in another order', onItsWay(inInput('"@method" "@target-uri"', '"@target-uri" "@method"'))],
  ['more covered than was signed', onItsWay(inInput('"content-digest"', '"content-digest" "date"'))],
  ['a component twice', onItsWay(inInput('"@method"', '"@method" "@method"'))],
  ['a component with a parameter', onItsWay(inInput('"content-digest"', '"content-digest";sf'))],
  ['a component of responses', instead({ covered: [...usual, '@status'] })],
  ['a component that the service reads in another way', instead({ covered: [...usual, '@request-target'] })],
  ['a component that the request lacks', instead({ covered: [...usual, 'x-nothing'] })],
  ['an altered body', onItsWay((request, letters) => withBody(letters.activity())(request))],
  [
    'an altered body with a Content-Digest to match',
    onItsWay((request, letters) => {
      const body = letters.activity();
      return changed('Content-Digest', () => `sha-256=:${hash(Buffer.from(body))}:`)(withBody(body)(request));
    }),
  ],
  [
    'a byte after the body',
    onItsWay((request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) })),
  ],
  ['no Content-Digest', onItsWay(without('Content-Digest'))],
  ['a Content-Digest that is not covered', instead({ covered: lacking('content-digest') })],
  ['Content-Digest on two lines', onItsWay(repeated('Content-Digest'))],
  [
    'a Content-Digest by MD5',
    (letters) => {
      const body = letters.activity();
      const fields = { 'Content-Digest': `md5=:${hash(Buffer.from(body), 'md5')}:` };
      return { forged: letters.rfc9421({ body, fields }), control: letters.rfc9421() };
    },
  ],
  ['a Digest of another body beside', onItsWay(added('Digest', `SHA-256=${hash(Buffer.from('{}'))}`))],
  ['another path', onItsWay((request) => ({ ...request, path: '/users/owner/inbox' }))],
  ['a query that was not signed', onItsWay((request) => ({ ...request, path: `${request.path}?page=1` }))],
  ['a method that is not covered', instead({ covered: lacking('@method') })],
  ['a target that is not covered', instead({ covered: lacking('@target-uri') })],
  [
    'a path covered without its host',
    instead(
      { covered: [...lacking('@target-uri'), '@path'] },
      { covered: ['@method', '@authority', '@path', 'content-digest'] },
    ),
  ],
  [
    'signed for another host',
    (letters) =>
      spoiled(
        () => letters.rfc9421(),
        () => changed('Host', () => letters.stage.host)(letters.rfc9421({ host: 'other.example' })),
      ),
  ],
  ['signed for another scheme', instead({ scheme: 'https' })],
  [
    'a covered Date changed',
    onItsWay(
      changed('Date', () => ago(minute).toUTCString()),
      { covered: [...usual, 'date'] },
    ),
  ],
  [
    'a covered Date of long ago under a new created',
    instead(
      { covered: [...usual, 'date'], fields: { Date: ago(61 * minute).toUTCString() } },
      { covered: [...usual, 'date'] },
    ),
  ],
  ['an X-Date beside', onItsWay(added('X-Date', new Date().toUTCString()))],
  [
    'a cookie covered, which is not passed on',
    instead({ covered: [...usual, 'cookie'], fields: { Cookie: 'a=b' } }, { fields: { Cookie: 'a=b' } }),
  ],
];
