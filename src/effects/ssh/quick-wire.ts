import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Client } from 'ssh2';

/**
 * Have what is written within one turn go out together. ssh2 hands every packet over in three pieces; as three segments of a network they would wake the
 * far side three times, and take as many system calls on both.
 */
export function gatherWrites(stream: Writable): void {
  const write = stream.write.bind(stream);
  let isGathering = false;
  const release = (): void => {
    isGathering = false;
    stream.uncork();
  };
  const gathering = (...args: Parameters<typeof write>): boolean => {
    if (!isGathering) {
      isGathering = true;
      stream.cork();
      process.nextTick(release);
    }
    return write(...args);
  };
  stream.write = gathering as typeof stream.write; // the same calls, in all their forms
  // A channel through a jump host would send each piece as a packet of its own.
  if (stream._writev) return;
  stream._writev = (chunks, done) => {
    stream._write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), 'buffer' as BufferEncoding, done); // ssh2 writes bytes only
  };
}

/** The parts of ssh2 1.17 (pinned) that hold the keys of a connection. */
interface ClientInside {
  readonly _protocol?: {
    readonly _cipher?: { _encKey?: Buffer | KeyObject };
    readonly _decipher?: { _decipherKey?: Buffer | KeyObject };
  };
}

/** Hand the keys over in the form the system's cryptography wants: from bytes it would make that form again for every packet. */
export function prepareKeys(client: Client): void {
  const { _protocol: protocol } = client as unknown as ClientInside; // see ClientInside
  const { _cipher: cipher, _decipher: decipher } = protocol ?? {};
  if (Buffer.isBuffer(cipher?._encKey)) cipher._encKey = createSecretKey(cipher._encKey);
  if (Buffer.isBuffer(decipher?._decipherKey)) decipher._decipherKey = createSecretKey(decipher._decipherKey);
}
