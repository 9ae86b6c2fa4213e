import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, digestOf, type Digest, EXIT, type Parsed, type Problem, SlipwayError } from '../core/index.ts';
import { buildInventory, type InventoryIndex } from '../inventory/index.ts';
import { type Checkout, checkoutFrom, listRunbookFiles, openCheckout } from '../repo/index.ts';
import { type LoadedRunbook, type Repository, validateRepository } from '../runbook/index.ts';
import { type Gates, withGates } from './gates.ts';
import { readAhead } from './read-ahead.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

/** A repository at one state, parsed. */
export interface Estate {
  readonly checkout: Checkout;
  readonly repository: Repository;
  readonly inventory: InventoryIndex;
  readonly digests: { readonly inventory: Digest; readonly environments: Digest };
}

/** Materialise the files as they are now (or at a commit) and parse all of them; every problem at once. */
export async function loadEstate(session: Session, wiring: Wiring, commit?: string): Promise<Parsed<Estate>> {
  return (await openEstate(session, wiring, commit)).parsed;
}

/** The same, for whoever needs the files also when they have mistakes. */
export async function openEstate(
  session: Session,
  wiring: Wiring,
  commit: string | undefined = session.commit,
): Promise<{ readonly checkout: Checkout; readonly parsed: Parsed<Estate> }> {
  const { signal, root, stateDir, base } = session;
  const { clock, git } = wiring;
  const cacheDir = join(stateDir, 'checkouts');
  // A server works from mirrors, which have no work tree.
  const checkout =
    session.commit === undefined || commit === undefined
      ? await openCheckout({
          ...git,
          signal,
          clock,
          cacheDir,
          aside: session.planFiles ?? [],
          repository: root,
          at: commit === undefined ? { workingTree: true } : { commit },
        })
      : await checkoutFrom(root, { commit, base }, { cacheDir, clock, context: { ...git, signal } });
  return { checkout, parsed: await parseEstate(checkout, session.gates) };
}

async function parseEstate(checkout: Checkout, gates: Gates | undefined): Promise<Parsed<Estate>> {
  const files = await parseFiles(checkout.root, gates);
  return files.ok ? { ...files, value: { checkout, ...files.value } } : files;
}

/** Parse every runbook file below a folder; with gates of elsewhere in place of its own. */
export async function parseFiles(root: string, gates?: Gates): Promise<Parsed<Omit<Estate, 'checkout'>>> {
  const names = await listRunbookFiles(root);
  const files = await Promise.all(names.map(async (path) => ({ path, text: await readFile(join(root, path)) })));
  await readAhead(files);
  const parsed = validateRepository(files);
  if (!parsed.ok) return parsed;
  const inventory = buildInventory([...parsed.value.inventories.values()]);
  if (!inventory.ok) return { ok: false, problems: [...parsed.problems, ...inventory.problems] };
  const repository = gates ? withGates(parsed.value, gates) : parsed.value;
  return {
    ok: true,
    value: { repository, inventory: inventory.value, digests: digestsOf(repository) },
    problems: [...parsed.problems, ...inventory.problems],
  };
}

/** Digests of what plans of all runbooks share. */
export function digestsOf({ inventories, environments, calendars }: Repository): Estate['digests'] {
  return {
    inventory: digestOf([...inventories.values()].map(({ name, source }) => ({ name, source }))),
    environments: digestOf([...environments.values(), ...calendars.values()].map(({ kind, name, source }) => ({ kind, name, source }))),
  };
}

/**
 * The runbook a person means: its name, or its file.
 *
 * @throws {SlipwayError} `RUNBOOK_NOT_FOUND`.
 */
export function findRunbook({ repository }: Estate, nameOrFile: string): LoadedRunbook {
  const wanted = nameOrFile.replace(/^\.\//, '');
  const named = repository.runbooks.get(wanted);
  if (named) return named;
  for (const runbook of repository.runbooks.values()) {
    if (runbook.file === wanted || runbook.file === `runbooks/${wanted}`) return runbook;
  }
  const names = [...repository.runbooks.keys()];
  const near = didYouMean(wanted, names);
  throw new SlipwayError('RUNBOOK_NOT_FOUND', `there is no runbook "${nameOrFile}" in this repository`, {
    exitCode: EXIT.notFound,
    hint: near ? `did you mean "${near}"?` : names.length > 0 ? `it has ${names.join(', ')}` : 'runbooks are YAML files under runbooks/',
  });
}

/** Problems as one error, for use cases that need a valid repository. */
export function invalid(problems: readonly Problem[]): SlipwayError {
  const count = problems.filter(({ severity }) => severity === 'error').length;
  return new SlipwayError('INVALID', count === 1 ? '1 mistake' : `${count} mistakes`, { exitCode: EXIT.usage, hint: 'mend what is listed above', problems });
}
