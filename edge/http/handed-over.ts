// Does a request hand something over that would be lost if nobody took it? Where home's trouble is not its sender's fault, what
// is handed over is told to come again, and a question may be told no for good. One rule for the whole edge.

/** Anything but the safe methods that a home is asked by (RFC 9110 section 9.2.1; TRACE is none of them). */
export function isHandedOver({ method }: Pick<Request, 'method'>): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}
