import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { EXIT, type Problem, SlipwayError } from '../core/index.ts';
import { buildInventory } from '../inventory/index.ts';
import { listRunbookFiles } from '../repo/index.ts';
import { validateRepository } from '../runbook/index.ts';
import type { Session, Validation } from './types.ts';

/**
 * Read runbook files as they are on disk; no credentials, nothing is executed. With paths, only problems of those files are
 * told, but names are checked against the whole repository.
 *
 * @throws {SlipwayError} `FILE_NOT_FOUND`.
 */
export async function validate(session: Session, paths: readonly string[]): Promise<Validation> {
  const chosen = (await Promise.all(paths.map((path) => filesAt(session, path)))).flat();
  const names = new Set([...(await listRunbookFiles(session.root)), ...chosen]);
  const files = await Promise.all([...names].sort().map(async (path) => ({ path, text: await readFile(resolve(session.root, path)) })));
  const parsed = validateRepository(files);
  const inventory = parsed.ok ? buildInventory([...parsed.value.inventories.values()]).problems : [];
  const problems: readonly Problem[] = [...parsed.problems, ...inventory];
  const wanted = chosen.length > 0 ? chosen : [...names];
  return { files: wanted.sort(), problems: problems.filter(({ file }) => wanted.includes(file)) };
}

/** The file itself, or the YAML files below a folder; paths relative to the repository. */
async function filesAt(session: Session, path: string): Promise<readonly string[]> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch(() => undefined);
  if (!found)
    throw new SlipwayError('FILE_NOT_FOUND', `there is no file or folder "${path}"`, {
      exitCode: EXIT.notFound,
      hint: 'give a path of a runbook file, or none for the whole repository',
    });
  const inside = relative(session.root, absolute);
  if (!found.isDirectory()) return [inside];
  const below = await listRunbookFiles(session.root);
  return below.filter((file) => join(session.root, file).startsWith(`${absolute}/`) || absolute === session.root);
}
