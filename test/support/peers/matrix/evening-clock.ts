// The first import of a program whose evening is past: its clock (Date, and all that is made of it) is as many ms off as
// EVENING_OFF says, until somebody sets it right.

const Real = globalThis.Date;
let offMs = Number(process.env.EVENING_OFF ?? '0');

function now(): number {
  return Real.now() + offMs;
}

globalThis.Date = new Proxy(Real, {
  construct: (target, given: unknown[]) => (given.length === 0 ? new target(now()) : Reflect.construct(target, given)),
  apply: () => new Real(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

/** ms from the machine's clock. */
export function setOff(ms: number): void {
  offMs = ms;
}
