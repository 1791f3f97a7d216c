// Keeps copies of public pages in R2 while they pass by, behind the visitor's back, and finds them again. Whether a
// page may be kept is policy.ts's to say; how a copy is given is answer.ts's.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { asMetadata, type CopyHead, copyKey, fromMetadata, headersOf, headOf } from './copy.ts';
import { acceptsCoding, mayStore, type StoreVerdict, variantsFor } from './policy.ts';
import { isAddressable, type Question } from './strangers.ts';
import type { Variant } from './variant.ts';

export interface FoundCopy {
  readonly head: CopyHead;
  readonly bytes: number;
  /** null for HEAD. */
  readonly body: ReadableStream<Uint8Array> | null;
}

export interface CopiesParts {
  readonly store: R2Bucket;
  readonly clock: Clock;
  /** Lets the runtime finish what was begun after the visitor was answered (`waitUntil`). */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** What this isolate stored last of one page: spares a paid write per view. */
interface Stored {
  readonly validator: string;
  readonly at: number;
}

export class Copies {
  readonly #parts: CopiesParts;
  /** In the order of storing. */
  readonly #stored = new Map<string, Stored>();
  #copyingBytes = 0;

  constructor(parts: CopiesParts) {
    this.#parts = parts;
  }

  /** Gives back home's response for the visitor, and keeps a copy if any stranger may read it and it is news. */
  passing(homeId: string, question: Question, response: Response): Response {
    const verdict = mayStore(question, response);
    if (!verdict.store) {
      if (verdict.gone.length > 0) this.#parts.keepAlive(this.#drop(homeId, question.url, verdict.gone));
      return response;
    }
    if (!this.#isNews(pageOf(homeId, question.url, verdict.variant), response.headers)) return response;
    if (this.#copyingBytes + verdict.bytes > limits.copyingBytes) return response;
    const [forVisitor, forStore] = response.body === null ? [null, null] : response.body.tee();
    this.#parts.keepAlive(this.#keep(homeId, question.url, verdict, response.headers, forStore).catch(() => undefined));
    // Made from the response itself, so that its body and its Content-Encoding stay together.
    return new Response(forVisitor, response);
  }

  /**
   * Takes the response to a question that home ordered for the copy alone, and waits until it lies there. Null when it
   * does; otherwise why not.
   */
  async keep(homeId: string, question: Question, response: Response): Promise<string | null> {
    const verdict = mayStore(question, response, true);
    if (verdict.store) return await this.#keep(homeId, question.url, verdict, response.headers, response.body);
    await response.body?.cancel();
    if (verdict.gone.length > 0) await this.#drop(homeId, question.url, verdict.gone);
    return verdict.because;
  }

  /**
   * Takes a document of a service that shows what it has only to who signs. It is given to whom the service itself would
   * show it, as far as home's leavings tell: that is judged by who asks for it (`findAuthorized`). `open`: the service
   * showed this one to nobody in particular. Null when it lies there; otherwise why not.
   */
  async keepAuthorized(homeId: string, url: URL, response: Response, open: boolean): Promise<string | null> {
    const bytes = Number(response.headers.get('Content-Length') ?? Number.NaN);
    if (!isAddressable(url) || !Number.isSafeInteger(bytes) || bytes > limits.copyBytes) {
      await response.body?.cancel();
      return 'its address or its length is not one that is kept';
    }
    return await this.#keep(homeId, url, { variant: 'authorized', bytes, open }, response.headers, response.body);
  }

  /** Removes what was kept: home shows it no more. */
  async drop(homeId: string, url: URL, gone: readonly Variant[]): Promise<void> {
    await this.#drop(homeId, url, gone);
  }

  /** What `keepAuthorized` took, for a question that was judged; null: nothing, or it is none that copies answer. */
  async findAuthorized(homeId: string, question: Question): Promise<FoundCopy | null> {
    return variantsFor(question).length > 0 ? await this.#find(homeId, question, ['authorized']) : null;
  }

  /**
   * The copy that answers this request; null when there is none or none that it may have. The newest, because a page
   * may have begun or ceased to vary by Accept since an older one was stored.
   */
  async find(homeId: string, question: Question): Promise<FoundCopy | null> {
    return await this.#find(homeId, question, variantsFor(question));
  }

  async #find(homeId: string, question: Question, among: readonly Variant[]): Promise<FoundCopy | null> {
    const { store } = this.#parts;
    const keys = await Promise.all(among.map((variant) => copyKey(homeId, question.url, variant)));
    const there = (await Promise.all(keys.map((key) => store.head(key)))).filter((object) => object !== null);
    const accepted = question.headers.get('Accept-Encoding');
    const fitting = there
      .map((object) => ({ object, head: fromMetadata(object.customMetadata ?? {}) }))
      .filter(({ head }) => acceptsCoding(accepted, headersOf(head).get('Content-Encoding')));
    const newest = fitting.sort((a, b) => b.head.storedAt - a.head.storedAt)[0];
    if (newest === undefined) return null;
    if (question.method === 'HEAD') return { head: newest.head, bytes: newest.object.size, body: null };
    const found = await store.get(newest.object.key);
    // It may have been replaced or dropped in between: then its own head counts.
    return found && { head: fromMetadata(found.customMetadata ?? {}), bytes: found.size, body: found.body };
  }

  async #keep(
    homeId: string,
    url: URL,
    {
      variant,
      bytes,
      open = false,
    }: Pick<Extract<StoreVerdict, { store: true }>, 'variant' | 'bytes'> & {
      readonly open?: boolean;
    },
    headers: Headers,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<string | null> {
    const { store, clock } = this.#parts;
    const head = headOf(headers, clock.now(), open);
    if (head === null) {
      await body?.cancel();
      return `its headers are longer than ${limits.copyHeaderBytes} bytes`;
    }
    const page = pageOf(homeId, url, variant);
    this.#remember(page, { validator: validatorOf(headers), at: head.storedAt });
    this.#copyingBytes += bytes;
    try {
      const key = await copyKey(homeId, url, variant);
      await putWhole(store, key, body, bytes, asMetadata(head));
      return null;
    } catch (thrown) {
      this.#stored.delete(page);
      throw thrown;
    } finally {
      this.#copyingBytes -= bytes;
    }
  }

  async #drop(homeId: string, url: URL, gone: readonly Variant[]): Promise<void> {
    for (const variant of gone) this.#stored.delete(pageOf(homeId, url, variant));
    await this.#parts.store.delete(await Promise.all(gone.map((variant) => copyKey(homeId, url, variant))));
  }

