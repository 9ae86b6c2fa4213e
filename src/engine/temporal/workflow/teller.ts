import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { JsonObject } from '../../../core/pure.ts';
import type { RunState } from '../../events.ts';
import { type Carried, CHILD_SIGNAL, type ChildTold } from '../contract.ts';
import type { Book } from './book.ts';

/** Tells the caller of a run how it stands; a run that nobody called tells nobody. */
export interface Teller {
  /** Stuck until a person acts: told once, until it goes on. */
  readonly tell: (state: RunState, isStuck: boolean) => void;
  readonly end: (state: RunState, outputs: JsonObject) => Promise<void>;
  readonly told: () => Pick<Carried, 'told'>;
}

/** Longest outputs that a message holds, in UTF-16 units as JSON. */
const MOST_OUTPUTS = 600_000;

export function createTeller({ data }: Book, before: string | undefined): Teller {
  const parent = data.created?.parent;
  let told = before;
  const send = async (state: RunState, outputs: JsonObject): Promise<void> => {
    if (!parent) return;
    const isCut = JSON.stringify(outputs).length > MOST_OUTPUTS;
    const child: ChildTold = { path: parent.path, runId: data.runId, state, outputs: isCut ? {} : outputs, isCut };
    // A caller that is over needs no answer any more.
    await getExternalWorkflowHandle(parent.runId)
      .signal(CHILD_SIGNAL, child)
      .catch(() => undefined);
  };
  return {
    tell: (state, isStuck) => {
      if (told === (isStuck ? state : undefined)) return;
      told = isStuck ? state : undefined;
      if (isStuck) void send(state, {});
    },
    end: send,
    told: () => (told === undefined ? {} : { told }),
  };
}
