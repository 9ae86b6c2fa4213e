import type { Process } from '../shell/process.ts';

/** Plays one of the scripts that Slipway itself sends. Gives back the exit code. */
export type Player = (process: Process, script: string) => number | Promise<number>;
export interface Players {
  readonly [name: string]: Player;
}
