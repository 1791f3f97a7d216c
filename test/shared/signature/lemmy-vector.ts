// A signature made by an implementation that is not ours: what activitypub-federation-rust, Lemmy's library, expects of
// itself in `test_sign` (src/http_signatures.rs): "hs2019" over a Date, by RSA PKCS#1 v1.5 with SHA-256.

import type { SignedRequest } from '../../../shared/signature/request.ts';

export const lemmyBody = new TextEncoder().encode('my activity');

export const lemmyKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2kZpsvWYrwM9zMQiDwo4
k6/VfpK2aDTeVe9ZkcvDrrWfqt72QSjjtXLa8sxJlEn+/zbnZ1lG3AO/WsKs2jiO
ycNQHBS1ITnSZKEpdKnAoLUn4k16YivRmALyLedOfIrvMtQzH8a+kOQ71u2Wa3H9
jpkCT5W9OneEBa3VjQp49kcrF3tmmrEUhfai5GJM4xrdr587y7exkBF4wObepta9
opSeuBkPV4QXZPfgmjwW+oOTheVH6L7yjzvjW92j4/T6XKAcu0kn/aQhR8SiGtPB
MyOlcW4S2eDHWf1RlqbNGb5L9Qamfb0WAymx0ANLUDQyXAu5zViMrd4g8mgdkg7C
1wIDAQAB
-----END PUBLIC KEY-----`;

export const lemmySignedAt = Date.UTC(2023, 2, 28, 21, 3, 44);

export const lemmyRequest: SignedRequest = {
  method: 'POST',
  scheme: 'https',
  host: 'example.com',
  path: '/u/alice/inbox',
  headers: [
    ['host', 'example.com'],
    ['content-type', 'application/activity+json'],
    ['date', 'Tue, 28 Mar 2023 21:03:44 GMT'],
    ['digest', 'SHA-256=yTaFlTe+suqc2w56eW+LJdWTMU02EEDpVjd9MerjlcQ='],
    [
      'signature',
      'keyId="https://example.com/u/alice#main-key",algorithm="hs2019",' +
        'headers="(request-target) content-type date digest host",signature="' +
        'BpZhHNqzd6d6jhWOxyJ0jXwWWxiKMNK7i3mrr/5mVFnH7fUpicwqw8cSYVrcwWjt0I07HW7rZFUfIdSgCoOEdvxtrccF/hTrwYgm8O6SQRHl1UfF' +
        'tDR6e9EpfPieVmTjo0QVfyzLLa41rmnz/yFqqer/v0kcdED51/dGe8NCGPBbhgK6C4oh7r+XHsQZMIhh38BcfZVWNYaMqgyhFxu2f34IKnOEk6Nj' +
        'SaNtO+PzQUhbksTvH0Vvi6R0dtQINJFdONVBl4AwDC1INeF5uhQo/SaKHfP3UitUHdM5Pbn+LhZYDB9AaQAW5ZGD43Aw15ecwsnKi4HcjV8nBw4z' +
        'ehlvaQ=="',
    ],
  ],
};
