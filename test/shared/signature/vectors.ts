// Published test vectors: draft-cavage-http-signatures-12 appendix C and RFC 9421 appendix B, sections 3.2 and 4.3.
// Lines that the documents wrap are unwrapped (RFC 8792).

import type { SignedRequest } from '../../../shared/signature/request.ts';

export const body = new TextEncoder().encode('{"hello": "world"}');

export const cavageKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`;

export const cavageRequest: SignedRequest = {
  method: 'POST',
  scheme: 'https',
  host: 'example.com',
  path: '/foo?param=value&pet=dog',
  headers: [
    ['Host', 'example.com'],
    ['Date', 'Sun, 05 Jan 2014 21:31:40 GMT'],
    ['Content-Type', 'application/json'],
    ['Digest', 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE='],
    ['Content-Length', '18'],
  ],
};

/**
 * Appendix C.1 to C.3: covered headers, signing string and signature as published. The Signature headers printed there
 * do not fit the strings: C.1 has no `headers`, C.3 lists (created) and (expires), which its string does not contain.
 */
export const cavageVectors = [
  {
    name: 'C.1 Default Test',
    headers: 'date',
    base: 'date: Sun, 05 Jan 2014 21:31:40 GMT',
    signature:
      'SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0' +
      'GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=',
  },
  {
    name: 'C.2 Basic Test',
    headers: '(request-target) host date',
    base:
      '(request-target): post /foo?param=value&pet=dog\n' +
      'host: example.com\n' +
      'date: Sun, 05 Jan 2014 21:31:40 GMT',
    signature:
      'qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efk' +
      'b3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=',
  },
  {
    name: 'C.3 All Headers Test',
    headers: '(request-target) host date content-type digest content-length',
    base:
      '(request-target): post /foo?param=value&pet=dog\n' +
      'host: example.com\n' +
      'date: Sun, 05 Jan 2014 21:31:40 GMT\n' +
      'content-type: application/json\n' +
      'digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\n' +
      'content-length: 18',
    signature:
      'vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48' +
      'XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=',
  },
] as const;

/** RFC 9421 appendix B.1. */
export const rfcKeys = {
  rsa: `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----`,
  pss: `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`,
  p256: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`,
  ed25519: `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`,
} as const;

const contentDigest =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';

