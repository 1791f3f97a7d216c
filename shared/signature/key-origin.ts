/** Who answers for a key: the origin of its address, or the text itself if that names none. */
export function keyOrigin(keyId: string): string {
  const origin = URL.parse(keyId)?.origin ?? 'null';
  return origin === 'null' ? keyId : origin;
}
