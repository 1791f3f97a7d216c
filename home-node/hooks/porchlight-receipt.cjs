// Part of Porchlight's hooks in services that run in Node. It says when a delivery arrived, if home vouches for that: it
// reads the receipt of a request (docs/protocol.md, "Receipts") and gives the time of arrival and the times that the
// signature covers, or null. It never throws, and null changes nothing. Whoever asks judges those times by the
// service's own rule. No dependencies: it runs inside somebody else's process.

'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { subscribe } = require('node:diagnostics_channel');

/** How long a receipt is good after home made it, ms. */
const goodForMs = 5 * 60_000;
const dayMs = 24 * 3600_000;
/** By default an arrival is not vouched for after this many days; PORCHLIGHT_RECEIPT_MAX_DAYS says otherwise. */
const mostDays = 30;
/** A line of the log about a receipt that was not taken: at most one in this time, ms. */
const sayEveryMs = 60_000;

let saidAt = 0;

/** What went wrong at the start is said each time; a secret is in none of it. */
function say(text) {
  process.stderr.write(`[porchlight] ${text}\n`);
}

let secret = null;

/** null while there is none; it is looked for again then, so that the order of starting does not matter. */
function secretNow() {
  if (secret !== null) return secret;
  const path = process.env.PORCHLIGHT_RECEIPT_SECRET_FILE;
  if (path === undefined || path === '') return null;
  const bytes = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url');
  if (bytes.length === 32) secret = bytes;
  return secret;
}

/**
 * `request`: { method, path (raw, with query), host, get(name) → every line of this header joined by ", " or null,
 * count(name), bodySha256 (base64url) or null, by: ['cavage'] or ['cavage', 'rfc9421'] }.
 * → { receivedAt, signedAt: [ms, at least one], expiresAt: ms or null } or null.
 */
function lateArrival(request) {
  try {
    if (request.get('porchlight-receipt') === null) return null;
    const found = read(request);
    if (typeof found !== 'string') return found;
    sayWhy(found);
  } catch (thrown) {
    sayWhy(thrown instanceof Error ? thrown.message : String(thrown));
  }
  return null;
}

function sayWhy(reason) {
  const now = Date.now();
  if (Math.abs(now - saidAt) < sayEveryMs) return;
  saidAt = now;
  say(`A receipt was not taken: ${reason}.`);
}

/** What it says, or why it is worth nothing. */
function read(request) {
  const key = secretNow();
  if (key === null) return 'PORCHLIGHT_RECEIPT_SECRET_FILE names no file with a secret of 32 bytes';
  // Each of these can be understood in two ways, or carries a second signature or time that the receipt is not about.
  for (const name of ['authorization', 'x-date']) if (request.get(name) !== null) return `the request has ${name}`;
  for (const name of [
    'porchlight-receipt',
    'signature',
    'signature-input',
    'date',
    'digest',
    'content-digest',
    'host',
  ]) {
    if (request.count(name) > 1) return `the request has ${name} more than once`;
  }
  const signature = request.get('signature');
  const input = request.get('signature-input');
  if (signature === null) return 'the request is not signed';
  if (input !== null && !request.by.includes('rfc9421')) return 'the request has signature-input';
  const times = input === null ? timesOfCavage(signature, request.get('date')) : timesOfRfc9421(input, signature);
  if (typeof times === 'string') return times;

  const [, receivedAt, madeAt, mac] =
    /^v2 ([1-9]\d{0,15}) ([1-9]\d{0,15}) ([\w-]{43})$/.exec(request.get('porchlight-receipt')) ?? [];
  if (mac === undefined) return 'it is no receipt of version 2';
  // Where the body is not read yet: what the digest says of it, which the service holds against the body.
  const bodySha256 = request.bodySha256 ?? ofDigest(request.get('digest'));
  if (bodySha256 === null) return 'digest is not one SHA-256';
  const fields = ['porchlight-receipt-v2', receivedAt, madeAt, request.method, request.path, request.host];
  for (const name of ['signature', 'signature-input', 'digest', 'content-digest']) fields.push(request.get(name));
  fields.push(bodySha256);
  if (fields.some((field) => field !== null && !/^[\x20-\x7e\t]*$/.test(field))) return 'a field of it is not ASCII';
  const text = fields.map((field) => (field === null ? '-' : `${field.length}:${field}`)).join('\n');
  const wanted = createHmac('sha256', key).update(text).digest();
  const given = Buffer.from(mac, 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return 'it was not made by this home for this request and this service';
  }

  const now = Date.now();
  if (Math.abs(now - Number(madeAt)) > goodForMs) return 'it was not made just now; look at the clocks';
  const days = Number(process.env.PORCHLIGHT_RECEIPT_MAX_DAYS || mostDays);
  if (!(now - Number(receivedAt) <= days * dayMs)) return `it is about an arrival of more than ${days} days ago`;
  if (Number(receivedAt) > now + goodForMs) return 'it is about an arrival in the future';
  return { receivedAt: Number(receivedAt), ...times };
}

