import { digestOfBytes, isObject, SlipwayError } from '../../core/index.ts';
import { verifyChain } from '../chain.ts';
import type { WholeRun } from './port.ts';

/** Refuse a run that does not hold together. @throws {SlipwayError} `IMPORT_BROKEN`. */
export function checkWhole({ run, events, evidence, secrets }: WholeRun): void {
  const chain = verifyChain(
    run.id,
    events.map(({ seq, at, body, prev, hash }) => ({ runId: run.id, seq, at, body, prev, hash })),
  );
  if (!chain.ok) throw brokenRun(run.id, chain.why);
  if (events.length === 0 || chain.head !== run.head) throw brokenRun(run.id, 'its chain does not end where it should');
  for (const { digest, bytes } of evidence) if (digestOfBytes(bytes) !== digest) throw brokenRun(run.id, `the evidence ${digest} is not what it was`);
  for (const { id } of secrets) if (!id.startsWith(`${run.id}:`)) throw brokenRun(run.id, `the sealed secret "${id}" is not of this run`);
}

function brokenRun(runId: string, why: string): SlipwayError {
  return new SlipwayError('IMPORT_BROKEN', `${runId} cannot be imported: ${why}`, { hint: 'export it again, and compare the files on both ends' });
}

/** The type that is stored beside the body of an event. */
export function typeOf({ body }: WholeRun['events'][number]): string {
  return isObject(body) && typeof body['type'] === 'string' ? body['type'] : '';
}
