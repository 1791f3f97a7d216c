// Porchlight's hook for PeerTube, Misskey and their like, and for Fedify apps such as Hollo. It is loaded before the service:
//
//   NODE_OPTIONS="--require /path/to/porchlight-hook.cjs"      (or --import, with porchlight-hook.mjs)
//   PORCHLIGHT_RECEIPT_SECRET_FILE=/path/to/porchlight-secret
//
// A request with a valid receipt of home is judged by the service's own rule about age, at the time when it arrived instead of
// now. Everything else stays as it is: signature, digest, key, blocks. Requests without a receipt take the old way. A library
// of another shape than those known here is left alone, and that is logged.

'use strict';

const Module = require('node:module');
const { pathToFileURL } = require('node:url');
const { followResponses, lateArrival, ofNode, say, tellJudged } = require('./porchlight-receipt.cjs');
const { commonJsLibrary, rewritten, wrapperFor } = require('./porchlight-modules.cjs');

/** Of @peertube/http-signature, seconds, when the service names none. */
const usualSkew = 300;

/** Runs `work`; what it throws must never be the service's trouble. */
function orElse(usual, work) {
  try {
    return work();
  } catch (thrown) {
    say(`The hook failed, and the service judged without it: ${thrown?.message ?? thrown}`);
    return usual;
  }
}

/**
 * Options for `parse` of @peertube/http-signature. Its rule at the time of arrival: each signed time within the skew,
 * not expired by more than that. It always compares with now, so that the skew is widened by as long ago as that was.
 */
function httpSignatureOptions(request, options) {
  return orElse(options, () => {
    const late = lateArrival(ofNode(request));
    if (late === null) return options;
    const skew = options?.clockSkew || usualSkew;
    const { receivedAt, signedAt, expiresAt } = late;
    if (signedAt.some((time) => Math.abs(receivedAt - time) > skew * 1000)) return options;
    if (expiresAt !== null && receivedAt - expiresAt > skew * 1000) return options;
    // It judges a Date that is there also where the signature covers another time.
    const { date } = request.headers;
    if (date !== undefined && !(Math.abs(receivedAt - Date.parse(date)) <= skew * 1000)) return options;
    tellJudged(request);
    return { ...options, clockSkew: skew + Math.max(0, Math.ceil((Date.now() - receivedAt) / 1000)) + 1 };
  });
}

/** Options for `parseRequestSignature` of @misskey-dev/node-http-message-signatures, which takes the time as an option. */
function messageSignatureOptions(source, options) {
  return orElse(options, () => {
    const request = 'req' in source ? source.req : source;
    if (!Array.isArray(request.rawHeaders)) return options;
    const late = lateArrival(ofNode(request));
    if (late === null) return options;
    // The library's usual times; it has no lower bound for `created`, which is set here.
    const { delay = 300_000, forward = 2_000 } = options?.clockSkew ?? {};
    const { receivedAt, signedAt } = late;
    if (signedAt.some((time) => receivedAt - time > delay || time - receivedAt > forward)) return options;
    tellJudged(request);
    return { ...options, clockSkew: { ...options?.clockSkew, now: new Date(receivedAt) } };
  });
}

/** A request of the year 2001 whose signature nobody checks, to see how a library judges age. */
function oldRequest() {
  const headers = {
    host: 'porchlight.invalid',
    date: 'Mon, 01 Jan 2001 00:00:00 GMT',
    digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    signature:
      'keyId="https://porchlight.invalid/",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="AA=="',
  };
  const rawHeaders = Object.entries(headers).flat();
  return { method: 'POST', url: '/', httpVersion: '1.1', headers, rawHeaders };
}

function throwsNamed(names, work) {
  try {
    work();
    return false;
  } catch (thrown) {
    return names.includes(thrown?.name) || names.includes(thrown?.constructor?.name);
  }
}

