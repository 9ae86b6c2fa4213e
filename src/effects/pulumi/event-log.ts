import type { EngineEvent } from '@pulumi/pulumi/automation/index.js'; // types only: this file needs no SDK
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

const POLL_MS = 200;

/**
 * Follow the file that `--event-log` writes.
 *
 * @returns the function that reads the rest and ends it.
 */
export function followEvents(file: string, onEvent: (event: EngineEvent) => void): () => void {
  let offset = 0;
  let rest = Buffer.alloc(0);
  const read = () => {
    const more = bytesFrom(file, offset);
    offset += more.length;
    rest = Buffer.concat([rest, more]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') onEvent(JSON.parse(line) as EngineEvent); // written by the engine
    }
  };
  const timer = setInterval(read, POLL_MS);
  return () => {
    clearInterval(timer);
    read();
  };
}

function bytesFrom(path: string, offset: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(file);
  }
}
