// A line on standard error for each part of long work, so that whoever waits sees that it goes on.

const begin = performance.now();

export function progress(what: string): void {
  const seconds = Math.round((performance.now() - begin) / 1000);
  process.stderr.write(`bench link, ${String(seconds).padStart(3)} s: ${what}\n`);
}
