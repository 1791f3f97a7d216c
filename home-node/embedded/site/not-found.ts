// The page for an address that leads nowhere, when the owner has none of their own (404.html). It needs no other file.

import { escapeHtml } from '../plain-text.ts';

export interface NotFoundOptions {
  readonly title: string;
  /** BCP 47. */
  readonly language: string;
}

export function notFoundPage({ title, language }: NotFoundOptions): string {
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not here – ${escapeHtml(title)}</title>
<style>
:root { --ground: #fbf7f0; --ink: #2b2a33; --link: #8a4b0f; }
@media (prefers-color-scheme: dark) { :root { --ground: #191a22; --ink: #e9e6df; --link: #f3bd6b; } }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 2rem; box-sizing: border-box;
  background: var(--ground); color: var(--ink); font: 1.125rem/1.6 Georgia, "Times New Roman", serif; }
main { max-width: 32rem; }
a { color: var(--link); }
</style>
</head>
<body>
<main>
<h1>There is nothing here.</h1>
<p>The page has moved, or the address has a slip in it. <a href="/">${escapeHtml(title)}</a> begins over there.</p>
</main>
</body>
</html>
`;
}
