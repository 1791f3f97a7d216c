// Codes that visitors and peers meet, as `code` of a problem (RFC 9457).

import type { ErrorMeaning } from './meaning.ts';

export const strangerCodes = {
  asleep: {
    status: 503,
    says: 'Home is asleep, and no copy of what was asked is there.',
    do: 'Come back after `Retry-After`.',
  },
  away: {
    status: 503,
    says: 'Home is out of reach, and no copy of what was asked is there.',
    do: 'Come back after `Retry-After`.',
  },
  'bad-request': {
    status: 400,
    says: 'The request cannot be put to a service as it stands.',
    do: 'Send another one.',
  },
  'bad-response': {
    status: 502,
    says: 'What the service answered is no HTTP response.',
    do: 'The owner sees why in the log of the service.',
  },
  blocked: {
    status: 403,
    says: "Home's service blocks the domain that the delivery comes from, or one by which the signer of the question goes.",
    do: 'Nothing: the owner decides that in the service.',
  },
  deferred: {
    status: 503,
    says: 'The service is away, and its owner wants deliveries to come again rather than to be kept for it.',
    do: 'The peer sends again after `Retry-After`, signed anew; the owner chose so (`defer`).',
  },
  expectation: {
    status: 417,
    says: 'The request expects something else than `100-continue`.',
    do: 'Send it without `Expect`.',
  },
  failed: {
    status: 502,
    says: 'The service, or the way to it, broke off before it had answered.',
    do: 'Ask again; the owner sees why in the log of the service.',
  },
  full: {
    status: 503,
    says: 'The spool of this home is full: nothing new is taken, nothing old is lost.',
    do: 'The peer sends again after `Retry-After`; the owner makes room: `porchlight spool list`.',
  },
  gone: {
    status: 410,
    says: 'Home said that what was at this address is deleted. Nothing else is answered so.',
    do: 'Forget it.',
  },
  'head-too-large': {
    status: 431,
    says: 'The headers of the request are too long to carry.',
    do: 'Send fewer or shorter headers.',
  },
  'host-unsettled': {
    status: 503,
    says: 'The host belongs to this edge, and nobody takes for it now what is handed over: its claim has ended or is still to come, or its owner has left it out.',
    do: 'The peer sends again after `Retry-After`; the owner claims the host, or names it in porchlight.toml again.',
  },
  internal: {
    status: 500,
    says: 'Something failed that Porchlight did not foresee.',
    do: 'Whoever runs the side that says so finds it in the log: report it.',
  },
  malformed: {
    status: 400,
    says: 'The body of a delivery is not what the protocol says.',
    do: "Mend it at the sender's.",
  },
  method: {
    status: 405,
    says: 'This method is not for this address; `Allow` names those that are.',
    do: 'Use one of them.',
  },
  'method-not-carried': {
    status: 501,
    says: 'No service is asked by this method.',
    do: 'Use another one.',
  },
  'no-resource': {
    status: 404,
    says: 'WebFinger: nobody of this name is here.',
    do: null,
  },
  'no-such-call': {
    status: 404,
    says: 'This address under `/.porchlight/` is nothing that this edge answers.',
    do: 'If home asked: deploy the edge anew, it may be older than the home node.',
  },
  'not-ready': {
    status: 503,
    says: 'Home has claimed and has not said yet what it takes.',
    do: 'Come back after `Retry-After`.',
  },
  'not-served': {
    status: 421,
    says: 'No service of this home has this host.',
    do: 'The owner adds the host to a service in porchlight.toml.',
  },
  'over-quota': {
    status: 429,
    says: 'Too much of this sender is waiting already, or came from its network within a minute.',
    do: 'Come back after `Retry-After`.',
  },
  'request-cancelled': {
    says: 'Nobody waits for the answer any more: the visitor left, or the link went. Never said to anybody.',
    do: null,
  },
  'resource-malformed': {
    status: 400,
    says: 'WebFinger needs one resource, as a URI.',
    do: 'Ask for `?resource=acct:name@host`.',
  },
  'service-away': {
    status: 503,
    says: 'Home is there and this service of it is not, and no copy of what was asked is there.',
    do: 'Come back after `Retry-After`.',
  },
  'signature-refused': {
    says: 'The signature of a delivery does not hold; its sender is told `unproven`, the log says why.',
    do: null,
  },
  'too-large': {
    status: 413,
    says: 'The body is too large.',
    do: 'Send a shorter one.',
  },
  'too-long': {
    status: 414,
    says: 'The address is too long to be said back.',
    do: 'Ask with a shorter one.',
  },
  'not-taken': {
    status: 503,
    says: 'Something failed at the edge that nobody foresaw; what was sent was not taken.',
    do: "The peer sends again after `Retry-After`; the operator finds the cause in the edge's log.",
  },
  'try-again': {
    status: 503,
    says: "The server with the sender's key answers too slowly, or who asked for what not all may read cannot be judged now.",
    do: 'The peer comes again after `Retry-After`.',
  },
  'unknown-host': {
    status: 421,
    says: 'No home of this edge answers for this host.',
    do: "If it is yours: claim it with a code of the edge's operator, and do not leave it out in porchlight.toml.",
  },
  'no-web-sockets': {
    status: 501,
    says: 'Home is of a version that does not carry WebSockets.',
    do: 'The owner updates the home node.',
  },
  'unsigned-question': {
    status: 401,
    says: 'The service shows this only to who signs the question, and this one is not signed, or by a signature that does not hold.',
    do: 'Sign it as `WWW-Authenticate` says.',
  },
  unproven: {
    status: 401,
    says: 'The delivery is not proven, or by a signature that the service of home cannot check.',
    do: 'Sign it as the problem says.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
