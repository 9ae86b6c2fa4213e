import type { Digest, JsonObject } from '../core/index.ts';
import type { z } from 'zod';
import type { Access } from './schema/access.ts';
import type { Calendar, Environment, Inventory, ObjectiveFile, Portfolio, Wave } from './schema/estate.ts';
import type { Phase, Runbook } from './schema/runbook.ts';
import type { Step } from './schema/step.ts';

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a document came from. */
export interface Source {
  readonly file: string;
  /** SHA-256 over the text of the whole file. */
  readonly digest: Digest;
  readonly name: string;
  /** The document as written: anchors and merge keys resolved, nothing transformed (durations are still text). */
  readonly source: JsonObject;
  /** Where a path such as `phases[1].steps[0].with.stack` is written; the nearest place above it when it is not. */
  readonly at: (path: string) => Position;
}

type Folded = 'id' | 'uses' | 'with' | 'run' | 'env' | 'rescue' | 'finally' | 'compensate' | 'cases' | 'default';
/**
 * A step after loading: `id` is set and unique in the runbook, `uses` names a known kind, `with` holds what was written
 * (expressions and durations as text), `run` and `env` are folded into `with`. So are all steps nested in it.
 */
export interface ResolvedStep extends Omit<Step, Folded> {
  readonly id: string;
  readonly uses: string;
  readonly with: JsonObject;
  readonly rescue?: ResolvedStep[];
  readonly finally?: ResolvedStep[];
  readonly compensate?: ResolvedStep[];
  readonly cases?: Record<string, ResolvedStep[]>;
  readonly default?: ResolvedStep[];
  /** Path of the step in its document, for `LoadedRunbook.at`: `phases[0].steps[2].rescue[0]`. */
  readonly sourcePath: string;
}
/** A phase whose steps are resolved; lists that were not written are empty. */
export interface ResolvedPhase extends Omit<Phase, 'steps' | 'finally'> {
  readonly steps: ResolvedStep[];
  readonly finally: ResolvedStep[];
}
/** A runbook whose steps are resolved. */
export interface ResolvedRunbook extends Omit<Runbook, 'phases' | 'rollback'> {
  readonly phases: ResolvedPhase[];
  readonly rollback?: Omit<NonNullable<Runbook['rollback']>, 'steps'> & { readonly steps: ResolvedStep[] };
}

export interface LoadedRunbook extends Source {
  readonly kind: 'Runbook';
  readonly runbook: ResolvedRunbook;
}
export interface LoadedInventory extends Source {
  readonly kind: 'Inventory';
  readonly inventory: Inventory;
}
export interface LoadedCalendar extends Source {
  readonly kind: 'Calendar';
  readonly calendar: Calendar;
}
export interface LoadedEnvironment extends Source {
  readonly kind: 'Environment';
  readonly environment: Environment;
}
export interface LoadedWave extends Source {
  readonly kind: 'Wave';
  readonly wave: Wave;
}
export interface LoadedObjective extends Source {
  readonly kind: 'Objective';
  readonly objective: z.output<typeof ObjectiveFile>;
}
export interface LoadedPortfolio extends Source {
  readonly kind: 'Portfolio';
  readonly portfolio: z.output<typeof Portfolio>;
}
export interface LoadedAccess extends Source {
  readonly kind: 'Access';
  readonly access: Access;
}
/** One YAML document of a repository, valid by itself. */
export type LoadedDocument =
  LoadedRunbook | LoadedInventory | LoadedCalendar | LoadedEnvironment | LoadedWave | LoadedObjective | LoadedPortfolio | LoadedAccess;

/** Everything `validateRepository` found, by kind; names are unique within a kind. */
export interface Repository {
  readonly runbooks: ReadonlyMap<string, LoadedRunbook>;
  readonly inventories: ReadonlyMap<string, LoadedInventory>;
  readonly calendars: ReadonlyMap<string, LoadedCalendar>;
  readonly environments: ReadonlyMap<string, LoadedEnvironment>;
  readonly waves: ReadonlyMap<string, LoadedWave>;
  readonly objectives: ReadonlyMap<string, LoadedObjective>;
  readonly portfolios: ReadonlyMap<string, LoadedPortfolio>;
  readonly accesses: ReadonlyMap<string, LoadedAccess>;
}
