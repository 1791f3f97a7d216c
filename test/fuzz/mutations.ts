// Ways in which a signed request is changed on its way: one to three at once, anywhere in it.

import type { HeaderList } from '../../shared/delivery.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import type { Seeded } from '../support/seeded.ts';

export interface Sent {
  readonly request: SignedRequest;
  readonly body: Uint8Array<ArrayBuffer>;
}

type Mutation = (dice: Seeded, sent: Sent) => Sent;

export function mutate(dice: Seeded, request: SignedRequest, body: Uint8Array<ArrayBuffer>): Sent {
  let sent: Sent = { request, body };
  for (let left = dice.between(1, 3); left > 0; left -= 1) sent = dice.pick(mutations)(dice, sent);
  return sent;
}

const withHeaders = (sent: Sent, headers: HeaderList): Sent => ({ ...sent, request: { ...sent.request, headers } });

const words = [
  ...['', ' ', '"', ',', ';', '=', ':', '()', '(created)', '(expires)', 'date', 'Digest', '\\', '\u0000', 'é', '\r\n'],
  ...['created=1', 'created="9999999999"', 'expires=1', 'algorithm="hs2019"', 'headers="date"', 'keyId="https://x/#k"'],
  ...['sig1=("@method")', 'sha-256=:AAAA:', 'SHA-256=AAAA', '@target-uri', '{"@id":"x"}', '[[[[', ']]', '\ud800'],
] as unknown as readonly [string, ...string[]];

const names = [
  ...['signature', 'signature-input', 'digest', 'content-digest', 'date', 'host', 'authorization', 'x-date', 'expires'],
  ...['created', 'content-type', 'connection', 'cookie', 'forwarded', 'porchlight-receipt', 'x-anything'],
] as unknown as readonly [string, ...string[]];

/** One place of a text exchanged, added or taken away. */
function changedText(dice: Seeded, text: string): string {
  const at = dice.between(0, text.length);
  switch (dice.between(0, 5)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(dice.between(0, 255)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + dice.pick(words) + text.slice(at);
    case 3:
      return text.slice(0, at);
    case 4:
      return text.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10));
    default:
      return dice.between(0, 1) === 0 ? text.toUpperCase() : `${text}, ${text}`;
  }
}

const mutations: readonly [Mutation, ...Mutation[]] = [
  // The value of a header, of whichever there is.
  (dice, sent) => {
    const at = dice.between(0, sent.request.headers.length - 1);
    const changed = sent.request.headers.map(([name, value], index): HeaderList[number] => [
      name,
      index === at ? changedText(dice, value) : value,
    ]);
    return withHeaders(sent, changed);
  },
  // A parameter of the signature, which is where most can be read in two ways.
  (dice, sent) => {
    const name = dice.pick(['signature', 'signature-input']);
    const changed = sent.request.headers.map(([each, value]): HeaderList[number] => [
      each,
      each === name ? changedText(dice, value) : value,
    ]);
    return withHeaders(sent, changed);
  },
  // Its parameters in another order, or one of them gone.
  (dice, sent) => {
    const changed = sent.request.headers.map(([name, value]): HeaderList[number] => {
      if (name !== 'signature') return [name, value];
      const parts = value.split(',');
      const [moved = ''] = parts.splice(dice.between(0, parts.length - 1), 1);
      return [name, dice.between(0, 1) === 0 ? parts.join(',') : [...parts, moved].join(',')];
    });
    return withHeaders(sent, changed);
  },
  // A header gone, there twice, in capitals, or in another place.
  (dice, sent) => {
    const headers = [...sent.request.headers];
    const [taken] = headers.splice(dice.between(0, headers.length - 1), 1);
    if (taken === undefined || dice.between(0, 3) === 0) return withHeaders(sent, headers);
    const [name, value] = taken;
    if (dice.between(0, 2) === 0) headers.push(taken);
    headers.push(dice.between(0, 1) === 0 ? [name.toUpperCase(), value] : [name, ` ${value}\t`]);
    return withHeaders(sent, headers);
  },
  // One more header.
  (dice, sent) => withHeaders(sent, [...sent.request.headers, [dice.pick(names), dice.pick(words)]]),
  (dice, sent) => {
    const [, value = ''] = dice.pick(sent.request.headers as [HeaderList[number], ...HeaderList]) ?? [];
    return withHeaders(sent, [...sent.request.headers, [dice.pick(names), value]]);
  },
  // The body.
  (dice, sent) => {
    const body = Uint8Array.from(sent.body);
    const at = dice.between(0, Math.max(0, body.length - 1));
    body[at] = dice.between(0, 255);
    return { ...sent, body };
  },
  // Still JSON, by the same actor: only its digest tells.
  (dice, sent) => {
    const text = new TextDecoder().decode(sent.body);
    const other = text.replace(dice.pick(['"Like"', '/1"', 'home.example']), dice.pick(['"Note"', '/2"', 'a.example']));
    return { ...sent, body: Uint8Array.from(new TextEncoder().encode(other)) };
  },
  (dice, sent) => {
    const spaces = new TextEncoder().encode(' '.repeat(dice.between(1, 9)));
    return { ...sent, body: Uint8Array.from([...sent.body, ...spaces]) };
  },
  (dice, sent) => ({ ...sent, body: sent.body.slice(0, dice.between(0, sent.body.length)) }),
  (dice, sent) => ({ ...sent, body: Uint8Array.from([...sent.body, dice.between(0, 255)]) }),
  // Where it goes.
  (dice, sent) => ({ ...sent, request: { ...sent.request, path: changedText(dice, sent.request.path) } }),
  (dice, sent) => ({ ...sent, request: { ...sent.request, host: dice.pick(['other.example', 'home.example:8443']) } }),
  (dice, sent) => ({ ...sent, request: { ...sent.request, method: dice.pick(['post', 'PUT', 'GET']) } }),
  // Nothing of it is left.
  (dice, sent) => {
    const junk = Array.from({ length: dice.between(0, 6) }, (): HeaderList[number] => [
      dice.pick(names),
      changedText(dice, changedText(dice, dice.pick(words))),
    ]);
    return withHeaders(sent, junk);
  },
];
