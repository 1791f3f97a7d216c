// What a hook must take and what it must refuse: requests that were signed, some of them long ago, with right receipts and
// with every kind of wrong one. A receipt is made as home makes it.

import { createHash, createSign } from 'node:crypto';
import { bodyDigest, makeReceipt, type ReceiptSubject, receiptHeader } from '../../../home-node/receipts/receipt.ts';
import { type InboxRequest, makeKeyPair } from '../../support/forger.ts';

export const hour = 3_600_000;
const minute = 60_000;

/** How a request says when it was signed. */
export type Signing = 'date' | 'created' | 'rfc9421';

export const peer = { keyId: 'https://peer.example/actor#main-key', keys: makeKeyPair() };
const other = { keyId: peer.keyId, keys: makeKeyPair() };

export const secret = new Uint8Array(32).fill(7);
const path = '/users/owner/inbox';
export const host = 'home.example';

const plain = '{"type":"Follow"}';

type Header = [name: string, value: string];

export interface Made {
  readonly signing: Signing;
  readonly signedAt: number;
  readonly body?: string;
  readonly signer?: typeof peer;
  /** Ms since the epoch; covered. */
  readonly expiresAt?: number;
  readonly host?: string;
}

/** One that its sender made honestly. */
export function honest({ signing, signedAt, body = plain, signer = peer, expiresAt, ...at }: Made): InboxRequest {
  const bytes = new TextEncoder().encode(body);
  const to = at.host ?? host;
  const sha = createHash('sha256').update(bytes).digest('base64');
  const sign = (base: string): string => createSign('sha256').update(base).sign(signer.keys.privateKey, 'base64');
  const date = new Date(signedAt).toUTCString();
  const created = Math.floor(signedAt / 1000);
  const expires = expiresAt === undefined ? null : Math.floor(expiresAt / 1000);
  const common: Header[] = [
    ['Host', to],
    ['Content-Type', 'application/activity+json'],
  ];
  if (signing === 'rfc9421') {
    const digest = `sha-256=:${sha}:`;
    const until = expires === null ? '' : `;expires=${expires}`;
    const parameters = `("@method" "@target-uri" "content-digest");created=${created}${until};keyid="${signer.keyId}"`;
    const base = `"@method": POST\n"@target-uri": https://${to}${path}\n"content-digest": ${digest}\n"@signature-params": ${parameters}`;
    const signed: Header[] = [
      ['Content-Digest', digest],
      ['Signature-Input', `sig1=${parameters}`],
      ['Signature', `sig1=:${sign(base)}:`],
    ];
    return { path, headers: [...common, ...signed], body: bytes };
  }
  const digest = `SHA-256=${sha}`;
  const values: Record<string, string> = {
    '(request-target)': `post ${path}`,
    host: to,
    date,
    digest,
    '(created)': String(created),
    '(expires)': String(expires),
  };
  const time = signing === 'date' ? 'date' : '(created)';
  const covered = ['(request-target)', 'host', time, 'digest', ...(expires === null ? [] : ['(expires)'])];
  const base = covered.map((name) => `${name}: ${values[name] ?? ''}`).join('\n');
  const isOld = signing === 'date' && expires === null;
  const times = [
    isOld ? 'algorithm="rsa-sha256"' : 'algorithm="hs2019"',
    ...(signing === 'created' ? [`created="${created}"`] : []),
    ...(expires === null ? [] : [`expires="${expires}"`]),
  ].join(',');
  const header = `keyId="${signer.keyId}",${times},headers="${covered.join(' ')}",signature="${sign(base)}"`;
  const dated: Header[] = signing === 'date' ? [['Date', date]] : [];
  return { path, headers: [...common, ...dated, ['Digest', digest], ['Signature', header]], body: bytes };
}

export function subjectOf(request: InboxRequest): ReceiptSubject {
  const to = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? host;
  const { headers, body } = request;
  return { method: 'POST', scheme: 'https', host: to, path: request.path, headers, bodySha256: bodyDigest(body) };
}

