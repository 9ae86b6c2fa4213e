import type { OpenedPull } from './opened.ts';
import { mayWrite } from './people.ts';

/** May code of this head be executed, to preview what it does? */
export type Trust = { readonly mayExecute: true } | { readonly mayExecute: false; readonly why: string };

/** Asked of the host at this moment. A fork is trusted by nobody but a maintainer who has looked at this very head. */
export async function trustOf({ record, pull, served, ref, signal }: OpenedPull): Promise<Trust> {
  if (record.allowed) return { mayExecute: true };
  // What was merged has been accepted by somebody who may.
  if (pull.state === 'merged') return { mayExecute: true };
  if (pull.isFork) return { mayExecute: false, why: 'its head comes from another repository' };
  if (await mayWrite(served.host, ref.repo, pull.author, signal)) return { mayExecute: true };
  return { mayExecute: false, why: `${pull.author.login} may not write to this repository` };
}
