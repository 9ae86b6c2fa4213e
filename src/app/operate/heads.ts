import type { Parsed } from '../../core/index.ts';
import { defaultHead } from '../../repo/index.ts';
import { type Estate, loadEstate } from '../load.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';

/** Newest commit of a default branch, read. */
export interface Head {
  /** Name of the repository, where several are served. */
  readonly repository?: string;
  /** Absolute path of the repository. */
  readonly root: string;
  readonly commit: string;
  readonly estate: Parsed<Estate>;
}
/** The default branches that are worked for. A server gives those that it follows. */
export type Heads = () => Promise<readonly Head[]>;

/** A session that works from a head: a server's is in a mirror, which has no work tree. */
export function atHead(session: Session, { root, repository, commit }: Head): Session {
  return { ...session, root, ...(repository === undefined ? {} : { commit }) };
}

/** The default branch of the repository that a person works in, as it is known there. What is read once is remembered. */
export function headsOf(session: Session, wiring: Wiring): Heads {
  let known: Head | undefined;
  return async () => {
    const { root } = session;
    const commit = await defaultHead(root, { ...wiring.git, signal: session.signal });
    if (known?.commit !== commit) known = { root, commit, estate: await loadEstate(session, wiring, commit) };
    return [known];
  };
}