export interface Receipted {
  readonly receivedAt: number;
  readonly madeAt?: number;
  readonly by?: Uint8Array;
  readonly about?: InboxRequest;
}

function receiptFor(request: InboxRequest, { receivedAt, madeAt = Date.now(), by = secret, about }: Receipted): string {
  return makeReceipt(by, subjectOf(about ?? request), { receivedAt, madeAt });
}

export function withReceipt(request: InboxRequest, receipt: Receipted): InboxRequest {
  return plus(request, [receiptHeader, receiptFor(request, receipt)]);
}

function plus(request: InboxRequest, ...headers: Header[]): InboxRequest {
  return { ...request, headers: [...request.headers, ...headers] };
}

function replaced(request: InboxRequest, name: string, change: (value: string) => string): InboxRequest {
  const headers = request.headers.map(([each, value]): Header => [each, each === name ? change(value) : value]);
  return { ...request, headers };
}

/** Some servers take a signature over the path alone beside a query, as old peers make them; late or not, with or without a hook. */
export const besideQuery = 'a query added, and a receipt for that';

export interface Case {
  readonly what: string;
  readonly request: InboxRequest;
}

/** All of these are in time, or were when they arrived: `late` ones 16 hours ago, by home's word. */
export function wanted(signing: Signing, now: number, body = plain): readonly Case[] {
  const fresh = honest({ signing, signedAt: now - 1_000, body });
  const signedAt = now - 16 * hour;
  const receivedAt = signedAt + 1_500;
  const late = honest({ signing, signedAt, body });
  const lower = (request: InboxRequest): InboxRequest => ({
    ...request,
    headers: request.headers.map(([name, value]): Header => [name.toLowerCase(), value]),
  });
  const receipted = withReceipt(late, { receivedAt });
  return [
    { what: 'a fresh one', request: fresh },
    { what: 'a fresh one with a receipt', request: withReceipt(fresh, { receivedAt: now }) },
    { what: 'a late one with its receipt', request: receipted },
    { what: 'the same again', request: receipted },
    { what: 'a late one with its receipt, names in small letters', request: lower(receipted) },
    { what: 'one that is 29 days old', request: withReceipt(...aged(signing, now, 29, body)) },
  ];
}

function aged(signing: Signing, now: number, days: number, body: string): [InboxRequest, Receipted] {
  const signedAt = now - days * 24 * hour;
  return [honest({ signing, signedAt, body }), { receivedAt: signedAt + 1_500 }];
}

