import type { Reference } from '../../expr/index.ts';
import { readableSteps, stepsBeforePhase } from '../walk/order.ts';
import { isInRollback, type StepView } from '../walk/view.ts';
import { type Context, textOf } from './context.ts';
import type { Place } from './expression.ts';
import { sugarSteps } from './scope.ts';

export type Forbids = Place['forbids'];
type Words = ReturnType<Forbids>;

/** What a step may not read: outputs of steps that do not come before it. */
export function forbidsInStep(context: Context, step: StepView): Forbids {
  let readable: ReadonlySet<string> | undefined;
  const phase = step.phase ?? context.phases.length;
  return (reference) => {
    if (reference.name === 'environment') return environmentWords(context, step.phase);
    if (reference.name !== 'steps') return undefined;
    readable ??= new Set([...readableSteps(step, context.steps)].map(({ id }) => id).concat(sugarBefore(context, phase, step.role === 'finally')));
    return stepWords(context, reference, { readable, hint: (target) => hintFor(context, step, target) });
  };
}

/** The same for keys of a phase; `inside` when its own steps have run. */
export function forbidsInPhase(context: Context, index: number, inside?: 'steps'): Forbids {
  return (reference) => {
    if (reference.name === 'environment') return environmentWords(context, index < context.phases.length ? index : undefined);
    if (reference.name !== 'steps') return undefined;
    const before = stepsBeforePhase(context.steps, inside ? index + 1 : index).map(({ id }) => id);
    const readable = new Set([...before, ...sugarBefore(context, index, false)]);
    return stepWords(context, reference, { readable, hint: () => 'only outputs of earlier phases are known here' });
  };
}

function sugarBefore(context: Context, phase: number, isOwnToo: boolean): string[] {
  return context.phases.slice(0, isOwnToo ? phase + 1 : phase).flatMap((each) => sugarSteps(each, textOf(each, 'id') ?? '').map(([id]) => id));
}

interface Readable {
  readonly readable: ReadonlySet<string>;
  readonly hint: (target: StepView) => string;
}

function stepWords(context: Context, { path }: Reference, { readable, hint }: Readable): Words {
  const [id, member, output] = path;
  if (id === undefined)
    return {
      code: 'STEPS_UNNAMED',
      message: '"steps" must be followed by the id of a step',
      hint: 'write steps.<id>.outputs.<name>; a plan must know which steps are read',
    };
  const target = context.steps.find((step) => step.id === id);
  if (target?.raw['foreach'] !== undefined && member === 'outputs') {
    return {
      code: 'FOREACH_OUTPUTS',
      message: `"${id}" runs once per item, so it has no outputs of its own`,
      hint: `read steps.${id}.items[*].outputs${output === undefined ? '' : `.${output}`}, a list in the order of the items`,
    };
  }
  if (readable.has(id)) return undefined;
  if (target) return { code: 'OUTPUT_NOT_YET', message: `"${id}" has not run before this`, hint: hint(target) };
  // Unknown ids are reported by the type check; a phase's own steps are known and not there yet.
  return context.phases.some((phase) => sugarSteps(phase, textOf(phase, 'id') ?? '').some(([name]) => name === id))
    ? { code: 'OUTPUT_NOT_YET', message: `"${id}" has not run before this`, hint: 'read it in a later phase, or in "finally"' }
    : undefined;
}

function hintFor(context: Context, step: StepView, target: StepView): string {
  if (target === step) return 'a step cannot read its own outputs; in "changedWhen" and "failedWhen" use result';
  if (isInRollback(target) && !isInRollback(step)) return 'it runs only in a rollback';
  if (target.siblings === step.siblings) return `add ${target.id} to its needs: needs: [${target.id}]`;
  const outermost = topOf(target);
  const own = topOf(step);
  if (outermost !== target && outermost.siblings === own.siblings && outermost !== own) return `add ${outermost.id} to the needs of "${own.id}"`;
  const phase = target.phase === undefined ? undefined : textOf(context.phases[target.phase] ?? {}, 'id');
  return phase === undefined ? 'read it after it has run' : `it runs in phase "${phase}"; move one of the two steps`;
}

function topOf(step: StepView): StepView {
  return step.owner ? topOf(step.owner) : step;
}

function environmentWords(context: Context, phase: number | undefined): Words {
  if (phase === undefined)
    return { code: 'NO_ENVIRONMENT', message: 'no phase is going on here, so there is no environment to read', hint: 'choose by inputs' };
  if (context.phases[phase]?.['environment'] !== undefined) return undefined;
  const id = textOf(context.phases[phase] ?? {}, 'id') ?? String(phase + 1);
  return { code: 'NO_ENVIRONMENT', message: `phase "${id}" has no environment to read`, hint: 'add environment: <name> to the phase' };
}
