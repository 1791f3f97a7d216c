// The edge's own paths, however they are spelled: home speaks with its edge there, and nothing of it may reach a
// service, lie in a copy or be claimed by a snapshot.

export function isOwnPath(pathname: string): boolean {
  return /^\/\.porchlight(\/|$)/i.test(decoded(pathname));
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // Not an encoding of anything: then it is what it says.
    return pathname;
  }
}
