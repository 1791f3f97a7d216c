// One acceptance for each kind of software that people run at home. Where a library is in this repository's tests, the
// test runs it beside the profile (test/contract/acceptance.test.ts): what the profile takes, the library verifies. The
// others were read in their sources, which are named. Where versions or libraries of one software differ, a profile takes
// what all of them do.

import { limits } from '../limits.ts';
import type { Acceptance, CavageAcceptance, Rfc9421Acceptance } from './acceptance.ts';

const KiB = 1024;

/** What nearly everybody sends and reads: RSA with SHA-256 over a Date, written plainly. */
const plainCavage: CavageAcceptance = {
  algorithms: ['rsa-v1_5-sha256'],
  named: ['rsa-sha256', 'hs2019'],
  covered: [],
  times: ['date'],
  dateRequired: false,
  numbers: ['quoted', 'bare'],
  digests: ['SHA-256'],
  spelling: 'plain',
  query: false,
};

/** app/lib/signed_request.rb, HttpSignature; before 4.4 app/controllers/concerns/signature_verification.rb says the same. */
const mastodonCavage: CavageAcceptance = {
  ...plainCavage,
  named: ['rsa-sha256', 'hs2019', null],
  times: ['date', '(created)'],
  spelling: 'any',
  query: true,
};

/** app/lib/signed_request.rb, HttpMessageSignature: one signature, RSA PKCS#1 v1.5 only. */
const mastodonRfc9421: Rfc9421Acceptance = {
  algorithms: ['rsa-v1_5-sha256'],
  covered: ['@target-uri'],
  derived: ['@method', '@target-uri', '@authority', '@scheme', '@path'],
  digests: ['SHA-256'],
  query: true,
};

const usual = { bodyBytes: limits.inboxBodyBytes, jsonDepth: limits.jsonDepth };
/** It looks for a proof in the activity itself where the signer is somebody else. */
const forwarded = true;

/** packages/fedify/src/sig/http.ts of 2.3: Date must be there and covered; a query is left out of what is verified. */
const fedify: Acceptance = {
  ...usual,
  cavage: {
    ...plainCavage,
    named: ['rsa-sha256', 'hs2019', null],
    dateRequired: true,
    digests: ['SHA-256', 'SHA-512'],
  },
  rfc9421: {
    algorithms: ['rsa-v1_5-sha256', 'ed25519'],
    covered: [],
    derived: ['@method', '@target-uri', '@authority', '@scheme', '@path'],
    digests: ['SHA-256', 'SHA-512'],
    query: false,
  },
};

/** What can be said of software that is not known: whatever this edge can verify itself. */
const anyCavage: CavageAcceptance = {
  algorithms: ['rsa-v1_5-sha256', 'rsa-v1_5-sha512', 'ed25519'],
  named: ['rsa-sha256', 'rsa-sha512', 'ed25519', 'hs2019', null],
  covered: [],
  times: ['date', '(created)'],
  dateRequired: false,
  numbers: ['quoted', 'bare'],
  digests: ['SHA-256', 'SHA-512'],
  spelling: 'any',
  query: true,
};
const anyRfc9421: Rfc9421Acceptance = {
  algorithms: ['rsa-v1_5-sha256', 'rsa-pss-sha512', 'ecdsa-p256-sha256', 'ed25519'],
  covered: [],
  derived: ['@method', '@target-uri', '@authority', '@scheme', '@request-target', '@path', '@query'],
  digests: ['SHA-256', 'SHA-512'],
  query: true,
};

/** app/services/activitypub/process_activity_service.rb: by the Linked Data signature, on main an integrity proof too. */
const mastodon45: Acceptance = { ...usual, forwarded, cavage: mastodonCavage, rfc9421: mastodonRfc9421 };
const mastodonBefore45: Acceptance = { ...usual, forwarded, cavage: mastodonCavage, rfc9421: null };

export const acceptances = {
  /** 4.5 and later. */
  mastodon: mastodon45,
  /** Its RFC 9421 is an experiment, with a time limit of its own that nothing lifts. */
  'mastodon-4.4': mastodonBefore45,
  'mastodon-4.3': mastodonBefore45,
  /**
   * vendor/code.superseriousbusiness.org/httpsig/verifying.go and internal/federation/authenticate.go: the name of the
   * algorithm is ignored, RSA with both hashes tried. The Digest is not compared with the body there; the edge does that.
   */
  gotosocial: {
    ...usual,
    cavage: {
      ...plainCavage,
      algorithms: ['rsa-v1_5-sha256', 'rsa-v1_5-sha512'],
      named: ['rsa-sha256', 'rsa-sha512', 'hs2019', null],
      times: ['date', '(created)'],
      digests: ['SHA-256', 'SHA-512'],
      query: true,
    },
    rfc9421: null,
  },
  /**
   * server/core/helpers/peertube-crypto.ts, by @peertube/http-signature in older releases and
   * @misskey-dev/node-http-message-signatures in newer ones: together they understand quoted numbers only. Bodies are read
   * with a limit of 500 kB.
   */
  peertube: {
    ...usual,
    // middlewares/activitypub.ts, checkJsonLDSignature.
    forwarded,
    bodyBytes: 500 * KiB,
    cavage: { ...plainCavage, times: ['date', '(created)'], numbers: ['quoted'], query: true },
    rfc9421: null,
  },
  /**
   * packages/backend/src/server/ActivityPubServerService.ts: bodies up to 64 KiB; releases differ in what must be covered,
   * `date` is enough for all.
   */
  misskey: {
    ...usual,
    // queue/processors/InboxProcessorService.ts: RsaSignature2017.
    forwarded,
    bodyBytes: 64 * KiB,
    cavage: { ...plainCavage, covered: ['date'], dateRequired: true, numbers: ['quoted'], query: true },
    rfc9421: null,
  },
  /**
   * app/Jobs/InboxPipeline/InboxWorker.php, app/Util/ActivityPub/HttpSignature.php: `(created)` is not known, the
   * algorithm's name not read; JSON is decoded 8 deep.
   */
  pixelfed: {
    ...usual,
    jsonDepth: 8,
    cavage: { ...plainCavage, named: ['rsa-sha256', 'hs2019', null], covered: ['date'], dateRequired: true },
    rfc9421: null,
  },
  /** handler.ts of Fedify: proofs of the activity are looked at before the request's. */
  hollo: { ...fedify, forwarded },
  /** The embedded home verifies by Fedify, after the edge's own rules; of what is handed on, home-node/embedded/body-proofs.ts. */
  embedded: { ...fedify, forwarded },
  /** activitypub-federation-rust, src/http_signatures.rs: RSA with SHA-256, whatever is named; a body of 256 KiB. */
  lemmy: { ...usual, bodyBytes: 256 * KiB, cavage: { ...plainCavage, dateRequired: true, query: true }, rfc9421: null },
  cavage: { ...usual, cavage: anyCavage, rfc9421: null },
  both: { ...usual, cavage: anyCavage, rfc9421: anyRfc9421 },
} as const satisfies Record<string, Acceptance>;
