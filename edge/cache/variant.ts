// The kinds of page that one address of home has in practice, told apart by Accept (RFC 9110 section 12.5.1). Few and
// fixed, so that strangers cannot make more copies of a page by asking in new words. Pure.

/**
 * `any`: of none of the kinds that are told apart, and home's answer does not vary by Accept. `authorized`: an ActivityPub
 * document as a service showed it to who signed the question; nobody is given it for asking alone.
 */
export type Variant = 'any' | 'html' | 'activitypub' | 'other' | 'authorized';

export const variants: readonly Variant[] = ['any', 'html', 'activitypub', 'other', 'authorized'];

/** The kind that a request prefers; of equals, the one it names first. */
export function variantAsked(accept: string | null): Variant {
  let best: { readonly kind: Variant; readonly weight: number } = { kind: 'other', weight: 0 };
  for (const range of (accept ?? '').split(',')) {
    const kind = variantOfType(range);
    const weight = Number(/;\s*q\s*=\s*([\d.]+)/i.exec(range)?.[1] ?? 1);
    if (kind !== 'other' && weight > best.weight) best = { kind, weight };
  }
  return best.kind;
}

/** The kind that a media type is of. */
export function variantOfType(contentType: string): Variant {
  const [type = ''] = contentType.toLowerCase().split(';');
  switch (type.trim()) {
    case 'text/html':
    case 'application/xhtml+xml':
      return 'html';
    case 'application/activity+json':
    case 'application/ld+json':
      return 'activitypub';
    default:
      return 'other';
  }
}
