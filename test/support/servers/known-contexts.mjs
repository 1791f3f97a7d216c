// Loaded before a server by --import: it finds the JSON-LD contexts that Fedify brings along, without asking the Internet, which
// a test does not.

import { preloadedContexts } from '@fedify/vocab-runtime';

const { fetch } = globalThis;
globalThis.fetch = async (input, init) => {
  const known = preloadedContexts[input instanceof Request ? input.url : String(input)];
  return known === undefined ? await fetch(input, init) : Response.json(known);
};