function ofDigest(digest) {
  const [, value] = /^sha-256=([A-Za-z0-9+/]{43}=)$/i.exec(digest ?? '') ?? [];
  return value === undefined ? null : Buffer.from(value, 'base64').toString('base64url');
}

/**
 * draft-cavage-http-signatures-12 section 2.1. Only times that the signature covers; a time that is written beside it and
 * not covered could have been written by anybody.
 */
function timesOfCavage(signature, date) {
  const values = new Map();
  const parameter = /([a-zA-Z]+)=(?:"([^"\\]*)"|(\d+))(,\s*|$)/y;
  while (parameter.lastIndex < signature.length) {
    const [, name, quoted, number] = parameter.exec(signature) ?? [];
    if (name === undefined || values.has(name)) return 'signature cannot be read';
    values.set(name, quoted ?? number);
  }
  const covered = (values.get('headers') ?? '').toLowerCase().split(' ');
  const seconds = (name) => {
    const value = values.get(name);
    if (value === undefined) return null;
    return covered.includes(`(${name})`) && /^\d{1,11}$/.test(value) ? Number(value) * 1000 : Number.NaN;
  };
  const [created, expires] = [seconds('created'), seconds('expires')];
  if (Number.isNaN(created) || Number.isNaN(expires)) return 'created or expires is given and not covered';
  const signedAt = created === null ? [] : [created];
  if (covered.includes('date')) {
    const time = Date.parse(date ?? '');
    if (Number.isNaN(time) || new Date(time).toUTCString() !== date) return 'date is not one date';
    signedAt.push(time);
  }
  return signedAt.length === 0 ? 'the signature covers no time' : { signedAt, expiresAt: expires };
}

/** RFC 9421 section 4.1: one signature, whose parameters are always covered. */
function timesOfRfc9421(input, signature) {
  const [, label, rest] =
    /^([a-z*][a-z0-9_.*-]*)=\((?:"[^"\\]*"(?:;[a-z]+)* ?)*\)((?:;[a-z]+=(?:\d{1,11}|"[^"\\]*"))*)$/.exec(input) ?? [];
  if (label === undefined) return 'signature-input is not one signature that can be read';
  if (!signature.startsWith(`${label}=:`) || !/^[^=]+=:[A-Za-z0-9+/=]*:$/.test(signature))
    return 'signature is not that one';
  const values = new Map();
  for (const [, name, value] of rest.matchAll(/;([a-z]+)=(\d{1,11}|"[^"\\]*")/g)) {
    if (values.has(name)) return 'signature-input cannot be read';
    values.set(name, value);
  }
  const [created, expires] = [values.get('created'), values.get('expires')];
  if (!/^\d+$/.test(created ?? '')) return 'signature-input has no created';
  if (expires !== undefined && !/^\d+$/.test(expires)) return 'expires cannot be read';
  return { signedAt: [Number(created) * 1000], expiresAt: expires === undefined ? null : Number(expires) * 1000 };
}

/** A request of node:http, as lateArrival() takes it. Lines as they came: Node's own `headers` drops repeated ones. */
function ofNode(request) {
  const lines = new Map();
  const raw = request.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at].toLowerCase();
    lines.set(name, [...(lines.get(name) ?? []), raw[at + 1].replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return {
    method: request.method,
    // Express cuts `url` down to what a router below sees.
    path: request.originalUrl ?? request.url,
    host: lines.get('host')?.[0] ?? '',
    get: (name) => lines.get(name)?.join(', ') ?? null,
    count: (name) => lines.get(name)?.length ?? 0,
    bodySha256: null,
    by: ['cavage'],
  };
}

const responses = new WeakMap();

/** So that whoever judged a request of node:http can say so in its answer. */
function followResponses() {
  subscribe('http.server.request.start', ({ request, response }) => responses.set(request, response));
}

/** Only a request with a receipt of home is answered so; `porchlight doctor` looks for it. */
const judgedHeader = ['Porchlight-Hook', 'v1 judged-at-arrival'];

function tellJudged(request) {
  const response = responses.get(request) ?? request.res;
  if (response !== undefined && !response.headersSent) response.setHeader(...judgedHeader);
}

module.exports = { lateArrival, ofNode, followResponses, tellJudged, judgedHeader, say };
