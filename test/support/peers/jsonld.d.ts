// What the homes of the matrix use of jsonld 9.0.0, which ships no types.

declare module 'jsonld' {
  export interface CanonizeOptions {
    readonly format: 'application/n-quads';
    readonly documentLoader: (url: string) => Promise<unknown>;
  }

  const jsonld: { canonize(document: object, options: CanonizeOptions): Promise<string> };
  export default jsonld;
}
