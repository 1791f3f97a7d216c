// Is a host among those that home blocks? A domain stands for itself and for all that is below it, in whole labels, as in
// the lists that ActivityPub servers exchange.

/** `blocked` in small letters, without a final dot. notbad.example is not below bad.example. */
export function isBlocked(host: string, blocked: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return blocked.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