/** None of these may be taken. `takesRfc9421`: a Signature-Input beside is not wrong by itself. */
export function unwanted(signing: Signing, now: number, body = plain): readonly Case[] {
  const signedAt = now - 16 * hour;
  const receivedAt = signedAt + 1_500;
  const late = honest({ signing, signedAt, body });
  const right = { receivedAt };
  const receipt = receiptFor(late, right);
  const [, t = '', made = '', mac = ''] = receipt.split(' ');
  const given = (value: string): InboxRequest => plus(late, [receiptHeader, value]);
  const altered = { ...late, body: new TextEncoder().encode(body.replace('Follow', 'Create')) };
  const moved = { ...late, path: '/users/other/inbox' };
  const asked = { ...late, path: `${path}?page=1` };
  const elsewhere = replaced(late, 'Host', () => 'elsewhere.example');
  const another = honest({ signing, signedAt: signedAt + 1_000, body });
  const strange = honest({ signing, signedAt, body, signer: other });
  const twice = (name: string): InboxRequest => {
    const [line] = late.headers.filter(([each]) => each === name);
    return line === undefined ? given('v2 1 1 -') : plus(given(receipt), line);
  };
  const flipped = `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
  const past = honest({ signing, signedAt, body, expiresAt: signedAt - 2 * hour });
  const cases: [string, InboxRequest][] = [
    ['late without a receipt', late],
    ['a receipt by another secret', withReceipt(late, { receivedAt, by: new Uint8Array(32).fill(8) })],
    ['a flipped mac', given(`v2 ${t} ${made} ${flipped}`)],
    ['a mac cut short', given(receipt.slice(0, -1))],
    ['an altered time of arrival', given(`v2 ${Number(t) + 1} ${made} ${mac}`)],
    ['an altered time of making', given(`v2 ${t} ${Number(made) + 1} ${mac}`)],
    ['an older version', given(`v1 ${t} ${mac}`)],
    ['an empty receipt', given('')],
    ['a receipt that is not text', given('v2 \u00ff\u00fe')],
    ['an altered body', plus(altered, [receiptHeader, receipt])],
    ['an altered body, and a receipt for that', withReceipt(altered, right)],
    ['another path', plus(moved, [receiptHeader, receipt])],
    ['another path, and a receipt for that', withReceipt(moved, right)],
    ['a query added', plus(asked, [receiptHeader, receipt])],
    [besideQuery, withReceipt(asked, right)],
    ['another host', plus(elsewhere, [receiptHeader, receipt])],
    ['another host, and a receipt for that', withReceipt(elsewhere, right)],
    ['another key, and a right receipt', withReceipt(strange, right)],
    ['the receipt of another request', withReceipt(late, { receivedAt, about: another })],
    ['arrived two hours after it was signed', withReceipt(late, { receivedAt: signedAt + 2 * hour })],
    ['arrived two hours before it was signed', withReceipt(late, { receivedAt: signedAt - 2 * hour })],
    [
      'it arrives tomorrow',
      withReceipt(honest({ signing, signedAt: now + 24 * hour, body }), { receivedAt: now + 24 * hour }),
    ],
    ['older than the most', withReceipt(...aged(signing, now, 31, body))],
    ['a receipt made ten minutes ago', withReceipt(late, { receivedAt, madeAt: now - 10 * minute })],
    ['a receipt made in ten minutes', withReceipt(late, { receivedAt, madeAt: now + 10 * minute })],
    ['two receipts joined', given(`${receipt}, ${receipt}`)],
    ['two receipts', plus(given(receipt), [receiptHeader, receipt])],
    ['an underscore in the name', plus(late, ['Porchlight_Receipt', receipt])],
    ['Signature twice', twice('Signature')],
    ['Host twice', twice('Host')],
    ['the digest twice', twice(signing === 'rfc9421' ? 'Content-Digest' : 'Digest')],
    ['another signature in Authorization', plus(given(receipt), ['Authorization', `Signature ${signatureOf(late)}`])],
    ['another time in X-Date', plus(given(receipt), ['X-Date', new Date(receivedAt).toUTCString()])],
    ['expired two hours before it arrived', withReceipt(past, right)],
  ];
  if (signing === 'date') {
    const newly = (value: string): string => {
      const created = `algorithm="hs2019",created="${Math.floor(now / 1000)}"`;
      return value.replace('algorithm="rsa-sha256"', created);
    };
    const rewritten = replaced(honest({ signing, signedAt: now - 32 * hour, body }), 'Signature', (value) =>
      newly(value).replace(/created="\d+"/, `created="${Math.floor(receivedAt / 1000)}"`),
    );
    const later = replaced(late, 'Signature', (value) =>
      value.replace('algorithm="rsa-sha256"', `algorithm="rsa-sha256",expires="${Math.floor(now / 1000) + 60}"`),
    );
    cases.push(
      ['Date twice', twice('Date')],
      ['created beside, not covered, as of the arrival', withReceipt(rewritten, right)],
      ['expires beside, not covered', withReceipt(later, right)],
    );
  }
  if (signing !== 'rfc9421') {
    const input = 'sig1=("@method");created=1';
    cases.push(['Signature-Input beside', withReceipt(plus(late, ['Signature-Input', input]), right)]);
  }
  return cases.map(([what, request]) => ({ what, request }));
}

function signatureOf(request: InboxRequest): string {
  return request.headers.find(([name]) => name === 'Signature')?.[1] ?? '';
}
