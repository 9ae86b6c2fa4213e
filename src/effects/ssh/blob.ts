/** Reads the fields of an SSH message or key (RFC 4251 section 5). Every method throws RangeError past the end. */
export interface BlobReader {
  string(): Buffer;
  text(): string;
  uint32(): number;
  uint64(): bigint;
  /** Bytes read so far. */
  position(): number;
}

export function readBlob(bytes: Buffer): BlobReader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError(`the blob ends at byte ${bytes.length}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const reader: BlobReader = {
    string: () => take(reader.uint32()),
    text: () => reader.string().toString('latin1'),
    uint32: () => take(4).readUInt32BE(),
    uint64: () => take(8).readBigUInt64BE(),
    position: () => at,
  };
  return reader;
}

/** A field with its length before it. */
export function blobString(field: Uint8Array | string): Buffer {
  const bytes = Buffer.from(field);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive big number: no leading zeros but the one that keeps it positive. */
export function blobNumber(bytes: Buffer): Buffer {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  const trimmed = bytes.subarray(first);
  return blobString((trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), trimmed]) : trimmed);
}

/** The strings a field holds one after the other. */
export function blobList(field: Buffer): readonly string[] {
  const reader = readBlob(field);
  const list: string[] = [];
  while (reader.position() < field.length) list.push(reader.string().toString('utf8'));
  return list;
}
