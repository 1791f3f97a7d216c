// Forgeries of draft-cavage signatures: those of both kinds, and its own.

import type { InboxRequest } from '../forger.ts';
import { ago, casesOf, forgeriesOf, type Kind, minute, nowSeconds } from './both.ts';
import { added, changed, type ForgeryCase, hash, headerValue, repeated, without } from './letters.ts';

const kind: Kind = {
  sign: (letters, changes) => letters.cavage(changes),
  digest: 'Digest',
  digestOf: (body, algorithm) => `${algorithm === 'md5' ? 'MD5' : 'SHA-256'}=${hash(body, algorithm)}`,
  covered: ['(request-target)', 'host', 'date', 'digest'],
  bits: /(?<=signature=")[^"]*(?=")/,
  list: { field: 'Signature', pair: 'host date', swapped: 'date host', quote: '' },
  madeNew: changed('Date', () => ago(minute).toUTCString()),
};
const { instead, onItsWay, lacking } = casesOf(kind);
const inHeader = (from: string | RegExp, to: string) => changed('Signature', (value) => value.replace(from, to));

export const cavageForgeries: readonly ForgeryCase[] = [
  ...forgeriesOf(kind),
  ['a signature that is not base64', onItsWay(inHeader(kind.bits, '****'))],
  ['no parameter signature', onItsWay(inHeader(/,signature="[^"]*"/, ''))],
  ['no keyId', onItsWay(inHeader(/keyId="[^"]*",/, ''))],
  ['keyId twice', onItsWay(changed('Signature', (value) => `keyId="https://x.example/#k",${value}`))],
  ['two signatures on one line', onItsWay(changed('Signature', (value) => `${value},${value}`))],
  ['its only signature in Authorization', onItsWay((request) => without('Signature')(authorized(request)))],
  ['a Signature-Input beside', onItsWay(added('Signature-Input', 'sig1=("@method");created=1;keyid="k"'))],
  ['an unknown algorithm', onItsWay(inHeader('rsa-sha256', 'hmac-sha256'))],
  ['another algorithm than it was made with', onItsWay(inHeader('rsa-sha256', 'rsa-sha512'))],
  ['an algorithm that is not one for the key', onItsWay(inHeader('rsa-sha256', 'ed25519'))],
  ['headers left out', onItsWay(inHeader(/headers="[^"]*",/, ''))],
  ['blanks between parameters, which the service does not read', instead({ separator: ', ' })],
  ['a path that is not covered', instead({ covered: lacking('(request-target)') })],
  ['a host that is not covered', instead({ covered: lacking('host') })],
  ['a Date that is not covered', instead({ covered: lacking('date') })],
  ['no Date', onItsWay(without('Date'))],
  ['Date on two lines', onItsWay(repeated('Date'))],
  ['a Date in another form', instead({ fields: { Date: new Date().toISOString() } })],
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
];

function authorized(request: InboxRequest): InboxRequest {
  return added('Authorization', `Signature ${headerValue(request, 'Signature')}`)(request);
}
