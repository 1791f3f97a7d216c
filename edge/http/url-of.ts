// A request's address, taken apart once however many look at it on its way: the platform's parser costs as much as the rest
// of a look-up.

const known = new WeakMap<Request, URL>();

/** Not to be changed: others look at the same one. */
export function urlOf(request: Request): Readonly<URL> {
  const found = known.get(request);
  if (found !== undefined) return found;
  const url = new URL(request.url);
  known.set(request, url);
  return url;
}
