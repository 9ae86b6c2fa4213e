import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { SlipwayError } from '../../core/index.ts';

const MOST_BYTES = 64 << 20;

/**
 * Read a file of the checkout. Neither `..` nor a symbolic link leads out of it, nor into `.git`.
 *
 * @throws {SlipwayError} `CHECKOUT_FILE` when it is missing, outside, no file, or larger than 64 MiB.
 */
export async function readCheckoutFile(checkout: string, path: string): Promise<Buffer> {
  if (isAbsolute(path)) throw refused(path, 'is absolute');
  const root = await realpath(checkout);
  const file = await realpath(resolve(root, path)).catch((cause: unknown) => {
    throw refused(path, 'does not exist', cause);
  });
  if (!file.startsWith(root + sep)) throw refused(path, 'is outside of the repository');
  if (file.slice(root.length + 1).split(sep)[0] === '.git') throw refused(path, 'is not part of the commit');
  const stats = await stat(file);
  if (!stats.isFile()) throw refused(path, 'is not a file');
  if (stats.size > MOST_BYTES) throw refused(path, `is larger than ${MOST_BYTES} bytes`);
  return readFile(file);
}

function refused(path: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('CHECKOUT_FILE', `${JSON.stringify(path)} ${why}`, { hint: 'name a file of the repository, relative to its top folder', cause });
}
