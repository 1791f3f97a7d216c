// Why a connection to a host failed, told apart, each with its cure. Pure: an error of Node in, words out.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { clockSays, dateTroubleOf } from '../edge-api/certificate-dates.ts';

export interface ConnectionTrouble {
  readonly kind:
    | 'name'
    | 'refused'
    | 'no-route'
    | 'silent'
    | 'certificate-date'
    | 'certificate-name'
    | 'certificate-issuer'
    | 'tls'
    | 'broken';
  readonly found: string;
  readonly cure: string;
}

const issuerCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function connectionTroubleOf(thrown: unknown, clock: Clock): ConnectionTrouble {
  const code = codeOf(thrown);
  const dates = dateTroubleOf(thrown);
  if (dates !== null) {
    return {
      kind: 'certificate-date',
      found: `its certificate ${dates === 'expired' ? 'has expired' : 'is not yet valid'} by home's clock, which says ${clockSays(clock)}`,
      cure: `See whether home's clock is right and set it if not (timedatectl set-ntp true). If it is right, the certificate must be renewed: at Cloudflare under SSL/TLS, Edge Certificates.`,
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      kind: 'certificate-name',
      found: `its certificate is for other names: ${causeOf(thrown)}`,
      cure: 'Let the name point to the edge and give the Worker this name as a custom domain; a certificate for it is made then. Names two levels below the zone are not covered by the usual one.',
    };
  }
  if (issuerCodes.has(code)) {
    return {
      kind: 'certificate-issuer',
      found: `its certificate is by an issuer whom this machine does not know (${code})`,
      cure: "Something between home and the edge answers in its place (a captive portal, a filter, a proxy), or this machine's list of authorities is old: install ca-certificates, or name the authority of your own edge by NODE_EXTRA_CA_CERTS.",
    };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return {
      kind: 'tls',
      found: `no TLS can be agreed on: ${causeOf(thrown)}`,
      cure: 'The edge has no certificate for this name yet, or something that is not the edge listens there. Give the Worker this name as a custom domain, and wait some minutes for its certificate.',
    };
  }
  return withoutTls(code, thrown);
}

function withoutTls(code: string, thrown: unknown): ConnectionTrouble {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { kind: 'name', found: `its name does not resolve (${code})`, cure: 'See what the check of names says.' };
    case 'ECONNREFUSED':
      return {
        kind: 'refused',
        found: 'nothing listens there (connection refused)',
        cure: 'See where the name points to: it must be the edge. If it is, the edge is not running.',
      };
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return {
        kind: 'no-route',
        found: `there is no way to it (${code})`,
        cure: "See whether this machine is connected: cable, Wi-Fi, the router's own connection.",
      };
    case 'ETIMEDOUT':
    case 'ABORT_ERR':
      return {
        kind: 'silent',
        found: 'no answer came in time',
        cure: 'Try again; if it stays so, a firewall swallows connections to port 443, or the name points to a machine that is off.',
      };
    default:
      return {
        kind: 'broken',
        found: `the connection broke: ${causeOf(thrown)}`,
        cure: 'Try again; if it stays so, look for a firewall or proxy between home and the edge.',
      };
  }
}

/** Of several addresses tried Node gives the code of the first. */
function codeOf(thrown: unknown): string {
  return String((thrown as { code?: unknown } | null)?.code ?? '');
}
