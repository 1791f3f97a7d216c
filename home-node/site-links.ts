// The addresses that a page, a style or a site map names. Not a parser: what it finds is asked for as a stranger would ask,
// and what is not there is no harm.

const links = [
  /\b(?:href|src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi,
  /\burl\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]+))\s*\)/gi,
  /@import\s+(?:"([^"]*)"|'([^']*)')/gi,
  /<loc>\s*([^<\s]+)\s*<\/loc>/gi,
];

/** Paths at this origin that `text`, found at `path`, names. */
export function pathsIn(text: string, path: string, origin: string): readonly string[] {
  return links.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, ...quoted]) => {
      const named = quoted.find((part) => part !== undefined)?.replaceAll('&amp;', '&') ?? '';
      const url = URL.parse(named, `${origin}${path}`);
      return url !== null && url.origin === origin ? [url.pathname] : [];
    }),
  );
}
