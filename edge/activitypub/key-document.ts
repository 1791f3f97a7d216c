// Finds a key in what its address answered, and who owns it. Pure: a document in, a key or a further question out.
//
// Anybody can publish a document that says "this key belongs to them". So a key counts only when its owner's own
// document lists it, and a document is the owner's own when it was found at the owner's address. One more is trusted:
// a key whose address lies below its owner's, answered with the owner's (shortened) document. Servers that show whole
// actors only to signed requests publish their keys that way, and who decides what lies below an actor's address
// decides the actor's document too.

import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { type PublicKey, publicKeyFromMultikey, publicKeyFromPem } from '../../shared/signature/public-key.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import { requireStrength } from '../../shared/signature/require.ts';
import { isAddress } from './activity.ts';

export type KeyFinding =
  | { readonly read: 'key'; readonly publicKey: PublicKey; readonly owner: string }
  | { readonly read: 'unusable'; readonly reason: string };

/** The document at `owner` must list the key: `ownersKey`. */
export interface AskOwner {
  readonly read: 'ask-owner';
  readonly owner: string;
  readonly publicKey: PublicKey;
}

/** `foundAt` is where the document was found, after redirects. */
export function readKeyDocument(document: JsonObject, foundAt: string, keyId: string): KeyFinding | AskOwner {
  const isBare = document.id === keyId && keyTextOf(document) !== null;
  const listed = entriesOf(document).find((each) => isObject(each) && each.id === keyId);
  const entry = isBare ? document : (listed ?? soleKeyOf(document, keyId));
  if (!isObject(entry)) return unusable(`the document at ${foundAt} has no key ${keyId}`);
  const owner = entry.owner ?? entry.controller;
  // What is accepted is ordered, counted and kept under this name, and its fragment may be as long as the document.
  if (typeof owner !== 'string' || !isAddress(owner) || !isSameHost(owner, keyId)) {
    return unusable(`the key ${keyId} names no owner on its own host`);
  }
  const publicKey = publicKeyOf(entry);
  if ('reason' in publicKey) return unusable(`the key ${keyId}: ${publicKey.reason}`);
  if (isBare) return { read: 'ask-owner', owner, publicKey: publicKey.key };
  if (document.id !== owner) return unusable(`the key ${keyId} is listed by ${String(document.id)}, not by its owner`);
  const isOwn = isSameAddress(foundAt, owner) || (isSameAddress(foundAt, keyId) && isBelow(keyId, owner));
  return { read: isOwn ? 'key' : 'ask-owner', owner, publicKey: publicKey.key };
}

/** PeerTube names its key by the actor's own address: the one key of whoever has that address. */
function soleKeyOf({ id, publicKey }: JsonObject, keyId: string): JsonObject | null {
  const [key, ...others] = [publicKey].flat();
  return id === keyId && isObject(key) && others.length === 0 && key.owner === id ? key : null;
}

/** The key as its owner's document gives it, or as its own document did (`asked`), when the owner only links to it. */
export function ownersKey(document: JsonObject, foundAt: string, keyId: string, asked: AskOwner): KeyFinding {
  const { owner, publicKey } = asked;
  if (document.id !== owner || !isSameAddress(foundAt, owner))
    return unusable(`${foundAt} is not the document of ${owner}`);
  if (entriesOf(document).includes(keyId)) return { read: 'key', owner, publicKey };
  const reading = readKeyDocument(document, foundAt, keyId);
  return reading.read === 'ask-owner' ? unusable(`${owner} does not list the key ${keyId}`) : reading;
}

/** `publicKey` of the security vocabulary, `assertionMethod` of Controlled Identifiers (FEP-521a): one or several. */
function entriesOf({ publicKey, assertionMethod }: JsonObject): readonly unknown[] {
  return [publicKey, assertionMethod].flat();
}

function keyTextOf({ publicKeyPem, publicKeyMultibase }: JsonObject): (() => PublicKey) | null {
  if (typeof publicKeyPem === 'string') return () => publicKeyFromPem(publicKeyPem);
  if (typeof publicKeyMultibase === 'string') return () => publicKeyFromMultikey(publicKeyMultibase);
  return null;
}

function publicKeyOf(entry: JsonObject): { readonly key: PublicKey } | { readonly reason: string } {
  const read = keyTextOf(entry);
  if (read === null) return { reason: 'it has neither publicKeyPem nor publicKeyMultibase' };
  try {
    const key = read();
    requireStrength(key);
    return { key };
  } catch (thrown) {
    if (isRefused(thrown)) return { reason: thrown.message };
    throw thrown;
  }
}

function unusable(reason: string): KeyFinding {
  return { read: 'unusable', reason };
}

export function isSameHost(left: string, right: string): boolean {
  const [one, other] = [URL.parse(left), URL.parse(right)];
  return one !== null && other !== null && one.protocol === other.protocol && one.host === other.host;
}

/** Fragments do not count: they are not part of what is asked for. */
function isSameAddress(left: string, right: string): boolean {
  return addressOf(left) === addressOf(right);
}

export function addressOf(uri: string): string {
  const url = URL.parse(uri);
  if (url === null) return uri;
  url.hash = '';
  return url.href;
}

/** Only for a spelling that no parser changes: `/users/a/../b` is not below `/users/a`. */
function isBelow(keyId: string, owner: string): boolean {
  return URL.parse(keyId)?.href === keyId && keyId.startsWith(`${owner}/`) && !owner.includes('?');
}
