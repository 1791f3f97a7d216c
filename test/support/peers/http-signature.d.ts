// What the peers use of @peertube/http-signature 1.7.0, which ships no types.

declare module '@peertube/http-signature' {
  import type { ClientRequest, IncomingMessage } from 'node:http';

  export interface ParsedSignature {
    readonly keyId: string;
    readonly params: { readonly headers: readonly string[] };
  }

  const httpSignature: {
    signRequest(
      request: ClientRequest,
      options: {
        readonly key: string;
        readonly keyId: string;
        readonly algorithm: string;
        readonly authorizationHeaderName: string;
        readonly headers: readonly string[];
      },
    ): boolean;
    parseRequest(
      request: Pick<IncomingMessage, 'headers' | 'method' | 'url' | 'httpVersion'>,
      options: {
        readonly clockSkew?: number;
        readonly headers: readonly string[];
        readonly authorizationHeaderName?: string;
      },
    ): ParsedSignature;
    verifySignature(parsed: ParsedSignature, publicKeyPem: string): boolean;
  };
  export default httpSignature;
}
