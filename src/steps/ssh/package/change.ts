import { SlipwayError } from '../../../core/index.ts';
import type { HostContext } from '../../kind.ts';
import type { ExecResult } from '../../ports.ts';
import { type Call, callHost, refuseExit } from '../call.ts';
import type { Look } from '../preview.ts';
import { simulated, specOf, type Step } from './plan.ts';
import { CHANGE_SCRIPT, REFRESH_SCRIPT } from './scripts.ts';
import { linesOf, type Manager } from './state.ts';

const RETRY_MS = 3_000;
/** What apt and dpkg say, and the exit code dnf ends with, when somebody else is at work. Nothing was begun then. */
const LOCKED = /could not get lock|unable to (?:acquire|lock)|is another process using it|dpkg frontend lock/i;
const DNF_LOCKED_EXIT = 200;

export interface Manner {
  readonly manager: Manager;
  readonly action: 'install' | 'remove' | 'purge' | 'upgrade';
  readonly recommends: boolean | undefined;
  readonly allowDowngrade: boolean;
  /** Packages that were not named may go too. */
  readonly removeOthers: boolean;
  readonly lockTimeoutMs: number;
}

export function refreshLists(
  context: HostContext,
  { manager, lockTimeoutMs }: Pick<Manner, 'manager' | 'lockTimeoutMs'>,
  maxAgeMs: number,
): Promise<ExecResult> {
  const env = { SLIPWAY_MANAGER: manager, SLIPWAY_AGE: Math.floor(maxAgeMs / 1_000) };
  return whenUnlocked(context, { script: REFRESH_SCRIPT, env }, { what: 'fetching the lists of packages', lockTimeoutMs });
}

/**
 * Let the manager do it.
 *
 * @throws {SlipwayError} `PACKAGE_LOCKED` (nothing was begun), `SSH_EXIT` with what the manager says, and the codes of SSH.
 */
export async function changePackages(context: HostContext, steps: readonly Step[], manner: Manner): Promise<void> {
  // dnf makes a package newer by another verb than it installs one.
  const isNewer = (step: Step): boolean => manner.manager === 'dnf' && manner.action === 'install' && step.from !== undefined && !step.isExact;
  const newer = steps.filter(isNewer);
  if (newer.length > 0) await changeBy(context, newer, { ...manner, action: 'upgrade' });
  const others = steps.filter((step) => !isNewer(step));
  if (others.length > 0) await changeBy(context, others, manner);
}

function changeBy(context: HostContext, steps: readonly Step[], manner: Manner): Promise<ExecResult> {
  const what = `${manner.action} of ${steps.map(({ name }) => name).join(', ')}`;
  return whenUnlocked(context, callFor(steps, manner, false), { what, lockTimeoutMs: manner.lockTimeoutMs });
}

/** What else the manager would install and remove. Changes nothing and waits for no lock. */
export async function simulate(
  look: Look,
  steps: readonly Step[],
  manner: Manner,
): Promise<{ readonly installs: readonly string[]; readonly removes: readonly string[] }> {
  const { host, options, ports, runId, signal } = look;
  const result = await callHost({ host, options, ports, runId, signal }, callFor(steps, { ...manner, removeOthers: true }, true));
  if (manner.manager === 'dnf')
    return { installs: [], removes: result.exitCode === 0 ? [] : [`dependents (${result.stderr.trim().split('\n').slice(-1).join('')})`] };
  refuseExit(result, [0], { what: `a trial of ${manner.action}`, host: host.name });
  const { installs, removes } = simulated(result.stdout);
  const named = new Set(steps.map(({ name }) => name));
  const isOther = (name: string): boolean => !named.has(name) && !named.has(name.replace(/:[a-z0-9]+$/, ''));
  return { installs: installs.filter(isOther), removes: removes.filter((name) => isOther(name) || manner.action === 'install') };
}

function callFor(steps: readonly Step[], { manager, action, recommends, allowDowngrade, removeOthers }: Manner, isTrial: boolean): Call {
  return {
    script: CHANGE_SCRIPT,
    stdin: linesOf(steps.map((step) => specOf(step, manager))),
    env: {
      SLIPWAY_MANAGER: manager,
      SLIPWAY_ACTION: action,
      SLIPWAY_SIMULATE: isTrial ? 1 : '',
      SLIPWAY_DOWNGRADE: allowDowngrade ? 'yes' : '',
      SLIPWAY_OTHERS: removeOthers ? 'yes' : '',
      SLIPWAY_RECOMMENDS: recommends === undefined ? '' : recommends ? 'yes' : 'no',
    },
  };
}

async function whenUnlocked(
  context: HostContext,
  call: Call,
  { what, lockTimeoutMs }: { readonly what: string; readonly lockTimeoutMs: number },
): Promise<ExecResult> {
  const { clock } = context.ports;
  const began = clock.monotonic();
  for (;;) {
    const result = await callHost(context, call);
    const isLocked = result.exitCode === DNF_LOCKED_EXIT || (result.exitCode !== 0 && LOCKED.test(result.stderr));
    if (!isLocked) {
      refuseExit(result, [0], { what, host: context.host.name });
      return result;
    }
    if (clock.monotonic() - began + RETRY_MS > lockTimeoutMs) {
      throw new SlipwayError('PACKAGE_LOCKED', `another program holds the lock of packages on ${context.host.name} for longer than ${lockTimeoutMs} ms`, {
        retry: 'afterBackoff',
        hint: 'wait for it (unattended upgrades?), or raise lockTimeout',
      });
    }
    context.log(`${what}: another program holds the lock; waiting`);
    await clock.sleep(RETRY_MS, context.signal);
  }
}
