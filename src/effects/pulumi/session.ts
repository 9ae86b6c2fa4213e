import { readdirSync, readFileSync } from 'node:fs';

/**
 * Send a signal to every process of a session: a child started with `detached`, and all it started, also those that
 * moved to process groups of their own. Where there is no /proc, the process group of the leader gets it.
 */
export function signalSession(leader: number, signal: NodeJS.Signals): void {
  const members = sessionMembers(leader);
  for (const pid of members ?? [-leader]) send(pid, signal);
}

/** Is a process with this id alive? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'; // there, but somebody else's
  }
}

/** Ids of the processes of a session, the leader last; undefined where /proc does not tell. */
export function sessionMembers(leader: number): readonly number[] | undefined {
  try {
    const pids = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return pids.filter((pid) => statOf(pid)?.session === leader).sort((a, b) => Number(a === leader) - Number(b === leader));
  } catch {
    return undefined;
  }
}

function isZombie(pid: number): boolean {
  return statOf(pid)?.state === 'Z';
}

/** Fields after the command in parentheses: state, parent, group, session. */
function statOf(pid: number): { readonly state: string; readonly session: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, session: Number(session) };
  } catch {
    return undefined; // ended meanwhile, or no /proc
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended meanwhile
  }
}
