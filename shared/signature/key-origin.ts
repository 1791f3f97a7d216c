// Who answers for a key that could not be had. The lane and the spool count undecided deliveries by it, and must agree.

/** The origin of the key's address, or the text itself if that names none. */
export function keyOrigin(keyId: string): string {
  const origin = URL.parse(keyId)?.origin ?? 'null';
  return origin === 'null' ? keyId : origin;
}
