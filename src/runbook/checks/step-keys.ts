import type { AnyKind } from '../../steps/index.ts';
import { isObject } from '../../core/index.ts';
import { isInRollback, type StepView } from '../walk/view.ts';
import { type Context, suggest } from './context.ts';

const HOST_KEYS = [
  'hosts',
  'serial',
  'throttle',
  'strategy',
  'order',
  'maxFailPercentage',
  'maxErrors',
  'anyErrorsFatal',
  'runOnce',
  'become',
  'changedWhen',
  'failedWhen',
  'creates',
  'unless',
] as const;

/** Which keys of a step go together. */
export function checkStepKeys(context: Context): void {
  const { defaults } = context.document;
  const hasDefaultHosts = isObject(defaults) && defaults['hosts'] !== undefined;
  for (const step of context.steps) {
    checkKind(context, step);
    checkHosts(context, step, hasDefaultHosts);
    checkCases(context, step);
    checkLoopKeys(context, step);
    checkUndo(context, step);
  }
}

function checkKind(context: Context, step: StepView): void {
  const { uses, run } = step.raw;
  if (uses === undefined && run === undefined) {
    context.report({
      code: 'MISSING_USES',
      path: step.path,
      message: 'the step says neither "uses" nor "run"',
      hint: 'add uses: <kind>, or run: <shell text> with hosts',
    });
  }
  if (uses !== undefined && run !== undefined) {
    context.report({
      code: 'RUN_AND_USES',
      path: [...step.path, 'run'],
      atKey: true,
      message: '"run" and "uses" cannot be in one step',
      hint: '"run" is short for uses: ssh.run; make two steps of it',
    });
  } else if (run !== undefined && isObject(step.raw['with']) && step.raw['with']['cmd'] !== undefined) {
    context.report({
      code: 'RUN_AND_CMD',
      path: [...step.path, 'with', 'cmd'],
      atKey: true,
      message: '"run" and "with.cmd" say the same thing twice',
      hint: 'keep one of them',
    });
  }
  if (typeof uses === 'string' && !step.kind) {
    const message = uses.includes('${{') ? '"uses" cannot be an expression' : `there is no kind of step "${uses}"`;
    const hint = uses.includes('${{')
      ? 'name the kind; use a step with uses: switch to choose between kinds'
      : suggest(uses, [...context.kinds.keys()], 'kind');
    context.report({ code: 'UNKNOWN_KIND', path: [...step.path, 'uses'], message, hint });
  }
}

function checkHosts(context: Context, step: StepView, hasDefaultHosts: boolean): void {
  const { kind, raw } = step;
  if (!kind) return;
  if (kind.target === 'hosts') {
    if (raw['hosts'] === undefined && !hasDefaultHosts) {
      const what = raw['run'] === undefined ? `"${step.uses}" runs on hosts` : '"run" runs on hosts';
      context.report({
        code: 'NO_HOSTS',
        path: step.path,
        message: `${what}, and the step names none`,
        hint: 'add hosts: <pattern>, or defaults.hosts for the whole runbook',
      });
    }
    return;
  }
  for (const key of HOST_KEYS) {
    if (raw[key] === undefined) continue;
    const path = [...step.path, key];
    context.report({
      code: 'HOST_KEY',
      path,
      atKey: true,
      message: `"${key}" has no meaning for "${step.uses}", which does not run on hosts`,
      hint: 'remove it, or use a kind that runs on hosts, such as ssh.run',
    });
  }
}

function checkCases(context: Context, step: StepView): void {
  const { raw, uses } = step;
  for (const key of ['cases', 'default'] as const) {
    if (raw[key] === undefined || uses === 'switch' || uses === '') continue;
    context.report({
      code: 'CASES_WITHOUT_SWITCH',
      path: [...step.path, key],
      atKey: true,
      message: `"${key}" belongs to a switch, and this step uses "${uses}"`,
      hint: 'write uses: switch with: {value: ${{ … }}}',
    });
  }
  if (uses === 'switch' && (!isObject(raw['cases']) || Object.keys(raw['cases']).length === 0)) {
    context.report({ code: 'SWITCH_WITHOUT_CASES', path: step.path, message: 'the switch has no cases', hint: 'add cases: {<value>: [steps]}' });
  }
}

function checkLoopKeys(context: Context, step: StepView): void {
  if (step.raw['foreach'] !== undefined) return;
  for (const key of ['maxParallel', 'failFast'] as const) {
    if (step.raw[key] === undefined) continue;
    context.report({
      code: 'FOREACH_KEY',
      path: [...step.path, key],
      atKey: true,
      message: `"${key}" has no meaning without "foreach"`,
      hint: 'remove it, or add foreach: <list>',
    });
  }
}

function checkUndo(context: Context, step: StepView): void {
  const { raw, kind } = step;
  if (raw['compensate'] !== undefined && isInRollback(step)) {
    context.report({
      code: 'NESTED_COMPENSATE',
      path: [...step.path, 'compensate'],
      atKey: true,
      message: `"${step.id}" runs in a rollback and cannot be rolled back itself`,
      hint: 'use "rescue" to handle its failure',
    });
  }
  if (raw['idempotency'] === 'probe' && kind && !canLook(kind)) {
    context.report({
      code: 'NO_PROBE',
      path: [...step.path, 'idempotency'],
      message: `"${step.uses}" cannot look whether it took effect, so "idempotency" cannot be "probe"`,
      hint: 'use safe when repeating is harmless, else manual',
    });
  }
}

/** Can it tell whether an attempt that was in flight took effect? */
function canLook(kind: AnyKind): boolean {
  if (kind.target === 'control') return false;
  return kind.target === 'hosts' ? kind.probeHost !== undefined : kind.probe !== undefined;
}
