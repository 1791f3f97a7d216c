// Forgeries of RFC 9421 signatures: those of both kinds, and its own.

import { ago, casesOf, forgeriesOf, type Kind, minute, nowSeconds } from './both.ts';
import { added, changed, type ForgeryCase, hash, headerValue, repeated, without } from './letters.ts';

const kind: Kind = {
  sign: (letters, changes) => letters.rfc9421(changes),
  digest: 'Content-Digest',
  digestOf: (body, algorithm) => `${algorithm === 'md5' ? 'md5' : 'sha-256'}=:${hash(body, algorithm)}:`,
  covered: ['@method', '@target-uri', 'content-digest'],
  bits: /(?<==:)[^:]*(?=:)/,
  list: {
    field: 'Signature-Input',
    pair: '"@method" "@target-uri"',
    swapped: '"@target-uri" "@method"',
    quote: '"',
  },
  madeNew: changed('Signature-Input', (value) => value.replace(/created=\d+/, `created=${nowSeconds() - 60}`)),
};
const { instead, onItsWay, lacking } = casesOf(kind);
const usual = kind.covered;
const inInput = (from: string | RegExp, to: string) => changed('Signature-Input', (value) => value.replace(from, to));
const parametersNow = (keyId: string) => [`created=${nowSeconds()}`, `keyid="${keyId}"`];

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

export const rfc9421Forgeries: readonly ForgeryCase[] = [
  ...forgeriesOf(kind),
  ['no Signature-Input', onItsWay(without('Signature-Input'))],
  ['a signature that is not bytes', onItsWay(changed('Signature', () => 'sig1="abc"'))],
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
    'a draft-cavage signature in the place of its own',
    onItsWay((request, letters) => changed('Signature', () => headerValue(letters.cavage(), 'Signature'))(request)),
  ],
  ['no keyid', said(() => [`created=${nowSeconds()}`])],
  ['an unknown algorithm', said((keyId) => [...parametersNow(keyId), 'alg="hmac-sha256"'])],
  ['an algorithm that is not one for the key', said((keyId) => [...parametersNow(keyId), 'alg="ed25519"'])],
  ['an algorithm that the service does not verify', said((keyId) => [...parametersNow(keyId), 'alg="rsa-pss-sha512"'])],
  ['another algorithm than was signed', onItsWay(inInput('rsa-v1_5-sha256', 'rsa-pss-sha512'))],
  ['alg taken away on its way', onItsWay(inInput(/;alg="[^"]*"/, ''))],
  ['no created', said((keyId) => [`keyid="${keyId}"`])],
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
  ['a component with a parameter', onItsWay(inInput('"content-digest"', '"content-digest";sf'))],
  ['a component of responses', instead({ covered: [...usual, '@status'] })],
  ['a component that the service reads in another way', instead({ covered: [...usual, '@request-target'] })],
  ['a component that the request lacks', instead({ covered: [...usual, 'x-nothing'] })],
  ['a Digest of another body beside', onItsWay(added('Digest', `SHA-256=${hash(Buffer.from('{}'))}`))],
  ['a method that is not covered', instead({ covered: lacking('@method') })],
  ['a target that is not covered', instead({ covered: lacking('@target-uri') })],
  [
    'a path covered without its host',
    instead(
      { covered: [...lacking('@target-uri'), '@path'] },
      { covered: ['@method', '@authority', '@path', 'content-digest'] },
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
];
