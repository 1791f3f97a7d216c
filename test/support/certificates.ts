// A certificate authority for one test run and a certificate for localhost (and further names): peers, edge and home speak HTTPS to each
// other as they would outside, and trust this authority through NODE_EXTRA_CA_CERTS.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificates {
  readonly caFile: string;
  readonly keyFile: string;
  readonly certFile: string;
}

const dayMs = 24 * 3_600_000;

/** A certificate for `names` (localhost) that is its own issuer, and valid from and to so many days from now. */
export async function selfSigned(
  fromDays: number,
  toDays: number,
  names: readonly string[] = ['localhost'],
): Promise<{ readonly key: string; readonly cert: string }> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + fromDays * dayMs),
    notAfterDate: new Date(Date.now() + toDays * dayMs),
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) }],
  });
  return { key: made.private, cert: made.cert };
}

export async function makeCertificates(folder: string, names: readonly string[] = []): Promise<Certificates> {
  const ca = await generate([{ name: 'commonName', value: 'Porchlight test authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const site = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          ...names.map((value) => ({ type: 2 as const, value })),
        ],
      },
    ],
  });
  const files = {
    caFile: join(folder, 'ca.pem'),
    keyFile: join(folder, 'localhost.key.pem'),
    certFile: join(folder, 'localhost.pem'),
  };
  writeFileSync(files.caFile, ca.cert);
  writeFileSync(files.keyFile, site.private);
  writeFileSync(files.certFile, site.cert);
  return files;
}
