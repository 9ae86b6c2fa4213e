import type { JsonObject } from '../../core/index.ts';
import type { ResolvedStep } from '../../runbook/index.ts';
import type { AnyKind, Host } from '../../steps/index.ts';
import type { HostCount, HostRule, PlannedHost } from '../types.ts';
import { type Build, type HostOrder, type Place, report, resolve } from './build.ts';

/** How a step spreads over hosts; undefined for a step without hosts. Its hosts are noted in the graph. */
export function hostRuleOf(build: Build, step: ResolvedStep, kind: AnyKind, place: Place): HostRule | undefined {
  const written = step.hosts ?? (kind.target === 'hosts' ? build.runbook.runbook.defaults?.hosts : undefined);
  if (written === undefined) {
    if (kind.target === 'hosts')
      report(build, 'NO_HOSTS', step.sourcePath, {
        message: `"${step.id}" runs on hosts and names none`,
        hint: 'add "hosts", or "defaults.hosts" for the whole runbook',
      });
    return undefined;
  }
  const pattern = resolve(build, place.phase.environment, written);
  if (!pattern.known || typeof pattern.value !== 'string') {
    report(build, 'HOSTS_UNKNOWN', `${step.sourcePath}.hosts`, {
      message: `"${written}" is not known before the run`,
      hint: 'a plan names every host; choose hosts by inputs only',
    });
    return undefined;
  }
  return { pattern: pattern.value, names: select(build, pattern.value, step), ...spreadOf(step) };
}

/** Names of the hosts of a pattern, all noted in the graph; none, with a problem, when the pattern selects none. */
export function select(build: Build, pattern: string, step: Pick<ResolvedStep, 'order' | 'sourcePath'>): readonly string[] {
  const order: HostOrder = step.order ?? 'inventory';
  const found = build.select(pattern, order);
  const path = `${step.sourcePath}.hosts`;
  if ('message' in found) {
    report(build, 'BAD_HOSTS', path, found);
    return [];
  }
  if (found.hosts.length === 0) report(build, 'NO_HOSTS', path, { message: `"${pattern}" selects no host`, hint: 'check the groups of the inventory' });
  for (const host of found.hosts) note(build, host);
  return found.hosts.map(({ name }) => name);
}

/** Jump hosts are touched too. Credentials stay out. */
function note(build: Build, host: Host): void {
  if (build.hosts.has(host.name)) return;
  const { login: _login, jump, ...rest } = host;
  const planned: PlannedHost = { ...rest, jump: jump.map(({ name }) => name) };
  build.hosts.set(host.name, planned);
  for (const each of jump) note(build, each);
}

function spreadOf(step: ResolvedStep): Omit<HostRule, 'pattern' | 'names'> {
  const serial = step.serial === undefined ? [{ fraction: 1 }] : Array.isArray(step.serial) ? step.serial : [step.serial];
  const { throttle, maxFailPercentage, maxErrors, changedWhen, failedWhen, creates, unless } = step;
  const optional = { throttle, maxFailPercentage, maxErrors, become: becomeOf(step.become), changedWhen, failedWhen, creates, unless };
  return {
    serial: serial satisfies readonly HostCount[],
    strategy: step.strategy ?? 'linear',
    anyErrorsFatal: step.anyErrorsFatal ?? false,
    runOnce: step.runOnce ?? false,
    ...withoutUnset(optional),
  };
}

type SetMembers<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
function withoutUnset<T extends object>(value: T): SetMembers<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as SetMembers<T>; // exactly the members that are set
}

/** A password is an expression that names a secret: still text here. Anything else would be a secret in a plan. */
function becomeOf(become: ResolvedStep['become']): JsonObject | undefined {
  if (become === undefined) return undefined;
  const { user, method, password } = become;
  if (password !== undefined && typeof password !== 'string') throw new TypeError('a secret was about to enter a plan');
  return withoutUnset({ user, method, password });
}
