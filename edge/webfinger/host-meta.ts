// Host metadata (RFC 6415): where WebFinger is, for servers that look here first or after a failure.

export const hostMetaType = 'application/xrd+xml; charset=utf-8';

/** Section 3.1.1: an `lrdd` link with a template. Host names have no character that XML would need escaped. */
export function hostMeta(origin: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="application/jrd+json" template="${origin}/.well-known/webfinger?resource={uri}"/>
</XRD>
`;
}
