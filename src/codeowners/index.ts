import { readGitea } from './gitea.ts';
import { readGithub } from './github.ts';
import { readGitlab } from './gitlab.ts';
import type { Codeowners, OwnersSyntax, ReadOwners } from './types.ts';

export type { Codeowners, OwnerGroup, OwnersMistake, OwnersSyntax } from './types.ts';

/** Where each host looks for the file; the first that is there counts. */
export const OWNERS_PLACES: { readonly [syntax in OwnersSyntax]: readonly string[] } = {
  github: ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'],
  gitlab: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'],
  gitea: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitea/CODEOWNERS'],
};
const READERS: { readonly [syntax in OwnersSyntax]: ReadOwners } = { github: readGithub, gitlab: readGitlab, gitea: readGitea };

/** Read a file of code owners as that host reads it; every mistake at once. */
export function parseCodeowners(text: string, syntax: OwnersSyntax): Codeowners {
  return READERS[syntax](text.replace(/^\uFEFF/, '').split(/\r?\n/));
}
