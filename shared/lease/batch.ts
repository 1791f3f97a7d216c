// The reply to a turn as bytes: a head, then each leased delivery with its body, untouched. Length-prefixed, so that
// bodies need no base64 (a third more bytes and CPU at home, which runs on the sun).
//
//   batch    = u32 length, TurnReply as JSON, then any number of items until the end
//   item     = u32 length, Delivery as JSON, u32 body length, body
//   A body length of 0xffffffff says: too large to come along, fetch it at /.porchlight/v1/bodies/<delivery id>.
//   All integers are big-endian.

import type { Delivery } from '../delivery.ts';
import { PorchlightError } from '../errors.ts';
import type { TurnReply } from './messages.ts';

const elsewhere = 0xffff_ffff;
export const batchContentType = 'application/vnd.porchlight.batch';

export interface LeasedDelivery {
  readonly delivery: Delivery;
  /** null: the body is fetched on its own. */
  readonly body: Uint8Array | null;
}

export interface Batch {
  readonly reply: TurnReply;
  readonly deliveries: readonly LeasedDelivery[];
}

export function encodeBatch(batch: Batch): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: { head: Uint8Array; body: Uint8Array | null; isItem: boolean }[] = [
    { head: encoder.encode(JSON.stringify(batch.reply)), body: null, isItem: false },
  ];
  for (const item of batch.deliveries) {
    parts.push({ head: encoder.encode(JSON.stringify(item.delivery)), body: item.body, isItem: true });
  }
  const total = parts.reduce((sum, p) => sum + 4 + p.head.length + (p.isItem ? 4 + (p.body?.length ?? 0) : 0), 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.head.length);
    bytes.set(part.head, at + 4);
    at += 4 + part.head.length;
    if (!part.isItem) continue;
    view.setUint32(at, part.body === null ? elsewhere : part.body.length);
    at += 4;
    if (part.body !== null) {
      bytes.set(part.body, at);
      at += part.body.length;
    }
  }
  return bytes;
}

/**
 * Bodies are views into `bytes`. Throws `batch-malformed` when lengths do not add up or a head is no JSON object; what
 * the object says is taken on the edge's word.
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (what: string): Uint8Array | null => {
    if (at + 4 > bytes.length) throw malformed(`${what} at byte ${at} goes past its end at ${bytes.length}`);
    const length = view.getUint32(at);
    at += 4;
    if (length === elsewhere) return null;
    if (at + length > bytes.length) throw malformed(`${what} at byte ${at} goes past its end at ${bytes.length}`);
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  const json = <T>(what: string): T => {
    const part = take(what);
    const value = part === null ? null : parse(what, part);
    if (typeof value !== 'object' || value === null) throw malformed(`${what} before byte ${at} is no JSON object`);
    return value as T;
  };
  const reply = json<TurnReply>('its head');
  const deliveries: LeasedDelivery[] = [];
  while (at < bytes.length) {
    const delivery = json<Delivery>('a delivery');
    deliveries.push({ delivery, body: take('a body') });
  }
  return { reply, deliveries };
}

function parse(what: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (thrown) {
    throw malformed(`${what} is no JSON`, thrown);
  }
}

function malformed(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError(
    'batch-malformed',
    `Cannot read a batch: ${found}; edge and home must speak one version, and the answer must be whole.`,
    { cause },
  );
}
