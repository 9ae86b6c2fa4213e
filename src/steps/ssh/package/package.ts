import { z } from 'zod';
import { SlipwayError } from '../../../core/index.ts';
import { Duration } from '../../fields.ts';
import { defineStep, type HostCheck, type HostContext, type HostOutcome } from '../../kind.ts';
import { type Look, previewHosts } from '../preview.ts';
import { probeByCheck } from '../probe.ts';
import { changePackages, type Manner, refreshLists, simulate } from './change.ts';
import { planPackages, type Step, wordsOf } from './plan.ts';
import { packageState, type PackageState } from './state.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9+._-]*(?::[a-z0-9]+)?$/;
const Name = z.string().max(200).regex(NAME, { error: 'not the name of a package' });
const Version = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*$/, { error: 'not a version' });

const Package = z
  .strictObject({
    packages: z
      .array(z.union([Name, z.strictObject({ name: Name, version: Version.optional().meta({ description: 'exactly this one, as the host writes it' }) })]))
      .min(1)
      .max(500),
    state: z.enum(['present', 'absent', 'latest']).default('present'),
    manager: z.enum(['auto', 'apt', 'dnf']).default('auto'),
    refresh: Duration.optional().meta({ description: 'fetch the lists of packages first when they are older than this' }),
    recommends: z.boolean().optional().meta({ description: 'also install what packages recommend; as the host is configured when absent' }),
    purge: z.boolean().default(false).meta({ description: 'with absent: configuration too (apt)' }),
    allowDowngrade: z.boolean().default(false),
    removeOthers: z.boolean().default(false).meta({ description: 'packages that are not named may be removed with them; else the step is refused' }),
    lockTimeout: Duration.default(120_000).meta({ description: 'longest wait for another program that changes packages' }),
  })
  .refine(({ state, packages }) => state === 'present' || packages.every((each) => typeof each === 'string' || each.version === undefined), {
    error: 'a version goes with state: present only',
    path: ['packages'],
  });
type Package = z.output<typeof Package>;

/** See to packages with apt or dnf. Fails with `UNSUPPORTED_PLATFORM`, `PACKAGE_*`, `SSH_EXIT`, or the codes of SSH. */
export const sshPackage = defineStep({
  uses: 'ssh.package',
  summary: 'see to packages of hosts with apt or dnf',
  with: Package,
  outputs: z.strictObject({
    manager: z.string(),
    refreshed: z.boolean(),
    changes: z.array(z.strictObject({ name: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  }),
  example: { packages: ['nginx', { name: 'postgresql', version: '15+248' }], refresh: '1h' },
  mutates: true,
  describe: ({ packages, state }) =>
    `have ${state === 'absent' ? 'no ' : state === 'latest' ? 'the latest ' : ''}${wishOf(packages)
      .map(({ name, version }) => (version === undefined ? name : `${name} ${version}`))
      .join(', ')}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: (input, context) => execute(input, context),
  probeHost: (input, context) => probeByCheck(() => check(input, context, { isTrial: false }), { manager: input.manager, refreshed: false, changes: [] }),
  preview: (input, context) => previewHosts(context, (look) => check(input, look, { isTrial: true })),
});

function wishOf(packages: Package['packages']): readonly { readonly name: string; readonly version?: string | undefined }[] {
  return packages.map((each) => (typeof each === 'string' ? { name: each } : each));
}

function stateOf(input: Package, look: Look, isOffline: boolean): Promise<PackageState> {
  const names = [...new Set(wishOf(input.packages).map(({ name }) => name))];
  return packageState(look, { manager: input.manager, names, isOffline });
}

async function execute(input: Package, context: HostContext): Promise<HostOutcome> {
  const { refresh, lockTimeout } = input;
  let before = await stateOf(input, context, false);
  const { manager } = before;
  const isRefreshed = refresh !== undefined && (manager === 'dnf' || before.listsAge * 1_000 > refresh);
  if (isRefreshed) {
    await refreshLists(context, { manager, lockTimeoutMs: lockTimeout }, refresh);
    before = await stateOf(input, context, false);
  }
  const steps = planPackages({ ...input, packages: wishOf(input.packages) }, before, context.host.name);
  if (steps.length === 0) return outcomeOf(manager, isRefreshed, []);
  const manner = mannerOf(input, manager);
  await refuseOthers(steps, manner, context);
  await changePackages(context, steps, manner);
  return outcomeOf(manager, isRefreshed, await verified(input, { steps, manner }, context));
}

function mannerOf({ state, purge, recommends, allowDowngrade, removeOthers, lockTimeout }: Package, manager: Manner['manager']): Manner {
  const action = state !== 'absent' ? 'install' : purge ? 'purge' : 'remove';
  return { manager, action, recommends, allowDowngrade, removeOthers, lockTimeoutMs: lockTimeout };
}

async function refuseOthers(steps: readonly Step[], manner: Manner, context: Look): Promise<void> {
  if (manner.removeOthers) return;
  const { removes } = await simulate(context, steps, manner);
  if (removes.length === 0) return;
  throw new SlipwayError(
    'PACKAGE_REMOVES',
    `${manner.action} of ${steps.map(({ name }) => name).join(', ')} would also remove ${removes.join(', ')} on ${context.host.name}`,
    {
      hint: 'name them too, or allow it with removeOthers: true',
    },
  );
}

/** What really changed, by a second look; the manager's good exit code is not enough. */
async function verified(
  input: Package,
  { steps, manner }: { readonly steps: readonly Step[]; readonly manner: Manner },
  context: HostContext,
): Promise<readonly Step[]> {
  const wish = { ...input, packages: wishOf(input.packages) };
  const after = await stateOf(input, context, true);
  const left = planPackages(wish, after, context.host.name);
  if (left.length > 0) {
    throw new SlipwayError(
      'PACKAGE_NOT_DONE',
      `${manner.manager} ended well on ${context.host.name}, and yet there is to do: ${left.map(wordsOf).join('; ')}`,
      { hint: 'look at what it says: slipway logs' },
    );
  }
  const versionOf = (name: string): string | undefined => after.packages.find((each) => each.name === name)?.installed;
  return steps.map((step) => ({ ...step, to: versionOf(step.name) })).filter(({ from, to }) => from !== to);
}

function outcomeOf(manager: string, refreshed: boolean, steps: readonly Step[]): HostOutcome {
  const changes = steps.map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null }));
  const summary = steps.length === 0 ? 'packages are as wanted' : steps.map(wordsOf).join(', ');
  return { status: steps.length === 0 ? 'ok' : 'changed', outputs: { manager, refreshed, changes }, summary };
}

async function check(input: Package, look: Look, { isTrial }: { readonly isTrial: boolean }): Promise<Omit<HostCheck, 'host'>> {
  const state = await stateOf(input, look, true);
  const steps = planPackages({ ...input, packages: wishOf(input.packages) }, state, look.host.name);
  if (steps.length === 0) return { verdict: 'ok' };
  const manner = mannerOf(input, state.manager);
  const { installs, removes } = isTrial ? await simulate(look, steps, manner) : { installs: [], removes: [] };
  const notes = [
    ...installs.map((name) => `  + ${name} (needed)`),
    ...removes.map((name) => `  - ${name} (${input.removeOthers ? 'in the way' : 'in the way: the step will be refused'})`),
    ...(input.refresh !== undefined && state.listsAge * 1_000 > input.refresh ? ['  by lists that will be fetched anew first'] : []),
  ];
  return { verdict: 'wouldChange', detail: [...steps.map(wordsOf), ...notes].join('\n') };
}