  #isNews(page: string, headers: Headers): boolean {
    const last = this.#stored.get(page);
    if (last === undefined || last.validator !== validatorOf(headers)) return true;
    return this.#parts.clock.now() - last.at >= limits.copyAgainMs;
  }

  #remember(page: string, stored: Stored): void {
    this.#stored.delete(page);
    this.#stored.set(page, stored);
    const [oldest] = this.#stored.keys();
    if (this.#stored.size > limits.memoryEntries && oldest !== undefined) this.#stored.delete(oldest);
  }
}

function pageOf(homeId: string, url: URL, variant: Variant): string {
  return `${homeId} ${variant} ${url.host}${url.pathname}${url.search}`;
}

/** What changes with the page; nothing when home names neither, for Date changes with every view. */
function validatorOf(headers: Headers): string {
  return headers.get('ETag') ?? headers.get('Last-Modified') ?? '';
}

/** Stores the body only if it is as long as it said: a page that breaks off in the middle is never kept. */
async function putWhole(
  store: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array> | null,
  bytes: number,
  customMetadata: Record<string, string>,
): Promise<void> {
  if (body === null) {
    if (bytes > 0) throw new Error('The page has no body, though it said that it has one.');
    await store.put(key, new Uint8Array(0), { customMetadata });
    return;
  }
  const { readable, writable } = new FixedLengthStream(bytes);
  await Promise.all([store.put(key, readable, { customMetadata }), pour(body, writable)]);
}

/** By hand: the runtime does not pipe one transform stream into another. */
async function pour(body: ReadableStream<Uint8Array>, into: WritableStream<Uint8Array>): Promise<void> {
  const writer = into.getWriter();
  try {
    for await (const chunk of body) await writer.write(chunk);
    await writer.close();
  } catch (thrown) {
    // The store then ends its put with an error and keeps nothing; that error is the one that is passed on.
    await writer.abort(thrown).catch(() => undefined);
    throw thrown;
  }
}