/** `test-request` of appendix B.2. */
const testRequest: SignedRequest = {
  method: 'POST',
  scheme: 'https',
  host: 'example.com',
  path: '/foo?param=Value&Pet=dog',
  headers: [
    ['Host', 'example.com'],
    ['Date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
    ['Content-Type', 'application/json'],
    ['Content-Digest', contentDigest],
    ['Content-Length', '18'],
  ],
};

/** The request of section 4.3, as the proxy sends it on, without the client's own signature. */
const proxiedRequest: SignedRequest = {
  ...testRequest,
  host: 'origin.host.internal.example',
  headers: [
    ['Host', 'origin.host.internal.example'],
    ['Date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
    ['Content-Type', 'application/json'],
    ['Content-Length', '18'],
    ['Forwarded', 'for=192.0.2.123;host=example.com;proto=https'],
    ['Content-Digest', contentDigest],
  ],
};

/** The request of appendix B.3. */
const mutualTlsRequest: SignedRequest = {
  ...testRequest,
  host: 'service.internal.example',
  headers: [
    ['Host', 'service.internal.example'],
    [
      'Client-Cert',
      ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVk' +
        'aWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE' +
        '8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAf' +
        'BgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMw' +
        'EYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ' +
        '0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:',
    ],
  ],
};

/** The requests of appendix B.4: transformed, and whether the signature still holds. */
const demo: SignedRequest = {
  method: 'GET',
  scheme: 'https',
  host: 'example.org',
  path: '/demo?name1=Value1&Name2=value2',
  headers: [
    ['Host', 'example.org'],
    ['Date', 'Fri, 15 Jul 2022 14:24:55 GMT'],
    ['Accept', 'application/json'],
    ['Accept', '*/*'],
  ],
};
const transform = {
  input: 'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
  signature: 'transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:',
  key: 'ed25519',
} as const;

export interface RfcVector {
  readonly name: string;
  readonly request: SignedRequest;
  readonly input: string;
  readonly signature: string;
  readonly key: keyof typeof rfcKeys;
  /** Where the document takes the algorithm from elsewhere than the signature or the kind of the key. */
  readonly algorithm?: 'rsa-pss-sha512';
  readonly holds: boolean;
}

export const rfcVectors: readonly RfcVector[] = [
  {
    name: '3.2 Verifying a Signature',
    request: testRequest,
    input:
      'sig1=("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;' +
      'keyid="test-key-rsa-pss"',
    signature:
      'sig1=:HIbjHC5rS0BYaa9v4QfD4193TORw7u9edguPh0AW3dMq9WImrlFrCGUDih47vAxi4L2YRZ3XMJc1uOKk/J0ZmZ+wcta4nKIgBkKq0rM' +
      '9hs3CQyxXGxHLMCy8uqK488o+9jrptQ+xFPHK7a9sRL1IXNaagCNN3ZxJsYapFj+JXbmaI5rtAdSfSvzPuBCh+ARHBmWuNo1UzVVdHXrl8ePL4' +
      'cccqlazIJdC4QEjrF+Sn4IxBQzTZsL9y9TP5FsZYzHvDqbInkTNigBcE9cKOYNFCn4D/WM7F6TNuZO9EgtzepLWcjTymlHzK7aXq6Am6sfOrpI' +
      'C49yXjj3ae6HRalVc/g==:',
    key: 'pss',
    algorithm: 'rsa-pss-sha512',
    holds: true,
  },
  {
    name: '4.3 Multiple Signatures, the one of the proxy',
    request: proxiedRequest,
    input:
      'proxy_sig=("@method" "@authority" "@path" "content-digest" "content-type" "content-length" "forwarded");' +
      'created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540',
    signature:
      'proxy_sig=:S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkDcnL9c' +
      'CpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5' +
      'kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6W' +
      'fgS9ddzirrswsE1w5o0LV/g==:',
    key: 'rsa',
    holds: true,
  },
  {
    name: '4.3 Multiple Signatures, the one of the client, seen by the proxy',
    request: { ...testRequest, headers: testRequest.headers },
    input:
      'sig1=("@method" "@authority" "@path" "content-digest" "content-type" "content-length");created=1618884475;' +
      'keyid="test-key-ecc-p256"',
    signature: 'sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A==:',
    key: 'p256',
    holds: true,
  },
  {
    name: 'B.2.1 Minimal Signature',
    request: testRequest,
    input: 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsck' +
      'zXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+' +
      'O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLh' +
      'dxO5Nyt8C8ssinQ98Xw9Q==:',
    key: 'pss',
    algorithm: 'rsa-pss-sha512',
    holds: true,
  },
  {
    name: 'B.2.3 Full Coverage',
    request: testRequest,
    input:
      'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");' +
      'created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768' +
      'ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9' +
      'o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL' +
      '2FUo5fTIztsDZKEgM4cUA==:',
    key: 'pss',
    algorithm: 'rsa-pss-sha512',
    holds: true,
  },
  {
    name: 'B.2.6 ed25519',
    request: testRequest,
    input:
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;' +
      'keyid="test-key-ed25519"',
    signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    key: 'ed25519',
    holds: true,
  },
  {
    name: 'B.3 TLS-Terminating Proxies',
    request: mutualTlsRequest,
    input: 'ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:',
    key: 'p256',
    holds: true,
  },
  { name: 'B.4 as signed', request: demo, ...transform, holds: true },
  {
    name: 'B.4 with a header and a query parameter added',
    request: {
      ...demo,
      path: '/demo?name1=Value1&Name2=value2&param=added',
      headers: [...demo.headers, ['Accept-Language', 'en-US,en;q=0.5']],
    },
    ...transform,
    holds: true,
  },
  {
    name: 'B.4 with Accept collapsed and Date removed',
    request: {
      ...demo,
      headers: [
        ['Host', 'example.org'],
        ['Referer', 'https://developer.example.org/demo'],
        ['Accept', 'application/json, */*'],
      ],
    },
    ...transform,
    holds: true,
  },
  {
    name: 'B.4 with fields in another order',
    request: {
      ...demo,
      headers: [
        ['Accept', 'application/json'],
        ['Accept', '*/*'],
        ['Date', 'Fri, 15 Jul 2022 14:24:55 GMT'],
        ['Host', 'example.org'],
      ],
    },
    ...transform,
    holds: true,
  },
  {
    name: 'B.4 with another method and authority',
    request: { ...demo, method: 'POST', host: 'example.com' },
    ...transform,
    holds: false,
  },
  {
    name: 'B.4 with the values of Accept exchanged',
    request: {
      ...demo,
      headers: [
        ['Accept', '*/*'],
        ['Accept', 'application/json'],
      ],
    },
    ...transform,
    holds: false,
  },
];
