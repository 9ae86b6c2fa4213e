import type { JsonObject } from '../../core/index.ts';
import type { Path } from '../path.ts';
import { checkApproval, checkWindow } from './rules.ts';
import { type Context, mapsIn, suggest, textOf } from './context.ts';
import { checkDualRun, checkExtend } from './dual-run.ts';

/** Rules about phases and SLAs that no single key shows. */
export function checkPhases(context: Context): void {
  for (const [index, phase] of context.phases.entries()) {
    const path: Path = ['phases', index];
    checkDualRun(context, phase, path);
    checkExtend(context, phase, path);
    checkEmpty(context, phase, path);
    checkNoReturn(context, phase, path);
    for (const [position, watch] of mapsIn(phase['watch'])) checkWatch(context, watch, [...path, 'watch', position]);
    checkApproval(phase['approval'], [...path, 'approval'], context.report);
    checkWindow(phase['window'], [...path, 'window'], context.report);
  }
  checkSla(context);
}

function checkEmpty(context: Context, phase: JsonObject, path: Path): void {
  const hasSomething = ['steps', 'with', 'analysis', 'approval', 'finally', 'after'].some((key) => phase[key] !== undefined);
  if (!hasSomething)
    context.report({ code: 'EMPTY_PHASE', severity: 'warning', path, message: 'the phase does nothing', hint: 'add steps, or remove the phase' });
}

function checkNoReturn(context: Context, phase: JsonObject, path: Path): void {
  const id = textOf(phase, 'pointOfNoReturn');
  if (id === undefined) return;
  const index = Number(path[1]);
  const own = context.steps.filter((step) => step.phase === index && step.role === 'step' && !step.owner).map((step) => step.id);
  if (own.includes(id)) return;
  const nested = context.steps.find((step) => step.id === id);
  const message = nested ? `"${id}" is not a step of this phase itself` : `"${id}" is no step`;
  context.report({ code: 'UNKNOWN_STEP', path: [...path, 'pointOfNoReturn'], message, hint: suggest(id, own, 'step') });
}

function checkWatch(context: Context, watch: JsonObject, path: Path): void {
  const uses = textOf(watch, 'uses');
  if (uses === undefined) return;
  const kind = context.kinds.get(uses);
  if (!kind) {
    const checks = [...context.kinds.values()].filter((each) => !each.mutates && each.target !== 'control').map((each) => each.uses);
    context.report({ code: 'UNKNOWN_KIND', path: [...path, 'uses'], message: `there is no kind of step "${uses}"`, hint: suggest(uses, checks, 'kind') });
    return;
  }
  if (kind.mutates || kind.target === 'control') {
    const why = kind.mutates ? 'it changes something' : 'it only waits';
    context.report({
      code: 'WATCH_MUTATES',
      path: [...path, 'uses'],
      message: `a watch cannot use "${uses}", because ${why}`,
      hint: 'use a check, for example check.http',
    });
  } else if (kind.target === 'hosts' && watch['hosts'] === undefined) {
    context.report({ code: 'NO_HOSTS', path, message: `"${uses}" runs on hosts, and the watch names none`, hint: 'add hosts: <pattern>' });
  } else if (kind.target !== 'hosts' && watch['hosts'] !== undefined) {
    context.report({
      code: 'HOST_KEY',
      path: [...path, 'hosts'],
      atKey: true,
      message: `"hosts" has no meaning for "${uses}", which does not run on hosts`,
      hint: 'remove it',
    });
  }
}

function checkSla(context: Context): void {
  const phases = context.phases.flatMap((phase) => textOf(phase, 'id') ?? []);
  for (const [index, sla] of mapsIn(context.document['sla'])) {
    const phase = textOf(sla, 'phase');
    if (phase === undefined || phases.includes(phase)) continue;
    context.report({ code: 'UNKNOWN_PHASE', path: ['sla', index, 'phase'], message: `there is no phase "${phase}"`, hint: suggest(phase, phases, 'phase') });
  }
}
