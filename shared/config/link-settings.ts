// The [[links]] of porchlight.toml: what its owner adds to the WebFinger answers of accounts. No type can be said of a link:
// Lemmy takes every link of a type `application/` for an actor.

import { isText } from './accept.ts';
import { setting } from './setting.ts';

const text =
  (fits: (text: string) => boolean) =>
  (value: unknown): string | undefined =>
    isText(value) && fits(value) ? value : undefined;

export const linkSettings = {
  account: setting('text', {
    purpose: 'The account whose WebFinger answer gets one more link, or `*@` and a host: every account there.',
    danger: 'An account that no service has comes to be by its link: it is found by WebFinger, and cannot be followed.',
    wanted: 'user@host, or *@host for everybody there',
    accept: text((value) => /^(\*|[^@*\s]{1,256})@[^@*\s]{1,253}$/.test(value)),
    fallback: (): string | undefined => undefined,
    otherwise: 'none: it must be there',
    toldToEdge: true,
    takesEffect: 'at once',
    example: ({ domain }) => `*@${domain}`,
  }),
  rel: setting('text', {
    purpose: 'What the link is: a name of its own, such as that of an OpenID issuer or of a Matrix account.',
    danger:
      'None that is `self` is taken: with a second one some servers would follow something that is nobody, or refuse the account.',
    wanted: 'a URI, or a registered name other than self, as http://openid.net/specs/connect/1.0/issuer',
    accept: text((value) => /^\S{1,512}$/.test(value) && value.toLowerCase() !== 'self'),
    fallback: (): string | undefined => undefined,
    otherwise: 'none: it must be there',
    toldToEdge: true,
    takesEffect: 'at once',
    example: 'http://openid.net/specs/connect/1.0/issuer',
  }),
  href: setting('text', {
    purpose: 'Where it leads.',
    danger: 'Programs of other people go by it: whoever has the issuer’s address can log in as this account.',
    wanted: 'a URI',
    accept: text((value) => /^[a-z][a-z0-9+.-]*:\S{1,2000}$/i.test(value)),
    fallback: (): string | undefined => undefined,
    otherwise: 'none: it must be there',
    toldToEdge: true,
    takesEffect: 'at once',
    example: ({ domain }) => `https://login.${domain}/`,
  }),
};
