// The operator's key of the edge in tests (vitest.config.ts gives the Worker its public half). It opens nothing else.

export const operatorJwk = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: 'ODcwnDJFrPeEgtBbRbNGStDistlVvc1Jfwz38Owa-Bk',
  d: '5-6VOnhytMag911RWP2I9QUZIWsXhnw5DZU44rSpUUI',
} as const;
