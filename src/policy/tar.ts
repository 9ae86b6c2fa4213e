import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/** Files of a tar.gz as `opa build` writes it: plain files with short names. */
export function readTarGz(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const tar = gunzipSync(bytes);
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const name = tar
      .toString('utf8', at, at + 100)
      .replace(/\0.*$/s, '')
      .replace(/^\//, '');
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 136), 8);
    if (!Number.isInteger(size)) throw new TypeError(`damaged archive at byte ${at}`);
    files.set(name, tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
