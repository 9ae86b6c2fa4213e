/** Which host's rules a file of code owners follows; they differ in patterns and in what counts when several lines match. */
export type OwnersSyntax = 'github' | 'gitlab' | 'gitea';

/** Owners of a file of whom some have to agree. */
export interface OwnerGroup {
  /** `@login`, `@org/team`, `@@role`, or an e-mail address; none when a line takes the file away from everybody. */
  readonly owners: readonly string[];
  /** How many of them. */
  readonly required: number;
  /** Line that says so, from 1. */
  readonly line: number;
  /** Name of the section, where there are sections. */
  readonly section?: string;
}
/** A line that is none. */
export interface OwnersMistake {
  readonly line: number;
  readonly message: string;
}
export interface Codeowners {
  readonly mistakes: readonly OwnersMistake[];
  /**
   * Owners of one file, by its path from the top folder. Each group has to agree; groups without owners are left out.
   *
   * @throws {SlipwayError} `CODEOWNERS_SLOW` when a pattern takes too long to be looked for.
   */
  readonly ownersOf: (path: string) => readonly OwnerGroup[];
}
/** What one host's rules are. */
export type ReadOwners = (lines: readonly string[]) => Codeowners;
