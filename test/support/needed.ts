// What a test needs of the machine. Where it is missing the test is skipped, and says so; where PORCHLIGHT_NO_SKIPS is set
// (CI) it fails instead.

export function isThere(has: boolean, missing: string): boolean {
  if (has) return true;
  const text = `${missing}: tests that need it are SKIPPED.`;
  if (process.env.PORCHLIGHT_NO_SKIPS !== undefined) throw new Error(text);
  console.warn(`\n!!! ${text}\n`);
  return false;
}
