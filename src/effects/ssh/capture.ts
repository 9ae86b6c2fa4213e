/** The first and the last bytes of a stream, at most so many; the middle of a longer one is dropped. */
export interface Capture {
  add(bytes: Buffer): void;
  bytes(): Buffer;
  readonly truncated: boolean;
}

/** How many of the bytes that are kept at most are the first ones. */
export function headBytes(maxBytes: number): number {
  return Math.ceil(maxBytes / 2);
}

export function createCapture(maxBytes: number): Capture {
  const headLimit = headBytes(maxBytes);
  const head: Buffer[] = [];
  let headLength = 0;
  let tail: Buffer[] = [];
  let tailLength = 0;
  let dropped = 0;
  const shrinkTail = (): void => {
    const most = maxBytes - headLimit;
    if (tailLength <= 2 * most + 65_536) return;
    const kept = lastBytes(tail, most);
    dropped += tailLength - kept.length;
    tail = [kept];
    tailLength = kept.length;
  };
  return {
    add: (bytes) => {
      const forHead = bytes.subarray(0, headLimit - headLength);
      // An empty part too would hold the whole piece in memory.
      if (forHead.length > 0) head.push(forHead);
      headLength += forHead.length;
      const rest = bytes.subarray(forHead.length);
      if (rest.length === 0) return;
      tail.push(rest);
      tailLength += rest.length;
      shrinkTail();
    },
    bytes: () => Buffer.concat([...head, lastBytes(tail, maxBytes - headLimit)]),
    get truncated() {
      return dropped > 0 || headLength + tailLength > maxBytes;
    },
  };
}

function lastBytes(chunks: readonly Buffer[], most: number): Buffer {
  const all = Buffer.concat(chunks);
  return all.subarray(Math.max(0, all.length - most));
}
