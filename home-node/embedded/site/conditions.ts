// Preconditions and ranges of RFC 9110 for something whose validators are known. Pure: header values in, answer out.

export interface Validators {
  /** Strong, in its quotes. */
  readonly etag: string;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** A request's header by lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** RFC 9110 section 13.2.2, in its order, for GET and HEAD. */
export function evaluateConditions(header: HeaderReader, validators: Validators): 'send' | 'not-modified' | 'failed' {
  const ifMatch = header('if-match');
  const ifUnmodifiedSince = timeOf(header('if-unmodified-since'));
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, validators.etag, false)) return 'failed';
  } else if (ifUnmodifiedSince !== null && seconds(validators.modifiedAt) > seconds(ifUnmodifiedSince)) {
    return 'failed';
  }
  const ifNoneMatch = header('if-none-match');
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, validators.etag, true) ? 'not-modified' : 'send';
  const ifModifiedSince = timeOf(header('if-modified-since'));
  if (ifModifiedSince === null) return 'send';
  return seconds(validators.modifiedAt) <= seconds(ifModifiedSince) ? 'not-modified' : 'send';
}

export type ByteRange =
  | { readonly range: 'whole' }
  /** Both inclusive. */
  | { readonly range: 'part'; readonly first: number; readonly last: number }
  | { readonly range: 'unsatisfiable' };

const whole: ByteRange = { range: 'whole' };

/** RFC 9110 section 14.2. Several ranges at once get the whole, which a server may always send. */
export function evaluateRange(header: HeaderReader, validators: Validators, size: number): ByteRange {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/i.exec(header('range')?.trim() ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return whole;
  const ifRange = header('if-range');
  if (ifRange !== undefined && !isStill(ifRange, validators)) return whole;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) return whole;
  return first < size && first <= last ? { range: 'part', first, last } : { range: 'unsatisfiable' };
}

/** RFC 9110 section 13.1.5: by strong comparison, or the exact time. */
function isStill(ifRange: string, { etag, modifiedAt }: Validators): boolean {
  const value = ifRange.trim();
  return value.endsWith('"') ? value === etag : timeOf(value) === seconds(modifiedAt) * 1000;
}

/** Is `etag` in the list? `weakly` ignores `W/` (RFC 9110 section 8.8.3.2). */
function lists(value: string, etag: string, weakly: boolean): boolean {
  if (value.trim() === '*') return true;
  const tags = value.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (weakly ? tag.replace(/^W\//, '') : tag) === etag);
}

function timeOf(value: string | undefined): number | null {
  const time = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

/** HTTP dates have no fractions. */
function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
