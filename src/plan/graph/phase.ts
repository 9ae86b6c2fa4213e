import { didYouMean } from '../../core/index.ts';
import type { ResolvedPhase, Watch } from '../../runbook/index.ts';
import type { PlanPhase, PlanWatch, WindowSpan } from '../types.ts';
import { findCycle, waves } from '../waves.ts';
import { openingsOf } from '../window/openings.ts';
import { type Build, type Place, report } from './build.ts';
import { select } from './hosts.ts';
import { withSources } from './metric-sources.ts';
import { addSteps } from './steps.ts';
import { addDualRun, addGates } from './sugar.ts';

const INTERVAL_MS = 15_000;
const WATCH_TIMEOUT_MS = 10_000;
const FAILURES = 2;

/** Add a phase's nodes and say how it runs. `earlier` holds the ids of steps of all phases before it. */
export function addPhase(build: Build, phase: ResolvedPhase, earlier: ReadonlySet<string>): PlanPhase {
  const index = build.runbook.runbook.phases.indexOf(phase);
  checkEnvironment(build, phase, index);
  const mutates = changesSomething(build, phase);
  const bare: Place = { phase, role: 'step', prefix: phase.id, gates: [], earlier };
  const gates = addGates(build, phase, bare, mutates);
  const place = { ...bare, gates };
  const steps = addSteps(build, phase.steps, place);
  const dualRun = addDualRun(build, phase, place, steps);
  addSteps(build, phase.finally, { ...bare, role: 'finally', owner: phase.id, prefix: `${phase.id}/finally` });
  checkPointOfNoReturn(build, phase, index);
  const paths = [...gates, ...steps, ...dualRun];
  const window = windowOf(build, phase, { index, mutates });
  return {
    id: phase.id,
    type: phase.type,
    ...(phase.environment === undefined ? {} : { environment: phase.environment }),
    ...(phase.if === undefined ? {} : { if: phase.if }),
    ...(phase.timeout === undefined ? {} : { timeoutMs: phase.timeout }),
    onOverrun: (phase.window ?? environmentOf(build, phase)?.window)?.onOverrun ?? 'finish',
    ...(window ? { window } : {}),
    watch: (phase.watch ?? []).map((watch, at) => watchOf(build, watch, { phase, path: `phases[${index}].watch[${at}]` })),
    nodes: paths,
    waves: wavesOf(build, paths, `phases[${index}].steps`),
  };
}

function wavesOf(build: Build, paths: readonly string[], at: string): readonly (readonly string[])[] {
  const nodes = paths.flatMap((path) => build.nodes.get(path) ?? []);
  const loop = findCycle(nodes);
  if (!loop) return waves(nodes);
  report(build, 'NEEDS_CYCLE', at, { message: `steps wait for each other: ${loop.join(' needs ')}`, hint: 'take one of these "needs" away' });
  return [];
}

function windowOf(
  build: Build,
  phase: ResolvedPhase,
  { index, mutates }: { readonly index: number; readonly mutates: boolean },
): readonly WindowSpan[] | undefined {
  const rule = phase.window ?? (mutates ? environmentOf(build, phase)?.window : undefined);
  if (!rule) return undefined;
  const spans = openingsOf(rule, build.calendars, build.now);
  if (!('message' in spans)) return spans;
  report(build, 'BAD_WINDOW', `phases[${index}].${phase.window ? 'window' : 'environment'}`, spans);
  return undefined;
}

function watchOf(build: Build, watch: Watch, { phase, path }: { readonly phase: ResolvedPhase; readonly path: string }): PlanWatch {
  const kind = build.kindOf(watch.uses);
  if (!kind || kind.target === 'control' || kind.mutates) {
    const message = kind ? `a watch cannot use "${watch.uses}", which is no check` : `there is no kind of step "${watch.uses}"`;
    report(build, 'BAD_WATCH', `${path}.uses`, { message, hint: 'use a check, for example check.http' });
  }
  const written = (watch.with ?? {}) as PlanWatch['with']; // JSON as it came from the file
  const names = watch.hosts === undefined ? undefined : select(build, watch.hosts, { sourcePath: path, order: 'inventory' });
  return {
    path: `${phase.id}/watch/${watch.id}`,
    uses: watch.uses,
    with: kind?.takesSources === true ? withSources(build, { with: written, sourcePath: path }, phase.environment) : written,
    ...(names && watch.hosts !== undefined
      ? { hosts: { pattern: watch.hosts, names, serial: [{ fraction: 1 }], strategy: 'linear' as const, anyErrorsFatal: false, runOnce: false } }
      : {}),
    intervalMs: watch.interval ?? INTERVAL_MS,
    initialDelayMs: watch.initialDelay ?? 0,
    timeoutMs: watch.timeout ?? WATCH_TIMEOUT_MS,
    failureLimit: watch.failureLimit ?? FAILURES,
  };
}

/** Approvals and windows of an environment guard phases that change something; looking is free. */
function changesSomething(build: Build, phase: ResolvedPhase): boolean {
  type Steps = ResolvedPhase['steps'];
  const any = (steps: Steps | undefined): boolean =>
    (steps ?? []).some(
      (step) =>
        build.kindOf(step.uses)?.mutates === true ||
        step.uses === 'runbook.call' ||
        any(step.rescue) ||
        any(step.finally) ||
        any(step.default) ||
        Object.values(step.cases ?? {}).some(any),
    );
  return any(phase.steps) || any(phase.finally);
}

function environmentOf(build: Build, phase: ResolvedPhase) {
  return phase.environment === undefined ? undefined : build.environments.get(phase.environment)?.environment;
}

function checkEnvironment(build: Build, phase: ResolvedPhase, index: number): void {
  const name = phase.environment;
  if (name === undefined || build.environments.has(name)) return;
  const near = didYouMean(name, build.environments.keys());
  const hint = near ? `did you mean "${near}"?` : 'add a file with kind: Environment';
  report(build, 'UNKNOWN_ENVIRONMENT', `phases[${index}].environment`, { message: `there is no environment "${name}"`, hint });
}

function checkPointOfNoReturn(build: Build, phase: ResolvedPhase, index: number): void {
  const id = phase.pointOfNoReturn;
  if (id === undefined || phase.steps.some((step) => step.id === id)) return;
  const hint = `steps of this phase: ${phase.steps.map((step) => step.id).join(', ') || 'none'}`;
  report(build, 'UNKNOWN_STEP', `phases[${index}].pointOfNoReturn`, { message: `"${id}" is no step of phase "${phase.id}"`, hint });
}
