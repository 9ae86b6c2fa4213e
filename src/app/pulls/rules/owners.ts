import { type Codeowners, type OwnerGroup, OWNERS_PLACES, type OwnersSyntax, parseCodeowners } from '../../../codeowners/index.ts';
import { messageOf, SlipwayError } from '../../../core/index.ts';
import type { Permission } from '../../../githost/index.ts';
import type { RuleView } from '../../../report/index.ts';
import type { OpenedPull } from '../opened.ts';
import { isIn, type Speaker } from '../people.ts';

const SYNTAX: { readonly [kind in OpenedPull['served']['host']['kind']]: OwnersSyntax | undefined } = {
  github: 'github',
  gitlab: 'gitlab',
  gitea: 'gitea',
  bitbucket: undefined,
  bare: undefined,
};
const MOST_BYTES = 3 * 1024 * 1024;
const RULE = 'code owners';
/** Roles of GitLab that an account can be told to have. */
const ROLES: { readonly [role: string]: readonly Permission[] } = {
  '@developer': ['write', 'admin'],
  '@developers': ['write', 'admin'],
  '@maintainer': ['admin'],
  '@maintainers': ['admin'],
};

/** Owners that a change has to be agreed to by; asked once, for all its runbooks. */
export interface OwnedFiles {
  readonly groups: readonly OwnerGroup[];
  /** Why nobody can say who owns what. */
  readonly wrong: string | undefined;
}

/** Read who owns the changed files, from the default branch. */
export async function ownedFiles(opened: OpenedPull): Promise<OwnedFiles> {
  const { served, mirror, target } = opened;
  const syntax = SYNTAX[served.host.kind];
  if (!syntax) return { groups: [], wrong: `${served.host.kind} has no code owners that Slipway reads` };
  const owners = await readOwners(opened, syntax);
  if (!owners) return { groups: [], wrong: `the default branch has none of ${OWNERS_PLACES[syntax].join(', ')}` };
  const { mistakes, file } = owners;
  if (mistakes.length > 0) return { groups: [], wrong: `${file} has mistakes: ${mistakes.map(({ line, message }) => `line ${line}: ${message}`).join('; ')}` };
  try {
    const changes = await mirror.changedFiles(target.base, target.commit);
    const paths = new Set(changes.flatMap(({ path, previousPath }) => (previousPath === undefined ? [path] : [path, previousPath])));
    // One line may own many files, and is asked once.
    const groups = new Map([...paths].flatMap((path) => owners.ownersOf(path)).map((group) => [`${group.section ?? ''} ${group.line}`, group]));
    return { groups: [...groups.values()], wrong: undefined };
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'CODEOWNERS_SLOW') throw cause;
    return { groups: [], wrong: messageOf(cause) };
  }
}

async function readOwners({ mirror, head }: OpenedPull, syntax: OwnersSyntax): Promise<(Codeowners & { readonly file: string }) | undefined> {
  for (const path of OWNERS_PLACES[syntax]) {
    const found = await mirror.fileIn({ revision: head.commit, path, mostBytes: MOST_BYTES });
    if (found.found === 'file') return { ...parseCodeowners(Buffer.from(found.content).toString('utf8'), syntax), file: path };
    if (found.found === 'tooLarge') return { mistakes: [{ line: 1, message: `it is larger than ${MOST_BYTES} bytes` }], ownersOf: () => [], file: path };
  }
  return undefined;
}

/** Has everybody agreed who owns something of it? Nobody knows whose an e-mail address is, so that such owners cannot. */
export async function ownersRule(opened: OpenedPull, { groups, wrong }: OwnedFiles, approving: readonly Speaker[]): Promise<RuleView> {
  if (wrong !== undefined) return { isMet: false, rule: RULE, found: wrong, todo: 'mend it on the default branch, or turn "codeOwners" off there' };
  const open: string[] = [];
  for (const { owners, required, line, section } of groups) {
    const agreed: string[] = [];
    for (const speaker of approving) if (await isOwner(opened, speaker, owners)) agreed.push(speaker.account.login);
    if (agreed.length < required) open.push(`${section ?? `line ${line}`} (${owners.join(' ')}: ${agreed.length} of ${required})`);
  }
  if (open.length === 0) return { isMet: true, rule: RULE, found: groups.length === 0 ? 'own nothing of what changes' : 'have approved' };
  return { isMet: false, rule: RULE, found: `have not approved: ${open.join('; ')}`, todo: 'one of them says "slipway approve"' };
}

async function isOwner({ served, ref, signal }: OpenedPull, { account }: Speaker, owners: readonly string[]): Promise<boolean> {
  const { host } = served;
  for (const owner of owners.filter((each) => each.startsWith('@'))) {
    const name = owner.slice(1);
    if (ROLES[name] !== undefined) {
      if (ROLES[name].includes(await host.permission(ref.repo, account, { signal }))) return true;
    } else if (name.toLowerCase() === account.login.toLowerCase()) return true;
    // On GitLab a group may be called by a single word, as people are.
    else if ((name.includes('/') || host.kind === 'gitlab') && host.can.groups && (await isIn(host, name, account, signal))) return true;
  }
  return false;
}
