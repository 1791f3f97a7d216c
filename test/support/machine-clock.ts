// One clock for all processes of a journey: what one saw before or after another can be told. It never jumps.

/** ms since some moment that is the same for every process of this machine. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
