import { isArray } from '../../core/index.ts';
import { findLoop } from '../walk/order.ts';
import type { StepView } from '../walk/view.ts';
import { type Context, suggest, textOf } from './context.ts';

/** `needs` names steps of the same list, and nothing waits for itself. */
export function checkNeeds(context: Context): void {
  const byId = new Map(context.steps.map((step) => [step.id, step]));
  for (const step of context.steps) {
    const { needs } = step.raw;
    if (needs === undefined || !isArray(needs)) continue;
    for (const [index, need] of needs.entries()) {
      if (typeof need === 'string') checkNeed(context, step, { need, index, target: byId.get(need) });
    }
  }
  for (const siblings of new Set(context.steps.map((step) => step.siblings))) reportLoop(context, siblings);
}

function checkNeed(
  context: Context,
  step: StepView,
  { need, index, target }: { readonly need: string; readonly index: number; readonly target: StepView | undefined },
): void {
  if (step.siblings.some((sibling) => sibling.id === need)) return;
  const path = [...step.path, 'needs', index];
  if (!target) {
    const known = step.siblings.filter((sibling) => sibling !== step).map(({ id }) => id);
    context.report({ code: 'UNKNOWN_NEED', path, message: `"${step.id}" needs "${need}", which is no step`, hint: suggest(need, known, 'step') });
    return;
  }
  context.report({
    code: 'NEED_ELSEWHERE',
    path,
    message: `"${step.id}" needs "${need}", which is ${whereIs(context, target)}`,
    hint: adviceFor(step, target),
  });
}

function whereIs(context: Context, target: StepView): string {
  if (target.owner) return `nested in "${target.owner.id}"`;
  if (target.phase === undefined) return 'a step of the rollback';
  const phase = textOf(context.phases[target.phase] ?? {}, 'id') ?? String(target.phase + 1);
  return target.role === 'finally' ? `in "finally" of phase "${phase}"` : `in phase "${phase}"`;
}

function adviceFor(step: StepView, target: StepView): string {
  if (target.owner && target.owner !== step) return `need "${target.owner.id}" instead; it is done when the steps nested in it are done`;
  if (step.phase !== undefined && target.phase !== undefined && target.phase < step.phase)
    return 'remove it; phases run in order, so all earlier phases have ended when this one starts';
  if (step.phase !== undefined && target.phase !== undefined && target.phase > step.phase)
    return 'move one of them; phases run in order, so a later phase can never come first';
  return 'needs can name only steps of the same list';
}

function reportLoop(context: Context, siblings: readonly StepView[]): void {
  const loop = findLoop(siblings);
  const [first, second] = loop ?? [];
  if (!loop || !first || !second) return;
  const implied = loop.slice(0, -1).find((step) => step.raw['needs'] === undefined);
  const index = isArray(first.raw['needs'] ?? null) ? (first.raw['needs'] as readonly unknown[]).indexOf(second.id) : -1;
  const hint = implied ? `"${implied.id}" says no needs and so waits for the step before it; give it needs: [] to start at once` : 'remove one of these needs';
  const path = index < 0 ? first.path : [...first.path, 'needs', index];
  const message = loop.length === 2 ? `"${first.id}" needs itself` : `steps wait for each other: ${loop.map(({ id }) => id).join(' → ')}`;
  context.report({ code: 'NEEDS_LOOP', path, message, hint });
}
