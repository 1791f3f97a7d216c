// A header field that is a list (RFC 9110 section 5.6.1), as its members in small letters.

export function listOf(field: string | null): string[] {
  return (field ?? '')
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
