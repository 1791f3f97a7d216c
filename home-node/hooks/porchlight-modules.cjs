// Part of porchlight-hook: which modules of a service get another one before them, and how a bundle is changed at one place.
// Text in, text out.

'use strict';

const { pathToFileURL } = require('node:url');
const { say } = require('./porchlight-receipt.cjs');

/** On the module that stands behind. */
const behind = '?porchlight=behind';

const hookUrl = new URL('./porchlight-hook.cjs', pathToFileURL(__filename)).href;

/**
 * Source of the module that stands before the one at `url`, or null. It names nothing of that one: an import of a name that
 * a later release lacks would keep the service from starting.
 */
function wrapperFor(url) {
  if (url.includes('?')) return null;
  const real = JSON.stringify(`${url}${behind}`);
  if (url.endsWith('/@misskey-dev/node-http-message-signatures/dist/index.mjs')) {
    return `export * from ${real};
import * as real from ${real};
import { hookMessageSignatures } from ${JSON.stringify(hookUrl)};
export const parseRequestSignature = hookMessageSignatures(real.parseRequestSignature);
`;
  }
  if (url.endsWith('/@fedify/fedify/dist/mod.js')) {
    return `export * from ${real};
import * as real from ${real};
import { judgedAtArrival } from ${JSON.stringify(new URL('./porchlight-fedify.mjs', hookUrl).href)};
export const createFederation = (...options) => judgedAtArrival(real.createFederation(...options));
`;
  }
  return null;
}

/** Which of the libraries the CommonJS module at a path or URL is, or null. */
function commonJsLibrary(place) {
  const path = place.replaceAll('\\', '/');
  if (path.endsWith('/@peertube/http-signature/lib/index.js')) return '@peertube/http-signature';
  const other = '@misskey-dev/node-http-message-signatures';
  return path.endsWith(`/${other}/dist/index.cjs`) ? other : null;
}

/**
 * Both libraries may lie inside a service's bundle, minified (Misskey). `holds`: a text of the library that minifying
 * leaves. `anchor`: where the function begins that reads request and options.
 */
const bundled = [
  {
    library: '@peertube/http-signature',
    holds: 'was not a signed header',
    anchor: /\bparseRequest:\s*(?:[\w$]+\(\s*)?function\s*[\w$]*\(([\w$]+),\s*([\w$]+)\)\s*\{/g,
    options: 'httpSignatureOptions',
  },
  {
    library: '@misskey-dev/node-http-message-signatures',
    holds: 'Request has multiple date headers',
    anchor:
      /\bfunction [\w$]+\(([\w$]+),\s*([\w$]+)\)\s*\{\s*(?=(?:let|const|var) ([\w$]+)\s*=\s*[\w$]+\(\1,\s*\2\?\.clockSkew\);?\s*if\s*\(\s*\3\.signatureInput\s*!=)/g,
    options: 'messageSignatureOptions',
  },
];

/** What was loaded from `url`, changed where a bundle has one of the libraries in it, at one place exactly or not at all. */
function rewritten(url, loaded) {
  if (loaded.source === undefined || loaded.source === null) return loaded;
  if (commonJsLibrary(url) !== null && loaded.format === 'commonjs') {
    // Some Nodes compile an imported CommonJS module apart from those that are required.
    const end = `\n;module.exports = globalThis.porchlightHook.hookedExports(${JSON.stringify(url)}, module.exports);\n`;
    return { ...loaded, source: `${textOf(loaded.source)}${end}` };
  }
  if (url.includes('/node_modules/')) return loaded;
  if (!url.startsWith('file:') || /\/porchlight-[a-z]+\.[cm]js$/.test(url)) return loaded;
  let source = null;
  for (const { library, holds, anchor, options } of bundled) {
    const text = source ?? textOf(loaded.source);
    if (!text.includes(holds)) continue;
    const places = [...text.matchAll(anchor)];
    if (places.length !== 1) {
      say(
        `${library} is in ${url}, but not in a form that this hook knows (${places.length} places): it is left alone, and late deliveries will be refused.`,
      );
      continue;
    }
    const [place] = places;
    const [found, request, given] = place;
    const end = place.index + found.length;
    source = `${text.slice(0, end)}${given}=globalThis.porchlightHook.${options}(${request},${given});${text.slice(end)}`;
    say(`${library}, inside ${url}: late deliveries with a receipt are judged by their time of arrival.`);
  }
  return source === null ? loaded : { ...loaded, source };
}

function textOf(source) {
  return typeof source === 'string' ? source : Buffer.from(source).toString('utf8');
}

module.exports = { commonJsLibrary, wrapperFor, rewritten };
