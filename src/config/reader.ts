import type { Problem } from '../core/index.ts';
import type { Surroundings } from './types.ts';

export type Env = { readonly [name: string]: string | undefined };
/** What settings are read from, and what is wrong with them so far. */
export interface Reader {
  readonly env: Env;
  readonly cwd: string;
  readonly around: Surroundings;
  readonly problems: Problem[];
}

/** An empty variable is the same as none: that is how shells and CI systems unset one. */
export function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value ? value : undefined;
}

export function bad(reader: Reader, variable: string, message: string, hint: string): void {
  reader.problems.push({ code: 'BAD_SETTING', severity: 'error', file: 'environment', line: 1, column: 1, path: variable, message, hint });
}