function isKnown(library, test) {
  try {
    if (test()) return true;
  } catch {
    // Not of that shape either.
  }
  say(`${library} is not of a shape that this hook knows: it is left alone, and late deliveries will be refused.`);
  return false;
}

const tooOld = ['ExpiredRequestError', 'ClockSkewInvalidError'];
const wide = { headers: ['(request-target)', 'host', 'digest'], clockSkew: 1e12 };

/** Changes the exports of @peertube/http-signature, or leaves them. */
function hookHttpSignature(library) {
  const { parse, parseRequest } = library;
  const known = isKnown('@peertube/http-signature', () =>
    [parse, parseRequest].every(
      (one) =>
        throwsNamed(tooOld, () => one(oldRequest(), { ...wide, clockSkew: 300 })) &&
        one(oldRequest(), { ...wide }).params.headers.length === 4,
    ),
  );
  if (!known) return;
  const around = (one) =>
    function judged(request, options) {
      return one.call(this, request, httpSignatureOptions(request, options));
    };
  library.parse = around(parse);
  library.parseRequest = around(parseRequest);
  say('@peertube/http-signature: late deliveries with a receipt are judged by their time of arrival.');
}

/** `parseRequestSignature` of @misskey-dev/node-http-message-signatures, hooked or as it was. */
function hookMessageSignatures(parseRequestSignature) {
  const library = '@misskey-dev/node-http-message-signatures';
  const at = { clockSkew: { now: new Date('2001-01-01T00:00:00Z') } };
  const known = isKnown(
    library,
    () =>
      throwsNamed(tooOld, () => parseRequestSignature(oldRequest(), {})) &&
      parseRequestSignature(oldRequest(), at).version === 'draft',
  );
  if (!known) return parseRequestSignature;
  say(`${library}: late deliveries with a receipt are judged by their time of arrival.`);
  return (source, options) => parseRequestSignature(source, messageSignatureOptions(source, options));
}

/** Exports that were hooked: a module may come by both ways below. */
const hooked = new WeakSet();

/** Exports of the CommonJS module at `path`, hooked if it is one of the libraries. Of another shape it is as it was. */
function hookedExports(path, exported) {
  const library = commonJsLibrary(path);
  if (library === null) return exported;
  return orElse(exported, () => {
    if (hooked.has(exported)) return exported;
    let result = exported;
    if (library === '@peertube/http-signature') hookHttpSignature(exported);
    // Its exports can only be read.
    else if (typeof exported.parseRequestSignature === 'function') {
      result = { ...exported, parseRequestSignature: hookMessageSignatures(exported.parseRequestSignature) };
    } else isKnown(library, () => false);
    hooked.add(result);
    return result;
  });
}

/** By the file's real path, so that links of a package manager do not matter. */
function hookCommonJs() {
  const compile = Module.prototype._compile;
  Module.prototype._compile = function compiled(content, filename, ...rest) {
    const result = compile.call(this, content, filename, ...rest);
    // Nothing is set on other modules: `exports` of some can only be read (ansi-styles, and so whatever logs in colours).
    if (commonJsLibrary(String(filename)) !== null) this.exports = hookedExports(String(filename), this.exports);
    return result;
  };
}

/** Modules: what they export cannot be changed, so that another module stands before them. */
function hookModules() {
  if (typeof Module.registerHooks !== 'function') {
    Module.register('./porchlight-loader.mjs', pathToFileURL(__filename));
    return;
  }
  Module.registerHooks({
    load(url, context, nextLoad) {
      const wrapper = wrapperFor(url);
      if (wrapper !== null) return { format: 'module', source: wrapper, shortCircuit: true };
      return rewritten(url, nextLoad(url, context));
    },
  });
}

// Loaded twice (--require and --import) it works once.
if (globalThis.porchlightHook === undefined) {
  globalThis.porchlightHook = { httpSignatureOptions, messageSignatureOptions, hookedExports };
  followResponses();
  hookCommonJs();
  hookModules();
}

module.exports = { hookMessageSignatures };
