// Host metadata (RFC 6415): where WebFinger is, for servers that look here first or after a failure. It is always at the
// host that was asked: every host of a home answers for all of its accounts, and the owner's apex may be elsewhere.

export const hostMetaType = 'application/xrd+xml; charset=utf-8';

const template = (origin: string): string => `${origin}/.well-known/webfinger?resource={uri}`;
const type = 'application/jrd+json';

/** Section 3.1.1: an `lrdd` link with a template. Host names have no character that XML would need escaped. */
export function hostMeta(origin: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="${type}" template="${template(origin)}"/>
</XRD>
`;
}

/** The same as JRD (appendix A). */
export function hostMetaDocument(origin: string): object {
  return { links: [{ rel: 'lrdd', type, template: template(origin) }] };
}
