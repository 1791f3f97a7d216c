// What browsers are told of every page of the edge's own: it runs nothing, fetches nothing and stands in no other page
// (Content-Security-Policy, CSP Level 3). Its style is inline, because there is nowhere to fetch one from.

export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
