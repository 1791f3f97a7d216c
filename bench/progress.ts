// A line on standard error for each part of long work, so that whoever waits sees that it goes on.

export function progressOf(bench: string): (what: string) => void {
  const begin = performance.now();
  return (what) => {
    const seconds = Math.round((performance.now() - begin) / 1000);
    process.stderr.write(`bench ${bench}, ${String(seconds).padStart(3)} s: ${what}\n`);
  };
}
