// Memory of large messages, given back as soon as what they hold was handed on: the platform copies whatever it is given to
// write or send. Left to the garbage collector, which is in no hurry about buffers, a download made the object several
// times as large as all that was on its way.

/** Shorter ones are not worth the trouble. */
const largeBytes = 16 * 1024;

/** Detaches the memory from every view of it, which frees it now (ECMA-262, ArrayBuffer.prototype.transfer). */
export function letGo(memory: ArrayBuffer): void {
  if (memory.byteLength > largeBytes) memory.transfer(0);
}
