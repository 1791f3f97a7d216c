// Codes between home and edge: of calls, of claims, of the link. An owner meets them as the edge's code in an
// `edge-refused`, or as the trouble of the link; docs/protocol.md says when each is given.

import type { ErrorMeaning } from './meaning.ts';

const updateBoth = 'Bring home and edge to the same version.';

export const wireCodes = {
  'batch-malformed': {
    says: 'The deliveries that the edge handed over cannot be read; home asks for them again.',
    do: updateBoth,
  },
  'bloom-malformed': {
    says: 'A filter of known actors cannot be used.',
    do: updateBoth,
  },
  'call-refused': {
    status: 401,
    says: 'The signature, the request or the session of a call do not fit; home opens the link anew.',
    do: null,
  },
  'claim-key': {
    status: 400,
    says: 'A claim brings no Ed25519 public key, or more than the public half.',
    do: updateBoth,
  },
  'claim-malformed': {
    status: 400,
    says: 'A claim lacks its code, its key or its proof.',
    do: updateBoth,
  },
  'claim-proof': {
    status: 403,
    says: 'The proof of a claim does not hold, or is about another edge, code or key.',
    do: 'Claim at the origin that `edge` in porchlight.toml names, and see that nothing on the way rewrites the host.',
  },
  'claim-refused': {
    status: 403,
    says: 'The claim code is unknown, expired, or was used by another key.',
    do: "Ask the edge's operator for a new code.",
  },
  'config-foreign-host': {
    status: 400,
    says: 'The settings name a host that this home has not claimed.',
    do: 'Take it out of porchlight.toml, or claim it too.',
  },
  'config-malformed': {
    status: 400,
    says: "The edge cannot read its part of home's settings.",
    do: updateBoth,
  },
  'config-older': {
    status: 409,
    says: "The edge has a later version of home's settings.",
    do: null,
  },
  'config-proof': {
    status: 403,
    says: "The edge's part of the settings is not signed by home's key for this edge and home.",
    do: null,
  },
  'home-id-malformed': {
    status: 400,
    says: 'The link is dialled for a home of a name that no home has.',
    do: 'Restore home.json from a backup, or claim with a new code.',
  },
  'host-released': {
    says: "The edge's operator has taken a host from this home; home dials again for the others.",
    do: null,
  },
  'host-taken': {
    status: 409,
    says: 'A host of the claim code belongs to another home; the code stays unused.',
    do: "Ask the edge's operator, who may release it.",
  },
  'key-change-malformed': {
    status: 400,
    says: 'A change of keys lacks the public half of an Ed25519 key, or its proof.',
    do: updateBoth,
  },
  'key-change-proof': {
    status: 403,
    says: 'The proof of a new key does not hold, or is about another edge, home or key.',
    do: '`porchlight key rotate` again.',
  },
  'key-changed': {
    says: "Home's key was replaced; home dials with the new one.",
    do: null,
  },
  'key-not-current': {
    status: 409,
    says: 'The home has another key by now than the one that is named.',
    do: 'Look again: `porchlight key show` at home, `porchlight edge homes` for the operator.',
  },
  'key-revoked': {
    status: 403,
    says: "The edge's operator has revoked the key that is to be home's.",
    do: 'Claim with another key; a home node that claims makes one by itself.',
  },
  'key-taken': {
    status: 409,
    says: "The key is another home's.",
    do: 'Give each home its own data folder, and so its own key.',
  },
  'link-busy': {
    says: 'As many requests as a link bears are open; the visitor is told that home is out of reach.',
    do: null,
  },
  'link-malformed': {
    says: 'A frame of the link cannot be read; the link is closed and dialled again.',
    do: updateBoth,
  },
  'link-overrun': {
    says: 'More bytes came over the link than were granted; it is closed and dialled again.',
    do: updateBoth,
  },
  'link-oversize': {
    says: 'A frame or message of the link is too long; it is closed and dialled again.',
    do: updateBoth,
  },
  'link-unknown-frame': {
    says: 'A frame of the link is of a type that this side does not know; the link is closed and dialled again.',
    do: updateBoth,
  },
  'link-untimely': {
    says: 'A frame of the link came when it may not; the link is closed and dialled again.',
    do: updateBoth,
  },
  'list-malformed': {
    status: 400,
    says: 'A list of what waits is asked for with something that is no number.',
    do: updateBoth,
  },
  'no-body': {
    status: 404,
    says: 'The body of this delivery is not there (any more).',
    do: null,
  },
  'no-common-version': {
    says: 'Home and edge have no version of the link in common.',
    do: 'Update the older one.',
  },
  'no-session': {
    status: 401,
    says: 'A call came for which no link is open; home opens it first.',
    do: null,
  },
  'not-a-websocket': {
    status: 426,
    says: 'The address of the link was asked for without a WebSocket.',
    do: 'See whether something in front of the edge drops `Upgrade`.',
  },
  'not-signed': {
    status: 401,
    says: 'A call carries no signature.',
    do: 'See whether something in front of the edge drops `Authorization`.',
  },
  'not-this-home': {
    status: 403,
    says: 'The link is dialled at a host that is not of this home.',
    do: "Set `edge` in porchlight.toml to a host of this home, or claim that host with a code of the edge's operator.",
  },
  'older-epoch': {
    status: 409,
    says: 'A newer home node with the same key has taken over; this one ends.',
    do: 'Run one home node for a home.',
  },
  'proof-refused': {
    says: 'The edge knows another key for this home, or what home signed is not about this link.',
    do: "Restore home's key from a backup, or claim with a new code; if you did not change it, tell the edge's operator.",
  },
  'replay-malformed': {
    status: 400,
    says: 'A replay is asked for without a time.',
    do: updateBoth,
  },
  revoked: {
    status: 403,
    says: "The edge's operator has revoked home's key. Nothing is lost: what waits stays at the edge.",
    do: 'Ask the operator for a new claim code, and claim with it: home makes a new key then.',
  },
  'service-down': {
    says: 'Nothing listens where the service of a carried request should be; the visitor gets a copy, or is told when to come back.',
    do: 'Start the service; `porchlight status` shows it.',
  },
  'snapshot-foreign-host': {
    status: 400,
    says: 'The snapshot names a host that this home has not claimed.',
    do: 'Take it out of porchlight.toml, or claim it too.',
  },
  'snapshot-malformed': {
    status: 400,
    says: 'The edge cannot read what home left to answer strangers with.',
    do: updateBoth,
  },
  'snapshot-older': {
    status: 409,
    says: 'The edge has a later snapshot of home.',
    do: null,
  },
  superseded: {
    says: 'A newer home node with the same key has taken over; this one ends and does not dial again.',
    do: 'Run one home node for a home.',
  },
  'turn-malformed': {
    status: 400,
    says: "The edge cannot read home's turn.",
    do: updateBoth,
  },
  'unknown-home': {
    says: 'The edge does not know this home at this host (any more).',
    do: "Ask the edge's operator for a claim code for your hosts: `porchlight claim CODE`.",
  },
  'warm-malformed': {
    status: 400,
    says: 'Home asks for copies of pages, and the list is none.',
    do: updateBoth,
  },
  'wrong-home': {
    says: "A session was opened at another home's spool.",
    do: 'It is a fault of Porchlight: report it.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
