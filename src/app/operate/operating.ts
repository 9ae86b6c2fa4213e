import type { Clock } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';
import type { RunJournal } from '../wiring.ts';

/** What everything that happens without a person works with. Many processes may do it on one store. */
export interface Operating {
  readonly store: Store;
  readonly journal: RunJournal;
  readonly clock: Clock;
  /** Name of this process as the holder of claims. */
  readonly owner: string;
  /** Aborts when nothing new may be begun. */
  readonly stop: AbortSignal;
  /** Aborts when what is under way has to end too. */
  readonly signal: AbortSignal;
  readonly notice: (line: string) => void;
}
