import type { Problem } from '../../core/index.ts';
import type { RunState } from '../../engine/index.ts';
import type { AnalysisCheck } from '../verdict/index.ts';
import type { ExpectedDuration, PlanBundle, PlanGraph, PlanVerdict } from '../../plan/index.ts';

/** Everything that the comment below a pull request says; whoever makes it has asked all questions. Texts are untrusted. */
export interface PullView {
  readonly head: string;
  /** The branch it goes into. */
  readonly base: string;
  readonly state: 'open' | 'closed' | 'merged';
  /** Mistakes in its files, those of the default branch left out. */
  readonly problems: readonly Problem[];
  readonly runbooks: readonly RunbookView[];
  /** What people should know before they read on, one sentence each. */
  readonly notes: readonly string[];
  /** Locks that this change holds, or waits for. */
  readonly locks: readonly LockView[];
  /** Work goes on: this is not the last word about this head. */
  readonly isWorking: boolean;
  /** Address of a line of the head. */
  readonly linkTo: (place: { readonly file: string; readonly line: number }) => string | undefined;
  /** Commands that do something now, with what they do. */
  readonly commands: readonly { readonly command: string; readonly does: string }[];
}
export interface RunbookView {
  readonly name: string;
  readonly file: string;
  readonly change: 'added' | 'removed' | 'changed' | 'inputs';
  /** Why it is affected: `stack net`, `its file`. */
  readonly reasons: readonly string[];
  readonly verdict?: PlanVerdict;
  /** Where findings are written, when there is no plan that says so. */
  readonly graph?: PlanGraph;
  /** What is looked at: a plan with previews, or only what the files say. */
  readonly plan?: { readonly bundle: PlanBundle; readonly expected?: ExpectedDuration; readonly stale?: string };
  /** Why there is no plan, or no verdict. */
  readonly missing?: string;
  /** Its environments say when it may be applied; each rule and whether it is met. */
  readonly rules: readonly RuleView[];
  readonly run?: {
    readonly id: string;
    readonly state: RunState;
    readonly url?: string;
    readonly waits?: string;
    /** What its dual runs found; the page of the run has the pictures. */
    readonly analyses: readonly AnalysisCheck[];
  };
  /** Why it cannot be planned or applied although nothing is wrong with it. */
  readonly pin?: string;
}
export interface RuleView {
  readonly isMet: boolean;
  /** `2 approvals`. */
  readonly rule: string;
  /** What is the case: `1 of 2, by ada`. */
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
}
export interface LockView {
  readonly lock: string;
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly isOurs: boolean;
}
