// Deliveries for forgers: signed properly by either kind of signature, with every part in the open, so that a table can
// spoil one and leave all others. Made with Node's own crypto, by the text of the specifications.

import { createHash, createSign } from 'node:crypto';
import { changeText, type InboxRequest } from '../forger.ts';
import type { SleepingEdge } from '../sleeping-edge.ts';

export interface LetterChanges {
  readonly by?: string;
  readonly keyId?: string;
  readonly privateKey?: string;
  readonly body?: string | Uint8Array;
  readonly path?: string;
  /** The host that is signed for and addressed. */
  readonly host?: string;
  readonly scheme?: string;
  readonly at?: Date;
  readonly covered?: readonly string[];
  /** Fields besides or instead of the usual ones; undefined takes one away. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** draft-cavage: the parameters between keyId and headers. RFC 9421: those after the list. */
  readonly parameters?: readonly string[];
  readonly separator?: string;
  readonly label?: string;
}

/** What makes them: of one edge, so that each letter is one that it would take. */
export class Letters {
  readonly stage: SleepingEdge;
  #made = 0;

  constructor(stage: SleepingEdge) {
    this.stage = stage;
  }

  get alice(): string {
    return `${this.stage.origin}/users/alice`;
  }

  /** An actor of the other origin, with its key. */
  get mallory(): { readonly by: string; readonly privateKey: string } {
    return { by: `${this.stage.otherOrigin}/users/mallory`, privateKey: this.stage.mallory.privateKey };
  }

  activity(by: string = this.alice): string {
    this.#made += 1;
    const object = `http://${this.stage.host}/users/owner`;
    return JSON.stringify({ id: `${by}/likes/${this.#made}`, type: 'Like', actor: by, object });
  }

  cavage(changes: LetterChanges = {}): InboxRequest {
    const { keyId, path, host, body, at, privateKey } = this.#of(changes);
    const fields = present({
      Host: host,
      Date: at.toUTCString(),
      Digest: `SHA-256=${hash(body)}`,
      'Content-Type': 'application/activity+json',
      ...changes.fields,
    });
    const covered = changes.covered ?? ['(request-target)', 'host', 'date', 'digest'];
    const parameters = changes.parameters ?? ['algorithm="rsa-sha256"'];
    const values = new Map([
      ...fields.map(([name, value]): [string, string] => [name.toLowerCase(), value]),
      ['(request-target)', `post ${path}`],
      ...parameters.map((each): [string, string] => {
        const [, name = '', value = ''] = /^([a-z]+)="?([^"]*)"?$/.exec(each) ?? [];
        return [`(${name})`, value];
      }),
    ]);
    const base = covered.map((name) => `${name}: ${values.get(name) ?? ''}`).join('\n');
    const header = [
      `keyId="${keyId}"`,
      ...parameters,
      `headers="${covered.join(' ')}"`,
      `signature="${sign(base, privateKey)}"`,
    ].join(changes.separator ?? ',');
    return { path, body, headers: [...fields, ['Signature', header]] };
  }

  rfc9421(changes: LetterChanges = {}): InboxRequest {
    const { keyId, path, host, body, at, privateKey } = this.#of(changes);
    const fields = present({
      Host: host,
      Date: at.toUTCString(),
      'Content-Digest': `sha-256=:${hash(body)}:`,
      'Content-Type': 'application/activity+json',
      ...changes.fields,
    });
    const covered = changes.covered ?? ['@method', '@target-uri', 'content-digest'];
    const created = Math.floor(at.getTime() / 1000);
    const label = changes.label ?? 'sig1';
    const own = changes.parameters ?? [`created=${created}`, `keyid="${keyId}"`, 'alg="rsa-v1_5-sha256"'];
    const input = `(${covered.map((name) => `"${name}"`).join(' ')})${own.map((each) => `;${each}`).join('')}`;
    const scheme = changes.scheme ?? 'http';
    const values = new Map([
      ...fields.map(([name, value]): [string, string] => [name.toLowerCase(), value]),
      ['@method', 'POST'],
      ['@target-uri', `${scheme}://${host}${path}`],
      ['@authority', host],
      ['@scheme', scheme],
      ['@path', path.split('?')[0] ?? ''],
    ]);
    const lines = covered.map((name) => `"${name}": ${values.get(name) ?? ''}`);
    const signature = sign([...lines, `"@signature-params": ${input}`].join('\n'), privateKey);
    const signed: InboxRequest['headers'] = [
      ['Signature-Input', `${label}=${input}`],
      ['Signature', `${label}=:${signature}:`],
    ];
    return { path, body, headers: [...fields, ...signed] };
  }

  #of(changes: LetterChanges) {
    const { by = this.alice, path = '/inbox', host = this.stage.host, at = new Date() } = changes;
    const body = changes.body ?? this.activity(by);
    return {
      keyId: changes.keyId ?? `${by}#main-key`,
      privateKey: changes.privateKey ?? this.stage.alice.privateKey,
      path,
      host,
      at,
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    };
  }
}

export interface Forgery {
  readonly forged: InboxRequest;
  /** The same without what is wrong with it: it must be taken, or the test would show nothing. */
  readonly control: InboxRequest;
}

export type ForgeryCase = readonly [name: string, make: (letters: Letters) => Forgery];

/** `spoil` does to a letter, after it was signed, what the case is about. */
export function spoiled(letter: () => InboxRequest, spoil: (request: InboxRequest) => InboxRequest): Forgery {
  return { control: letter(), forged: spoil(letter()) };
}

export const changed = (name: string, change: (value: string) => string) => (request: InboxRequest) =>
  changeText(request, name, change);

export const without =
  (name: string) =>
  (request: InboxRequest): InboxRequest => ({
    ...request,
    headers: request.headers.filter(([each]) => each !== name),
  });

export const added =
  (name: string, value: string) =>
  (request: InboxRequest): InboxRequest => ({
    ...request,
    headers: [...request.headers, [name, value]],
  });

/** Another line of a header that is there. */
export const repeated =
  (name: string) =>
  (request: InboxRequest): InboxRequest => ({
    ...request,
    headers: [...request.headers, [name, headerValue(request, name)]],
  });

export function headerValue(request: InboxRequest, name: string): string {
  return request.headers.find(([each]) => each === name)?.[1] ?? '';
}

export const withBody =
  (body: string) =>
  (request: InboxRequest): InboxRequest => ({
    ...request,
    body: new TextEncoder().encode(body),
  });

export function hash(body: Uint8Array, algorithm = 'sha256'): string {
  return createHash(algorithm).update(body).digest('base64');
}

/** One bit of it, in the middle. */
export function flipped(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes.toString('base64');
}

function sign(base: string, privateKey: string): string {
  return createSign('sha256').update(base).sign(privateKey, 'base64');
}

function present(fields: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
}
