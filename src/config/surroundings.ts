import { execFileSync } from 'node:child_process';
import { homedir, hostname, userInfo } from 'node:os';
import type { Surroundings } from './types.ts';

/** This process, its terminal and its user. */
export function realSurroundings(): Surroundings {
  return {
    stdoutIsTerminal: process.stdout.isTTY,
    stderrIsTerminal: process.stderr.isTTY,
    columns: process.stderr.columns ?? process.stdout.columns,
    rows: process.stderr.rows ?? process.stdout.rows,
    homeDir: homedir(),
    osUser: osUser(),
    hostName: hostname(),
    gitUser,
  };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // a container may run under a number that has no name
  }
}

function gitUser(folder: string): string | undefined {
  try {
    const email = execFileSync('git', ['config', 'user.email'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 });
    return email.trim() || undefined;
  } catch {
    return undefined; // no git, or no user set: the name of the operating system serves
  }
}
