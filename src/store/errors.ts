import { EXIT, SlipwayError } from '../core/index.ts';

export function conflict(collection: string, key: string, { wanted, found }: { readonly wanted: number; readonly found: number }): SlipwayError {
  return new SlipwayError('STORE_CONFLICT', `${collection} "${key}" is at version ${found}, not ${wanted}`, {
    retry: 'afterBackoff',
    hint: 'somebody else changed it; read it again and decide again',
  });
}

export function fenced(what: string, token: number): SlipwayError {
  return new SlipwayError('STORE_FENCED', `${what} has passed to somebody else, or has ended (token ${token})`, {
    hint: 'nothing to do here; whoever has it now goes on',
  });
}

export function notDead(queue: string, id: string): SlipwayError {
  return new SlipwayError('JOB_NOT_DEAD', `there is no dead job "${id}" in the queue "${queue}"`, {
    exitCode: EXIT.notFound,
    hint: 'only dead jobs can be revived',
  });
}
