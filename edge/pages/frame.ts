// The look of the edge's own pages: one column, a porch light, day and night. Inline and complete, because a page that
// says that the rest is away cannot fetch the rest.

export interface Framed {
  readonly lang: string;
  /** The site's own name, as text; null if it is not known. */
  readonly site: string | null;
  /** As text. */
  readonly title: string;
  /** As HTML made by us. */
  readonly paragraphs: readonly string[];
  readonly why: string | null;
  /** Another page of the edge's own: its path, and what it is called, as text. */
  readonly link?: { readonly path: string; readonly text: string } | null;
}

export interface Shell extends Pick<Framed, 'lang' | 'site' | 'title'> {
  /** CSS beside that of every page. */
  readonly style?: string;
  /** What follows the heading, as HTML made by us. */
  readonly body: string;
}

// Contrast (WCAG 2.2, 1.4.3 asks for 4.5:1), worst case, which is text over the full glow: by day #3b2f1e 9.6, #6b5638
// 5.1 and links #6b3a06 6.9 on #ffd98a; by night #f3e6cf 9.8, #c3af8d 5.6 and links #ffc966 8 on #4a3110.
const style = `
:root{color-scheme:light dark;--ground:#fff8ec;--ink:#3b2f1e;--soft:#6b5638;--glow:#ffd98a;--lamp:#b4690e;--link:#6b3a06}
@media screen and (prefers-color-scheme:dark){:root{--ground:#17140f;--ink:#f3e6cf;--soft:#c3af8d;--glow:#4a3110;--lamp:#ffc966;
--link:#ffc966}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:2rem 1.25rem;background:
radial-gradient(circle at 50% 22%,var(--glow),transparent 38rem) no-repeat var(--ground);color:var(--ink);
font:1.125rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:32rem;text-align:center}
.lamp{width:4.5rem;height:6rem;color:var(--lamp)}
h1{margin:.75rem 0;font-size:1.75rem;line-height:1.25}
p{margin:.75rem 0;text-wrap:balance}
.site{color:var(--soft);margin:1.5rem 0 0}
.why{color:var(--soft);font-size:1rem;margin-top:2rem}
a{color:var(--link);text-underline-offset:.2em}
a:focus-visible{outline:3px solid var(--lamp);outline-offset:3px;border-radius:2px}
time{font-weight:600}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--link:#000}body{background:none;min-height:0}}`;

const lamp = `<svg class="lamp" viewBox="0 0 48 64" fill="none" stroke="currentColor" stroke-width="2.5" \
stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M24 2v8M14 18l4-8h12l4 8M13 18h22l-3 26H16zM18 \
44h12v5H18z"/><path fill="currentColor" stroke="none" d="M24 23c4 5 5 7 5 10a5 5 0 0 1-10 0c0-3 1-5 5-10z"/></svg>`;

/** A whole page: lamp, the site's name, the title as its heading, and what follows. */
export function shell({ lang, site, title, style: more = '', body }: Shell): string {
  const heading = escapeHtml(title);
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${site === null ? heading : `${heading} · ${escapeHtml(site)}`}</title>
<style>${style}${more}
</style>
<main>
${lamp}
${site === null ? '' : `<p class="site" dir="auto">${escapeHtml(site)}</p>\n`}<h1>${heading}</h1>
${body}
</main>
</html>
`;
}

/** The short page: a few sentences. */
export function frame({ paragraphs, why, link = null, ...rest }: Framed): string {
  const sentences = paragraphs.map((paragraph) => `<p>${paragraph}</p>`);
  if (why !== null) sentences.push(`<p class="why">${escapeHtml(why)}</p>`);
  if (link !== null) sentences.push(`<p><a href="${escapeHtml(link.path)}">${escapeHtml(link.text)}</a></p>`);
  return shell({ ...rest, body: sentences.join('\n') });
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
